/* Paints a Table (app/figures/evidence_table.py) as rows of fixed height and reports the row that is chosen. */

const SIGNS = { alpha: "α keeps it", measured: "measured best", leads: "leads, not told apart", you: "you", link: "from a link", truth: "truly best" };
const GROUPS = { radio: "radiogroup", checkbox: "group", button: "group", row: "grid" };
const CHOSEN = { radio: "aria-checked", checkbox: "aria-checked", button: "aria-current", row: "aria-selected" };

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
  const head = element("div", host, { class: "row head" });
  const body = element("div", host, { class: "body" });
  const view = { host, head, body, current: 0 };
  body.addEventListener("click", (event) => {
    const row = event.target.closest(".row");
    if (!row) return;
    row.focus({ preventScroll: true });
    view.choose(row.dataset.id);
  });
  body.addEventListener("focusin", (event) => {
    view.current = Math.max(0, [...body.children].indexOf(event.target.closest(".row")));
    rove([...body.children], view.current);
  });
  body.addEventListener("keydown", (event) => onRowKey(view, event));
  return view;
}

// Events

function onRowKey(view, event) {
  const row = view.table.rows[view.current];
  act(event, {
    ...walk([...view.body.children], view.current),
    " ": () => event.repeat || view.choose(row.id),
    Enter: () => event.repeat || (row.chosen && view.table.takes ? view.take() : view.choose(row.id)),
  });
}

function onKey(view, event) {
  if (hasModifier(event) || event.repeat || event.defaultPrevented) return;
  const target = event.composedPath()[0];
  if (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName) && !/^(radio|checkbox|button)$/.test(target.type)) return;
  const id = view.table.keys[event.key.toLowerCase()];
  if (id !== undefined) view.choose(id);
}

// Painting

function paint(view) {
  const { table, head, body, host } = view;
  host.style.setProperty("--wide", table.columns.map((column) => column.width).join(" "));
  host.style.setProperty("--narrow", table.narrow);
  const isTable = table.role === "row";
  set(isTable ? host : body, { role: GROUPS[table.role], "aria-label": table.label });
  set(head, isTable ? { role: "row" } : { "aria-hidden": true });
  if (isTable) set(body, { role: "rowgroup" });
  patch(head, table.columns, (cell, column) => {
    set(cell, { class: `cell ${column.align}`, ...(isTable && { role: "columnheader" }) });
    write(cell, column.head);
  });
  patch(body, table.rows, (row, data) => paintRow(view, row, data));
  const chosen = table.rows.findIndex((row) => row.chosen);
  if (chosen >= 0 && ![...body.children].some((row) => row.matches(":focus"))) view.current = chosen;
  view.current = Math.max(0, Math.min(view.current, table.rows.length - 1));
  rove([...body.children], view.current);
}

function paintRow({ table }, node, row) {
  set(node, {
    class: classes("row", row.chosen && "chosen", row.quiet && "quiet"),
    role: table.role,
    "data-id": row.id,
    "aria-label": row.label,
  });
  set(node, { [CHOSEN[table.role]]: row.chosen });
  patch(node, row.cells, (cell, data, index) => {
    const column = table.columns[index];
    if (cell.dataset.kind !== data.kind) {
      cell.replaceChildren();
      cell.parts = {};
    }
    set(cell, { class: `cell ${data.kind} ${column.align}`, "data-kind": data.kind });
    set(cell, table.role === "row" ? { role: index ? "gridcell" : "rowheader" } : { "aria-hidden": true });
    cell.style.setProperty("--area", column.narrow);
    if (data.light) cell.style.setProperty("--colour", themed(data));
    if (data.ink_light) cell.style.setProperty("--ink", inked(data));
    PAINT[data.kind](cell, data);
  });
}

const PAINT = {
  choice() {},
  hatch() {},
  text(cell, { text, strong, tone }) {
    const words = span(cell, "words");
    set(words, { class: classes("words", strong && "strong", tone) });
    write(words, text);
  },
  chip(cell, { code, words, strong }) {
    const pill = span(cell, "pill");
    set(pill, { "aria-hidden": Boolean(words) }); // they say it, too
    pill.hidden = !code;
    pill.textContent = code;
    const name = span(cell, "words");
    set(name, { class: classes("words", strong && "strong") });
    write(name, words);
  },
  bar(cell, { share, text, mark }) {
    paintMark(span(cell, "mark"), mark);
    const track = span(cell, "track");
    span(track, "fill").style.width = percent(share);
    span(cell, "value").textContent = text;
  },
  drop(cell, data) {
    const track = span(cell, "track");
    const fill = span(track, "fill");
    set(fill, { class: classes("fill", data.preliminary ? "preliminary" : PATTERNS[data.pattern]) });
    fill.style.left = percent(data.from);
    fill.style.width = percent(data.to - data.from);
    span(track, "zero").style.left = percent(data.zero);
    const whisker = span(track, "whisker");
    const [low, high] = data.whisker;
    whisker.hidden = low === undefined;
    if (low !== undefined) {
      whisker.style.left = percent(low);
      whisker.style.width = percent(high - low);
    }
    const value = span(cell, "value");
    set(value, { class: classes("value", data.mark === "measured" && "strong") });
    value.textContent = data.text;
    paintMark(span(cell, "mark"), data.mark);
  },
  ticks(cell, { places, middle }) {
    const track = span(cell, "track");
    patch(span(track, "all"), places, (tick, [place, strength]) => {
      set(tick, { class: "tick" });
      tick.style.left = percent(place);
      tick.style.opacity = strength;
    });
    span(track, "middle").style.left = percent(middle);
  },
  marks(cell, { marks }) {
    patch(cell, marks, paintMark);
  },
  twig(cell, data) {
    const track = span(cell, "track");
    const line = span(track, "branch");
    line.style.left = percent(data.from);
    line.style.width = percent(data.to - data.from);
    const stem = span(track, "stem");
    stem.hidden = !data.up;
    stem.style.left = percent(data.from);
    stem.style.setProperty("--up", data.up);
  },
  path(cell, { points }) {
    const svg = kept(cell, "svg");
    set(svg, { viewBox: "0 0 60 20", preserveAspectRatio: "none" });
    const places = points.map(([x, y]) => [3 + 54 * x, 4 + 12 * y]);
    set(kept(svg, "polyline"), { points: places.map((place) => place.join(",")).join(" ") });
    patch(kept(svg, "g"), places, (dot, [cx, cy], index) => {
      set(dot, { cx, cy, r: 2.6, class: index === places.length - 1 ? "last" : "" });
    }, "circle");
  },
};

const PATTERNS = { "/": "slash", "\\": "back", ".": "dots", "+": "plus", x: "cross", "-": "minus", "|": "bars" };

function paintMark(node, mark) {
  set(node, { class: classes("mark", mark) });
  node.title = SIGNS[mark] ?? "";
}

function span(parent, part) {
  return kept(parent, "span", part);
}

function percent(share) {
  return `${(100 * share).toFixed(2)}%`;
}
