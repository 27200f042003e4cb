/* Figures in a page: drawn in the layout that fits their element, and anew when its width changes.
   The layouts come with each figure, as tuner/figures/layouts.py has worked them out. */
(function (root) {
  "use strict";

  // No button sends anything anywhere: by default plotly has one that posts a figure's data.
  const QUIET = { displaylogo: false, responsive: true, showSendToCloud: false, plotlyServerURL: "" };
  const extras = []; // what else happens to figures that are drawn: functions of the element

  const steps = (key) => key.replace(/\[(\d+)\]/g, ".$1").split(".");
  const same = (one, other) => JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

  function valueAt(layout, key) {
    return steps(key).reduce((place, step) => (place == null ? place : place[step]), layout);
  }

  /* Return the layout that fits, as its name and what it changes; what somebody else has changed
     since, such as a title, stays as it is. */
  function fitting(layout, width) {
    const offered = (layout.meta && layout.meta.layouts) || [];
    const ems = width / layout.template.layout.font.size;
    const found = offered.find((each) => each.below === null || ems < each.below);
    if (!found || !(width > 0)) return null; // or not shown yet
    const patch = {};
    for (const [key, value] of Object.entries(found.patch)) {
      const now = valueAt(layout, key);
      if (offered.some((each) => same(each.patch[key], now))) patch[key] = value;
    }
    return { size: found.size, patch };
  }

  function withPatch(layout, patch) {
    const copy = structuredClone(layout);
    for (const [key, value] of Object.entries(patch)) {
      const path = steps(key);
      const last = path.pop();
      let place = copy;
      for (const step of path) place = place[step] = place[step] || {};
      place[last] = value;
    }
    return copy;
  }

  // Lay a figure out anew. Plotly cannot turn a colour bar in a figure whose margins change, so one
  // that has a bar is drawn again; in others a height of its own would end the fit to the width.
  function layOut(element, patch, options) {
    if (Object.keys(patch).some((key) => key.startsWith("coloraxis"))) {
      root.Plotly.newPlot(element, element.data, withPatch(element.layout, patch), options);
    } else {
      root.Plotly.relayout(element, { ...structuredClone(patch), autosize: true });
    }
  }

  function follow(element, size, options) {
    let shown = size;
    let due = 0;
    const watcher = new ResizeObserver(() => {
      cancelAnimationFrame(due);
      due = requestAnimationFrame(() => {
        if (!element.layout || !element.isConnected) return;
        const fits = fitting(element.layout, element.clientWidth);
        if (fits && fits.size !== shown) {
          shown = fits.size;
          layOut(element, fits.patch, options);
          element.dispatchEvent(new CustomEvent("tuner-layout", { detail: shown }));
        }
      });
    });
    watcher.observe(element);
  }

  async function draw(element, figure, config) {
    const fits = fitting(figure.layout, element.clientWidth);
    const layout = fits ? withPatch(figure.layout, fits.patch) : figure.layout;
    const bar = fits && fits.size === "narrow" ? { displayModeBar: false } : {};
    const options = { ...QUIET, ...bar, ...config };
    await root.Plotly.newPlot(element, figure.data, layout, options);
    const size = fits ? fits.size : "wide";
    follow(element, size, options);
    for (const extra of extras) await extra(element, size);
    return element;
  }

  root.tunerFigures = { draw, fitting, extras };
})(window);
