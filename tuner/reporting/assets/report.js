// What a report does by itself: figures as they come into view, tables, the theme, print.
"use strict";
(() => {
  const root = document.documentElement;
  const byId = (id) => document.getElementById(id);
  const dataOf = (id) => JSON.parse(byId(id).textContent);
  const make = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  // Themes ------------------------------------------------------------------------------------

  const DARK = "(prefers-color-scheme: dark)";
  const systemIsDark = matchMedia(DARK);
  const systemChanges = matchMedia(DARK); // apart: one that was read since does not tell
  const theme = () => root.dataset.theme || (systemIsDark.matches ? "dark" : "light");
  const templates = dataOf("templates");
  const drawn = new Set();
  const ready = new Set(); // of those, which plotly has finished
  const change = async (plot, changes) => {
    try {
      await Plotly.relayout(plot, changes);
    } catch (error) {
      if (ready.has(plot)) reportError(error); // else it is put right as soon as it is
    }
  };
  // Changes all figures that are drawn; one that fails costs no other.
  const relayout = (changes) => {
    for (const plot of drawn) change(plot, changes);
  };

  const button = byId("theme");
  const showTheme = () => {
    const dark = theme() === "dark";
    button.textContent = dark ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to the ${dark ? "light" : "dark"} theme`);
    button.setAttribute("aria-pressed", String(dark));
    relayout({ template: templates[theme()] });
  };
  button.hidden = false;
  button.addEventListener("click", () => {
    root.dataset.theme = theme() === "dark" ? "light" : "dark";
    try {
      localStorage.setItem("tuner-theme", root.dataset.theme);
    } catch { /* not kept, then */ }
    showTheme();
  });
  systemChanges.addEventListener("change", showTheme);
  showTheme();

  // What is packed into the page: gzip, as Base64 ----------------------------------------------

  const texts = new Map(); // unpacked, by the block's id; several figures may share one

  const unpack = async (id) => {
    if (!texts.has(id)) texts.set(id, await tunerPacked.unpack(byId(id).textContent));
    return texts.get(id);
  };

  // Figures -----------------------------------------------------------------------------------

  const CONFIG = { modeBarButtonsToRemove: ["select2d", "lasso2d"] };

  const plots = [...document.querySelectorAll(".plot")];
  let printing = false;

  // Draws a figure whose data are unpacked.
  const draw = (plot) => {
    if (drawn.has(plot)) return;
    drawn.add(plot);
    const { data, layout } = JSON.parse(texts.get(plot.dataset.pack));
    const look = () => (printing ? "light" : theme());
    const now = look();
    layout.template = templates[now];
    plot.style.minHeight = "";
    tunerFigures.draw(plot, { data, layout }, CONFIG).then(() => {
      ready.add(plot);
      if (look() !== now) change(plot, { template: templates[look()] });
      root.dataset.drawn = ready.size;
    }).catch(reportError);
  };

  // Draws a figure, and lets the browser paint it before the next one.
  const drawInTurn = async (plot) => {
    await unpack(plot.dataset.pack);
    draw(plot);
    await new Promise((painted) => setTimeout(painted));
  };

  const watchForView = () => {
    let queue = Promise.resolve();
    const seen = new IntersectionObserver((entries) => {
      for (const { target, isIntersecting } of entries) {
        if (!isIntersecting) continue;
        seen.unobserve(target);
        queue = queue.then(() => drawInTurn(target)).catch(reportError);
      }
    }, { rootMargin: "100% 0px" });
    for (const plot of plots) seen.observe(plot);
  };

  const showFigures = async () => {
    await tunerPacked.load("plotly");
    watchForView();
    // The rest comes into view later, or is printed, which waits for nothing.
    for (const plot of plots) await unpack(plot.dataset.pack);
    root.dataset.unpacked = "";
  };

  if (plots.length > 0) {
    showFigures().catch((error) => {
      for (const plot of plots) plot.textContent = `Figures cannot be drawn here: ${error.message}`;
      throw error;
    });
  }

  // Print: all of it, in the light theme, as wide as a page, and no figure taller than one.
  const { PAGE_PX, TALL_PX } = tunerPrint;
  const shows = []; // each shows a long table anew, with more rows for print
  const opened = new Set();
  addEventListener("beforeprint", () => {
    printing = true;
    for (const fold of document.querySelectorAll("main details:not([open])")) {
      if (fold.querySelector("pre") !== null) continue; // tracebacks stay folded
      fold.open = true;
      opened.add(fold);
    }
    for (const show of shows) show();
    tunerPrint.fit();
    if (!("Plotly" in window)) return;
    for (const plot of plots) plot.style.width = `${PAGE_PX}px`;
    for (const plot of plots) if (texts.has(plot.dataset.pack)) draw(plot);
    relayout({ template: templates.light, width: PAGE_PX });
    for (const plot of drawn) plot.style.zoom = Math.min(1, TALL_PX / plot.layout.height) || "";
  });
  addEventListener("afterprint", () => {
    printing = false;
    for (const fold of opened) fold.open = false;
    opened.clear();
    tunerPrint.unfit();
    for (const show of shows) show();
    for (const plot of plots) plot.style.width = plot.style.zoom = "";
    relayout({ template: templates[theme()], width: null, autosize: true });
  });

  // Tables ------------------------------------------------------------------------------------

  const UNITS = { d: 86400, h: 3600, m: 60, s: 1 };
  const DURATION = /^(\d+[dhms] ?)+$/;

  // What a text counts as among others: a duration, a number, or itself.
  const weight = (text) => {
    if (DURATION.test(text)) {
      return [...text.matchAll(/(\d+)([dhms])/g)].reduce((sum, [, n, unit]) => sum + n * UNITS[unit], 0);
    }
    const number = Number(text.replace(/[,%]/g, ""));
    return text === "" || Number.isNaN(number) ? text : number;
  };

  const absent = (value) => value === null || value === "" || value === "-";
  const compared = (one, other) => {
    const numbers = typeof one === "number" && typeof other === "number";
    return numbers ? one - other : String(one).localeCompare(String(other), "en", { numeric: true });
  };

  // Sorts what `of` gives for each item; what is absent comes last either way.
  const sorted = (items, of, direction) =>
    items.map((item) => [of(item), item]).sort(([one], [other]) => {
      if (absent(one) || absent(other)) return absent(one) - absent(other);
      return direction * compared(one, other);
    }).map(([, item]) => item);

  // Gives headings buttons; `sort(column, direction)` is called with 1 or -1.
  const sortable = (heads, sort) => {
    heads.forEach((head, column) => {
      const label = make("button", { type: "button" }, ...head.childNodes);
      label.addEventListener("click", () => {
        const direction = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
        for (const each of heads) each.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", direction > 0 ? "ascending" : "descending");
        sort(column, direction);
      });
      head.replaceChildren(label);
    });
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    const body = table.tBodies[0];
    sortable([...table.tHead.rows[0].cells], (column, direction) => {
      const of = (row) => weight(row.cells[column].textContent);
      body.append(...sorted([...body.rows], of, direction));
    });
  }

  const ROWS = 25; // on a page of a long table: more would make every page slow
  const PRINTED_ROWS = 250; // of it, on paper

  const shown = (value) => {
    if (typeof value !== "number") return value ?? "";
    return value !== 0 && Math.abs(value) < 1e-4 ? value.toExponential() : String(value);
  };

  // Names break where their words end.
  const breakable = (name) =>
    name.split(/(?<=[_/])/).flatMap((part, at) => (at === 0 ? [part] : [make("wbr"), part]));

  const records = async (box) => {
    const { columns, rows } = JSON.parse(await unpack(box.dataset.pack));
    texts.delete(box.dataset.pack);
    const caption = box.dataset.caption;
    let found = rows, ordered = rows, first = 0, lower = null;

    const search = make("input", { type: "search", placeholder: "Search", "aria-label": `Search in ${caption}` });
    const back = make("button", { type: "button" }, "Back");
    const next = make("button", { type: "button" }, "Next");
    const status = make("output");
    const heads = columns.map((column) => make("th", { scope: "col", class: column.numeric ? "number" : "" }, ...breakable(column.name)));
    const body = make("tbody");
    const table = make("table", {}, make("caption", { class: "unseen" }, caption), make("thead", {}, make("tr", {}, ...heads)), body);
    const scroll = make("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption }, table);

    const show = () => {
      const part = found.slice(first, first + (printing ? PRINTED_ROWS : ROWS));
      body.replaceChildren(...part.map((row) => make("tr", {}, ...row.map((value, at) =>
        make("td", { class: columns[at].numeric ? "number" : "" }, shown(value))))));
      const of = found.length === rows.length ? "" : ` (of ${rows.length.toLocaleString("en")})`;
      status.textContent = found.length === 0 ? "nothing found"
        : `${first + 1} to ${first + part.length} of ${found.length.toLocaleString("en")}${of}`;
      back.disabled = first === 0;
      next.disabled = first + ROWS >= found.length;
    };
    shows.push(show);
    const sift = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      lower ??= new Map(rows.map((row) => [row, row.map(shown).join(" ").toLowerCase()]));
      found = words.length === 0 ? ordered
        : ordered.filter((row) => words.every((word) => lower.get(row).includes(word)));
      first = 0;
      show();
    };

    search.addEventListener("input", sift);
    back.addEventListener("click", () => { first = Math.max(0, first - ROWS); show(); });
    next.addEventListener("click", () => { first += ROWS; show(); });
    sortable(heads, (column, direction) => {
      ordered = sorted(rows, (row) => row[column], direction);
      sift();
    });
    const tools = make("div", { class: "tools" }, search, back, next, status);
    box.replaceChildren(...(rows.length > ROWS ? [tools, scroll] : [scroll]));
    show();
  };
  for (const box of document.querySelectorAll(".records")) records(box);

  // Contents ----------------------------------------------------------------------------------

  if (matchMedia("(max-width: 60rem)").matches) byId("contents").open = false;
})();
