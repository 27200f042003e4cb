// Tables fitted to paper: on screen they scroll, in print they become smaller.
"use strict";
const tunerPrint = (() => {
  const PAGE_PX = 680; // the width of Letter and A4 within their margins
  const ACROSS_PX = 940; // that of a page which lies on its side
  const TALL_PX = 860; // the height of a page that leaves room for a figure's caption
  const SMALLISH = 0.8; // of its size, a table whose texts take several lines
  const SMALL = 0.6; // one whose numbers do not fit; beyond, its page is laid on its side
  const SMALLEST = 0.45; // beyond, its numbers break

  const tables = () => document.querySelectorAll(".scroll table");

  // Makes a table as small as it takes for no number to break.
  const fitTable = (table) => {
    table.classList.add("printed");
    const wanted = table.offsetWidth;
    table.classList.add("narrowest");
    const narrowest = table.offsetWidth;
    table.classList.remove("narrowest");
    const across = PAGE_PX / narrowest < SMALL && CSS.supports("page", "across");
    const fits = (across ? ACROSS_PX : PAGE_PX) / narrowest;
    const pleases = Math.max(SMALLISH, PAGE_PX / wanted);
    table.style.zoom = Math.max(SMALLEST, Math.min(1, fits, pleases));
    table.classList.toggle("tight", fits < SMALLEST);
    if (!across) return;
    // With its heading, which would stay behind; but no figure.
    const section = table.closest("section");
    (section.querySelector(".plot") ? table.closest(".scroll") : section).classList.add("across");
  };

  // Keeps the footer on the last page, also on one that lies on its side.
  const fitFooter = () => {
    const footer = document.querySelector("footer");
    for (let last = footer.previousElementSibling; last !== null; last = last.lastElementChild) {
      if (last.classList.contains("across")) footer.classList.add("across");
    }
  };

  const fit = () => {
    for (const table of tables()) fitTable(table);
    fitFooter();
  };
  const unfit = () => {
    for (const table of tables()) {
      table.style.zoom = "";
      table.classList.remove("printed", "tight");
    }
    for (const each of document.querySelectorAll(".across")) each.classList.remove("across");
  };
  return { PAGE_PX, TALL_PX, fit, unfit };
})();
