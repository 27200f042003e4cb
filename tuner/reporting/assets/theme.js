// Before anything is painted: the theme that was chosen here before, if any.
try {
  const chosen = localStorage.getItem("tuner-theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
} catch { /* a browser that stores nothing follows the system */ }
