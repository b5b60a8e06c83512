// Pages without Alpine follow the theme that staff chose, else the system's.
(() => {
  let chosen = "auto";
  try {
    chosen = JSON.parse(localStorage.getItem("adminTheme")) || "auto";
  } catch {
    // no storage, or nothing readable in it
  }
  const dark = chosen === "dark" || (chosen === "auto" && matchMedia("(prefers-color-scheme: dark)").matches);
  document.documentElement.classList.toggle("dark", dark);
})();
