// A decision's page opens as a dialog over the release; without this script the link simply leads to the page.
(() => {
  const ask = async (link) => {
    const answer = await fetch(link.href, { credentials: "same-origin" });
    if (!answer.ok || answer.redirected) throw new Error(answer.status);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const form = page.getElementById("confirm");
    if (!form) throw new Error("no form");
    const dialog = document.createElement("dialog");
    dialog.className = "e e-dialog";
    dialog.setAttribute("aria-labelledby", "confirm-title");
    dialog.append(document.adoptNode(form));
    dialog.addEventListener("close", () => { dialog.remove(); link.focus(); });
    dialog.addEventListener("click", (event) => {
      if (!event.target.closest("[data-close]")) return;
      event.preventDefault();
      dialog.close();
    });
    document.body.append(dialog);
    dialog.showModal();
    dialog.querySelector("[data-close]").focus();
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-confirm]");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    ask(link).catch(() => { location.href = link.href; });
  });
})();
