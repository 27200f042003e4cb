// A page that follows what still runs: it loads itself again, and stays where it was.
"use strict";
(() => {
  const { at, every_s } = JSON.parse(document.getElementById("live-clock").textContent);
  const mark = document.getElementById("live");
  const told = mark.textContent;
  const root = document.documentElement;
  const QUIET_MS = 1500; // without a touch, before the page is taken from under the fingers
  const SOON_S = 60;

  // What is kept is part of this entry of the history, which a reload leaves as it is: that works
  // in a file as well, and in browsers that store nothing.
  const folds = () => [...document.querySelectorAll("details")];
  const nameOf = (fold) =>
    `${fold.closest("section")?.getAttribute("aria-labelledby") ?? ""}|${fold.id}|${fold.querySelector("summary")?.textContent ?? ""}`;
  const headings = () => [...document.querySelectorAll("main [id]:is(h2, h3, h4, h5, h6)")];

  const keep = () => {
    // The heading at the top, since what is above may grow.
    const above = headings().filter((each) => each.getBoundingClientRect().top <= 8).at(-1);
    const state = {
      anchor: above?.id ?? null,
      offset: above === undefined ? scrollY : above.getBoundingClientRect().top,
      theme: root.dataset.theme ?? null,
      folds: folds().map((fold) => [nameOf(fold), fold.open]),
    };
    history.replaceState({ ...history.state, tuner: state }, "");
  };

  const restore = (state) => {
    const open = new Map(state.folds);
    for (const fold of folds()) {
      if (open.has(nameOf(fold))) fold.open = open.get(nameOf(fold));
    }
    if (state.theme !== null && root.dataset.theme !== state.theme) document.getElementById("theme").click();
    place(state);
    // Figures above may turn out higher than the room that was left for them.
    let touched = false;
    for (const kind of ["wheel", "touchstart", "keydown", "pointerdown"]) {
      addEventListener(kind, () => { touched = true; }, { once: true, passive: true });
    }
    const settle = new ResizeObserver(() => { if (!touched) place(state); });
    settle.observe(document.querySelector("main"));
    setTimeout(() => settle.disconnect(), QUIET_MS);
  };

  const place = ({ anchor, offset }) => {
    const heading = anchor === null ? null : document.getElementById(anchor);
    const top = heading === null ? 0 : heading.getBoundingClientRect().top + scrollY;
    scrollTo({ top: heading === null ? offset : top - offset, behavior: "instant" });
  };

  // When to load again ------------------------------------------------------------------------

  let lastTouch = -Infinity;
  for (const kind of ["wheel", "touchmove", "keydown", "pointerdown", "pointermove", "scroll"]) {
    addEventListener(kind, () => { lastTouch = performance.now(); }, { passive: true });
  }
  const busy = () =>
    document.hidden ||
    performance.now() - lastTouch < QUIET_MS ||
    document.activeElement?.matches("input, textarea, select") ||
    !(getSelection()?.isCollapsed ?? true) ||
    matchMedia("print").matches;

  const age_s = () => Math.max(0, Date.now() / 1000 - at);
  const pause_s = Math.min(Math.max(every_s, age_s() / 10), Math.max(every_s, SOON_S));
  const opened = performance.now();
  const words = (seconds) =>
    seconds < 120 ? `${Math.round(seconds)} s` : seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`;

  const look = () => {
    if (age_s() > SOON_S) mark.textContent = `${told}: nothing new for ${words(age_s())}`;
    if (performance.now() - opened >= pause_s * 1000 && !busy()) {
      keep();
      location.reload();
    }
  };

  history.scrollRestoration = "manual";
  // For somebody who reloads: as a page is left, nothing can be kept any more.
  let keeping;
  const keepSoon = () => {
    clearTimeout(keeping);
    keeping = setTimeout(keep, 200);
  };
  for (const kind of ["scroll", "click", "toggle"]) {
    addEventListener(kind, keepSoon, { passive: true, capture: true });
  }
  if (history.state?.tuner) restore(history.state.tuner);
  setInterval(look, 250);
})();
