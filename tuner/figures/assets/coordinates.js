/* Parallel coordinates in a page: a brush per axis keeps the trials that pass it, an axis is moved
   by its name, the trial at the pointer stands out, and on a phone the axes lie. */
(function (root) {
  "use strict";

  const CLICK_PX = 4; // what moves less is a click: it takes the axis's brush away
  const NARROW_PX = 74; // of a lying axis

  function read(element) {
    const count = element.layout.meta.coordinates.axes;
    const traces = element._fullData.map((trace, at) => {
      const role = trace.meta && trace.meta.role;
      const heights = Array.from(trace.y || []);
      const lines = [];
      if (role === "lines") {
        const texts = Array.from(trace.text || []);
        for (let start = 0; start < heights.length; start += count + 1) {
          lines.push({
            heights: heights.slice(start, start + count),
            texts: texts.slice(start, start + count),
          });
        }
      }
      return { at, role, lines };
    });
    const labels = (element.layout.annotations || []).map((each) => ({ ...each }));
    const { xaxis, yaxis, height } = element.layout;
    return {
      count, traces, labels, height,
      range: { x: [...xaxis.range], y: [...yaxis.range] },
      order: Array.from({ length: count }, (_, axis) => axis),
      brushes: new Map(),
      lying: false,
      grasped: 0, // the place of the axis at which the pointer went down
    };
  }

  const passes = (state, line) =>
    [...state.brushes].every(([axis, [low, high]]) => {
      const height = line.heights[axis];
      return height >= low && height <= high;
    });

  /* Return the coordinates of lines with gaps between them, as the axes are ordered and lie. */
  function pathOf(state, lines) {
    const along = [], across = [], text = [];
    for (const line of lines) {
      state.order.forEach((axis, place) => {
        across.push(state.lying ? -place : place);
        along.push(line.heights[axis]);
        text.push(axis === state.count - 1 ? line.texts[axis] : line.texts[0]);
      });
      across.push(null); along.push(null); text.push("");
    }
    return state.lying ? { x: along, y: across, text } : { x: across, y: along, text };
  }

  function axesPath(state) {
    const rails = state.order.map(() => ({ ends: [0, 1] }));
    const across = rails.flatMap((_, place) => {
      const at = state.lying ? -place : place;
      return [at, at, null];
    });
    const along = rails.flatMap(() => [0, 1, null]);
    return state.lying ? { x: along, y: across } : { x: across, y: along };
  }

  function labelOf(state, label) {
    const place = state.order.indexOf(label.x);
    if (!state.lying) return { ...label, x: place };
    const beside = { ...label, y: -place, xshift: 0, textangle: 0 };
    if (label.name === "title") {
      const text = label.text.replace(/<br>/g, " ").replace("▲", "▶");
      return { ...beside, x: 0, xanchor: "left", yanchor: "bottom", yshift: 4, text };
    }
    return { ...beside, x: label.y, xanchor: "center", yanchor: "top", yshift: -2 };
  }

  function brushOf(state, [axis, [low, high]]) {
    const place = state.order.indexOf(axis);
    const across = state.lying ? [-place - 0.07, -place + 0.07] : [place - 0.09, place + 0.09];
    const [x, y] = state.lying ? [[low, high], across] : [across, [low, high]];
    return {
      type: "rect", x0: x[0], x1: x[1], y0: y[0], y1: y[1], layer: "below",
      fillcolor: "rgba(213,94,0,0.25)", line: { color: "#D55E00", width: 1.5 },
    };
  }

  function tally(state, [kept, all]) {
    if (!state.brushes.size) return [];
    return [{
      text: `${kept} of ${all} trials pass; double-click to clear`, xref: "paper", yref: "paper",
      x: 1, y: 0, xanchor: "right", yanchor: "bottom", showarrow: false,
    }];
  }

  function layoutOf(state, kept) {
    const { x, y } = state.range;
    const lying = [-state.count + 0.45, 0.55];
    return {
      annotations: [...state.labels.map((label) => labelOf(state, label)), ...tally(state, kept)],
      shapes: [...state.brushes].map((brush) => brushOf(state, brush)),
      selections: [],
      "xaxis.range": state.lying ? [y[0], 1.06] : x,
      "yaxis.range": state.lying ? lying : y,
      height: state.lying ? NARROW_PX * state.count + 170 : state.height,
    };
  }

  function draw(element, state) {
    const every = state.traces.flatMap((trace) => trace.lines);
    const update = { x: [], y: [], text: [] };
    for (const trace of state.traces) {
      let path;
      if (trace.role === "axes") path = { ...axesPath(state), text: null };
      else if (trace.role === "context") {
        path = pathOf(state, every.filter((line) => !passes(state, line)));
      } else path = pathOf(state, trace.lines.filter((line) => passes(state, line)));
      update.x.push(path.x); update.y.push(path.y); update.text.push(path.text);
    }
    const all = state.traces.map((trace) => trace.at);
    pick(element, state, null);
    const kept = new Set(every.filter((line) => passes(state, line)).map((line) => line.texts[0]));
    element.dataset.kept = kept.size; // the best trial has two lines
    const ids = new Set(every.map((line) => line.texts[0]));
    return root.Plotly.update(element, update, layoutOf(state, [kept.size, ids.size]), all);
  }

  /* Draw a line over all others, or none. Plotly is not asked: it would draw everything anew, and
     tell of the pointer again. */
  function pick(element, state, line) {
    element.querySelectorAll("path.tuner-picked").forEach((path) => path.remove());
    const layer = element.querySelector(".cartesianlayer .plot");
    if (!line || !layer) return;
    const { xaxis, yaxis, font } = element._fullLayout;
    const { x, y } = pathOf(state, [line]);
    const points = x.slice(0, -1).map((each, at) => `${xaxis.l2p(each)} ${yaxis.l2p(y[at])}`);
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    path.setAttribute("class", "tuner-picked");
    path.setAttribute("d", `M${points.join("L")}`);
    path.style.cssText = `fill: none; stroke: ${font.color}; stroke-width: 2.5; pointer-events: none`;
    layer.append(path);
  }

  function lineAt(state, point) {
    const trace = state.traces[point.curveNumber];
    if (!trace || trace.role !== "lines") return null;
    const kept = trace.lines.filter((line) => passes(state, line));
    return kept[Math.floor(point.pointNumber / (state.count + 1))] || null;
  }

  /* Note the axis that is nearest to where the pointer went down. */
  function grasp(element, state, event) {
    const { xaxis, yaxis } = element._fullLayout;
    const box = element.getBoundingClientRect();
    const place = state.lying
      ? -yaxis.p2l(event.clientY - box.top - yaxis._offset)
      : xaxis.p2l(event.clientX - box.left - xaxis._offset);
    state.grasped = Math.min(Math.max(Math.round(place), 0), state.count - 1);
  }

  /* Take the length of a box that was drawn as the brush of the axis that was grasped. */
  function brush(state, range) {
    const along = [...(state.lying ? range.x : range.y)].sort((a, b) => a - b);
    state.brushes.set(state.order[state.grasped], along);
  }

  function awaitClick(state, down, redraw) {
    const axis = state.order[state.grasped];
    addEventListener("pointerup", (up) => {
      const moved = Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY);
      if (moved < CLICK_PX && state.brushes.delete(axis)) redraw();
    }, { once: true });
  }

  /* Let titles be dragged: where one is let go, its axis is put. */
  function letMove(element, state, redraw) {
    element.addEventListener("pointerdown", (down) => {
      grasp(element, state, down);
      const label = down.target.closest && down.target.closest("g.annotation");
      const index = label ? Number(label.dataset.index) : -1;
      if (!(index >= 0 && index < state.count)) { // the titles come first
        awaitClick(state, down, redraw);
        return;
      }
      down.preventDefault();
      down.stopPropagation();
      const from = state.order.indexOf(index);
      const [start, axis] = state.lying
        ? [down.clientY, element._fullLayout.yaxis] : [down.clientX, element._fullLayout.xaxis];
      const step = axis._length / Math.abs(axis.range[1] - axis.range[0]);
      const follow = (move) => {
        const by = (state.lying ? move.clientY : move.clientX) - start;
        label.style.transform = state.lying ? `translateY(${by}px)` : `translateX(${by}px)`;
      };
      const letGo = (up) => {
        removeEventListener("pointermove", follow);
        const by = (state.lying ? up.clientY : up.clientX) - start;
        const to = Math.min(Math.max(from + Math.round(by / step), 0), state.count - 1);
        label.style.transform = "";
        state.order.splice(to, 0, ...state.order.splice(from, 1));
        redraw();
      };
      addEventListener("pointermove", follow);
      addEventListener("pointerup", letGo, { once: true });
    }, { capture: true });
  }

  function enliven(element, size) {
    if (!element.layout.meta || !element.layout.meta.coordinates) return null;
    const state = read(element);
    let drawn = Promise.resolve();
    const redraw = () => (drawn = drawn.then(() => draw(element, state)));
    const lie = (shown) => {
      const lying = shown === "narrow";
      if (lying === state.lying) return null;
      state.lying = lying;
      return redraw();
    };
    element.on("plotly_selected", (event) => {
      if (!event || !event.range) return;
      brush(state, event.range);
      redraw();
    });
    element.on("plotly_deselect", () => { state.brushes.clear(); redraw(); });
    element.on("plotly_doubleclick", () => { state.brushes.clear(); redraw(); });
    element.on("plotly_hover", (event) => pick(element, state, lineAt(state, event.points[0])));
    element.on("plotly_unhover", () => pick(element, state, null));
    element.addEventListener("tuner-layout", (event) => lie(event.detail));
    letMove(element, state, redraw);
    return lie(size);
  }

  root.tunerFigures.extras.push(enliven);
})(window);
