// A browser leaves autofocus out where something else had the focus while the page still loaded; what is safe comes first.
document.querySelector("[autofocus]")?.focus();
