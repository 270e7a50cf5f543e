/* Paints a Table (app/figures/evidence_table.py) as rows of fixed height and reports the row that is chosen.

   Rows and the parts of their cells are created once and patched afterwards, so keyboard focus and CSS transitions
   survive a rerun. Data reaches the page only through attributes, styles and text nodes. */

const SIGNS = { alpha: "α keeps it", measured: "measured best", leads: "leads, not told apart", you: "you", link: "from a link", truth: "truly best" };

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".evidence-table");
  const view = (host.view ??= createView(host));
  view.table = data;
  view.choose = (id) => setTriggerValue("chosen", id);
  view.take = () => setTriggerValue("taken", true);
  paint(view);
  const press = (event) => onKey(view, event);
  document.addEventListener("keydown", press);
  return () => document.removeEventListener("keydown", press);
}

function createView(host) {
  const head = element("div", host, "row head");
  head.setAttribute("aria-hidden", "true");
  const body = element("div", host, "body");
  const view = { host, head, body, current: 0 };
  body.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    row.focus({ preventScroll: true });
    view.choose(row.dataset.id);
  });
  body.addEventListener("focusin", (event) => {
    view.current = Math.max(0, [...body.children].indexOf(event.target.closest(".row")));
    rove(view);
  });
  body.addEventListener("keydown", (event) => onRowKey(view, event));
  return view;
}

// Events

function onRowKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const last = view.table.rows.length - 1;
  const row = view.table.rows[view.current];
  const steps = {
    ArrowDown: () => move(view, Math.min(view.current + 1, last)),
    ArrowUp: () => move(view, Math.max(view.current - 1, 0)),
    Home: () => move(view, 0),
    End: () => move(view, last),
    " ": () => event.repeat || view.choose(row.id),
    Enter: () => event.repeat || (row.chosen && view.table.takes ? view.take() : view.choose(row.id)),
  };
  if (!(event.key in steps)) return;
  // The page's own shortcuts must not act on the same key.
  event.stopPropagation();
  event.preventDefault();
  steps[event.key]();
}

function onKey(view, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.defaultPrevented) return;
  const target = event.composedPath()[0];
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(radio|checkbox|button)$/.test(target.type)) return;
  const id = view.table.keys[event.key.toLowerCase()];
  if (id !== undefined) view.choose(id);
}

function move(view, index) {
  view.body.children[index].focus();
}

function rove(view) {
  [...view.body.children].forEach((row, index) => set(row, { tabindex: index === view.current ? 0 : -1 }));
}

// Painting

function paint(view) {
  const { table, head, body, host } = view;
  host.style.setProperty("--wide", table.columns.map((column) => column.width).join(" "));
  host.style.setProperty("--narrow", table.narrow);
  patch(head, table.columns, (cell, column) => {
    set(cell, { class: `cell ${column.align}` });
    write(cell, column.head);
  });
  set(body, { role: table.role === "radio" ? "radiogroup" : "group", "aria-label": table.label });
  patch(body, table.rows, (row, data) => paintRow(view, row, data));
  const chosen = table.rows.findIndex((row) => row.chosen);
  if (chosen >= 0 && ![...body.children].some((row) => row.matches(":focus"))) view.current = chosen;
  view.current = Math.max(0, Math.min(view.current, table.rows.length - 1));
  rove(view);
}

function paintRow({ table }, node, row) {
  set(node, {
    class: classes("row", row.chosen && "chosen", row.quiet && "quiet"),
    role: table.role,
    "data-id": row.id,
    "aria-label": row.label,
  });
  set(node, table.role === "button" ? { "aria-current": row.chosen } : { "aria-checked": row.chosen });
  patch(node, row.cells, (cell, data, index) => {
    const column = table.columns[index];
    if (cell.dataset.kind !== data.kind) {
      cell.replaceChildren();
      cell.parts = {};
    }
    set(cell, { class: `cell ${data.kind} ${column.align}`, "data-kind": data.kind, "aria-hidden": "true" });
    cell.style.setProperty("--area", column.narrow);
    if (data.light) cell.style.setProperty("--colour", `light-dark(${data.light}, ${data.dark})`);
    if (data.ink_light) cell.style.setProperty("--ink", `light-dark(${data.ink_light}, ${data.ink_dark})`);
    PAINT[data.kind](cell, data);
  });
}

const PAINT = {
  choice() {},
  hatch() {},
  text(cell, { text, strong, tone }) {
    const words = kept(cell, "words");
    set(words, { class: classes("words", strong && "strong", tone) });
    write(words, text);
  },
  chip(cell, { code, words, strong }) {
    const pill = kept(cell, "pill");
    pill.hidden = !code;
    pill.textContent = code;
    const name = kept(cell, "words");
    set(name, { class: classes("words", strong && "strong") });
    write(name, words);
  },
  bar(cell, { share, text, mark }) {
    paintMark(kept(cell, "mark"), mark);
    const track = kept(cell, "track");
    kept(track, "fill").style.width = percent(share);
    kept(cell, "value").textContent = text;
  },
  drop(cell, data) {
    const track = kept(cell, "track");
    const fill = kept(track, "fill");
    set(fill, { class: classes("fill", data.preliminary ? "preliminary" : PATTERNS[data.pattern]) });
    fill.style.left = percent(data.from);
    fill.style.width = percent(data.to - data.from);
    kept(track, "zero").style.left = percent(data.zero);
    const whisker = kept(track, "whisker");
    const [low, high] = data.whisker;
    whisker.hidden = low === undefined;
    if (low !== undefined) {
      whisker.style.left = percent(low);
      whisker.style.width = percent(high - low);
    }
    const value = kept(cell, "value");
    set(value, { class: classes("value", data.mark === "measured" && "strong") });
    value.textContent = data.text;
    paintMark(kept(cell, "mark"), data.mark);
  },
  ticks(cell, { places, middle }) {
    const track = kept(cell, "track");
    patch(kept(track, "all"), places, (tick, [place, strength]) => {
      set(tick, { class: "tick" });
      tick.style.left = percent(place);
      tick.style.opacity = strength;
    });
    kept(track, "middle").style.left = percent(middle);
  },
  marks(cell, { marks }) {
    patch(cell, marks, paintMark);
  },
  path(cell, { points }) {
    const svg = kept(cell, "svg", "svg");
    set(svg, { viewBox: "0 0 60 20", preserveAspectRatio: "none" });
    const places = points.map(([x, y]) => [3 + 54 * x, 4 + 12 * y]);
    set(kept(svg, "line", "polyline"), { points: places.map((place) => place.join(",")).join(" ") });
    patch(kept(svg, "dots", "g"), places, (dot, [cx, cy], index) => {
      set(dot, { cx, cy, r: 2.6, class: index === places.length - 1 ? "last" : "" });
    }, "circle");
  },
};

const PATTERNS = { "/": "slash", "\\": "back", ".": "dots", "+": "plus", x: "cross", "-": "minus", "|": "bars" };

function paintMark(node, mark) {
  set(node, { class: classes("mark", mark) });
  node.title = SIGNS[mark] ?? "";
}

// DOM

function element(tag, parent, name = "") {
  const isDrawing = ["svg", "polyline", "g", "circle"].includes(tag);
  const node = isDrawing ? document.createElementNS("http://www.w3.org/2000/svg", tag) : document.createElement(tag);
  if (name) node.setAttribute("class", name);
  return parent.appendChild(node);
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

function classes(...names) {
  return names.filter(Boolean).join(" ");
}

function percent(share) {
  return `${(100 * share).toFixed(2)}%`;
}

/* The child that plays this part, created the first time. */
function kept(parent, part, tag = "span") {
  parent.parts ??= {};
  return (parent.parts[part] ??= element(tag, parent, part));
}

/* One child for each item, in order: existing ones are painted again, missing ones created, surplus ones removed. */
function patch(parent, items, paintChild, tag = "div") {
  while (parent.childNodes.length > items.length) parent.lastChild.remove();
  items.forEach((item, index) => paintChild(parent.childNodes[index] ?? element(tag, parent), item, index));
}

/* Text with real subscripts for names such as "c_{k-2}". */
function write(node, text) {
  if (node.written === text) return;
  node.written = text;
  node.replaceChildren();
  text.split(/_\{(.*?)\}/).forEach((piece, index) => {
    if (!piece) return;
    element(index % 2 ? "sub" : "span", node).textContent = piece;
  });
}
