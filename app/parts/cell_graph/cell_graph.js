/* Paints a Graph (app/figures/cell_graph.py) as SVG and reports the edge that is chosen. */

const HATCH = [2, 7, 12, 16].map((x) => `M${x} 6l7 -12`).join("");
const CLEARED = "";
const HOT = "cell-graph-hot";

export default function ({ data, parentElement, setTriggerValue }) {
  const host = parentElement.querySelector(".cell-graph");
  host.view ??= createView(host);
  host.view.choose = (id) => setTriggerValue("edge", id);
  host.view.graph = data;
  paint(host.view);
  const observer = new ResizeObserver(() => pickLayout(host.view) !== host.view.layout && paint(host.view));
  observer.observe(host);
  const follow = ({ detail }) => detail.host !== host && heat(host.view, indexIn(host.view, detail.edge));
  document.addEventListener(HOT, follow);
  return () => {
    observer.disconnect();
    document.removeEventListener(HOT, follow);
  };
}

function createView(host) {
  const svg = element("svg", host, { class: "cell", role: "group", tabindex: -1 });
  const layer = (name) => element("g", svg, { class: name });
  const view = { host, svg, hot: null, current: 0 };
  for (const name of ["concat", "edges", "nodes", "pills"]) view[name] = layer(name);
  for (const name of ["concat", "edges", "nodes"]) view[name].setAttribute("aria-hidden", "true");
  view.tip = element("g", svg, { class: "tip", "aria-hidden": "true" });
  view.tipBox = element("rect", view.tip, { rx: 6 });
  view.tipText = element("text", view.tip);
  listen(view);
  return view;
}

// Events

function listen(view) {
  const { svg } = view;
  const indexOf = (target) => {
    const found = target.closest("[data-index]");
    return found ? Number(found.dataset.index) : null;
  };
  const clear = () => view.graph.edges.some((edge) => edge.focused) && view.choose(CLEARED);
  svg.addEventListener("pointerover", (event) => point(view, indexOf(event.target)));
  svg.addEventListener("pointerleave", () => point(view, keyboardEdge(view)));
  svg.addEventListener("focusin", () => {
    view.current = keyboardEdge(view, ":focus") ?? view.current;
    rove(view.buttons, view.current);
    point(view, keyboardEdge(view));
  });
  svg.addEventListener("focusout", () => point(view, null));
  svg.addEventListener("click", (event) => {
    const index = indexOf(event.target);
    if (index === null) return clear();
    view.buttons[index].focus({ preventScroll: true });
    view.choose(view.graph.edges[index].id);
  });
  svg.addEventListener("keydown", (event) => {
    const choose = () => event.repeat || view.choose(view.graph.edges[view.current].id);
    act(event, { ...walk(view.buttons, view.current), Enter: choose, " ": choose, Escape: clear });
  });
}

function keyboardEdge(view, state = ":focus-visible") {
  const index = view.buttons.findIndex((node) => node.matches(state));
  return index < 0 ? null : index;
}

/* Of the page's graphs, each heats the edge that the pointer or the keyboard is on in one of them. */
function point(view, index) {
  heat(view, index);
  const edge = index === null ? null : view.graph.edges[index].id;
  document.dispatchEvent(new CustomEvent(HOT, { detail: { host: view.host, edge } }));
}

function indexIn(view, id) {
  const index = view.graph.edges.findIndex((edge) => edge.id === id);
  return index < 0 ? null : index;
}

/* The edge under the pointer or the keyboard: the others fade, its strands open, its tooltip shows. */
function heat(view, index) {
  view.hot = index;
  view.svg.classList.toggle("heated", index !== null);
  const keyed = keyboardEdge(view);
  for (const layer of [view.edges, view.pills]) {
    [...layer.children].forEach((node, number) => {
      node.classList.toggle("hot", number === index);
      node.classList.toggle("keyed", number === keyed);
    });
  }
  paintTip(view);
}

// Painting

function paint(view) {
  const { graph, svg } = view;
  const layout = (view.layout = pickLayout(view));
  set(svg, { viewBox: `0 0 ${layout.width} ${layout.height}`, "aria-label": `${graph.title}: ${graph.edges.length} edges` });
  svg.style.maxWidth = `${layout.width * 1.3}px`;
  patch(view.concat, layout.concat, (node, line) => {
    set(kept(node, "path"), { d: line });
  });
  patch(view.edges, graph.edges, (node, edge, index) => paintEdge(view, node, edge, index));
  patch(view.nodes, graph.nodes, (node, mark, index) => paintNode(node, mark, layout, index));
  patch(view.pills, graph.edges, (node, edge, index) => paintPill(view, node, edge, index));
  // A pill is its edge's button: pills never overlap, so each can be hit and is drawn above all lines.
  view.buttons = [...view.pills.children];
  view.current = Math.min(view.current, graph.edges.length - 1);
  const chosen = graph.edges.findIndex((edge) => edge.focused);
  if (chosen >= 0 && keyboardEdge(view, ":focus") === null) view.current = chosen;
  rove(view.buttons, view.current);
  heat(view, view.hot !== null && view.hot < graph.edges.length ? view.hot : null);
}

/* The widest layout that fits, so that text is never drawn smaller than it was designed. */
function pickLayout(view) {
  const width = view.host.clientWidth;
  const { layouts } = view.graph;
  return layouts.findLast((layout) => layout.width <= width) ?? layouts[0];
}

function paintEdge({ graph, layout }, node, edge, index) {
  const line = layout.edges[index];
  const [band, middle] = edge.band;
  const colourOf = { decided: edge.operation, agree: edge.alpha, unmeasured: edge.alpha }[edge.state];
  set(node, {
    class: classes("edge", edge.state, edge.focused && "focused", edge.dimmed && "dimmed", edge.open && "open",
      edge.strands.length && "bundle", edge.operation === "none" && "nothing"),
    "data-line": edge.id,
    "data-index": index,
  });
  node.style.setProperty("--bundle", `${Math.max(band, 5)}px`);
  set(kept(node, "path", "hit"), { d: line.path });
  set(kept(node, "path", "halo"), { d: beside(line, middle) });
  set(kept(node, "path", "gap"), { d: beside(line, middle) });
  const stroke = kept(node, "path", "line");
  set(stroke, { d: line.path });
  stroke.style.stroke = colourOf ? themed(graph.operations[colourOf]) : "";
  patch(kept(node, "g", "strands"), edge.strands, (strandNode, strand) => {
    const path = kept(strandNode, "path", "strand");
    const look = graph.operations[strand.operation];
    set(path, { d: beside(line, strand.offset), "data-operation": strand.operation });
    path.classList.toggle("faded", strand.dimmed);
    path.style.stroke = themed(look);
    path.style.strokeWidth = `${strand.width}px`;
  });
}

function paintNode(node, mark, layout, index) {
  const [x, y, width, height] = layout.nodes[index];
  set(node, { class: classes("node", mark.focused && "focused") });
  set(kept(node, "rect"), { x: x - width / 2, y: y - height / 2, width, height, rx: 9 });
  const text = kept(node, "text");
  set(text, { x, y: y + 4.5 });
  write(text, layout.short ? mark.short : mark.name);
}

function paintPill({ graph, layout }, node, edge, index) {
  const halves = edge.operation ? [edge.operation] : [edge.alpha, edge.measured];
  const ring = edge.quarters ? 14 : 0;
  const width = halves.length * 27 + 4 + (edge.glyph ? 14 : 0) + ring;
  const [x, y] = layout.pills[index];
  set(node, {
    class: classes("pill", edge.state, edge.focused && "focused", edge.dimmed && "dimmed"),
    role: "button",
    "data-edge": edge.id,
    "data-index": index,
    "aria-label": edge.label,
    "aria-pressed": edge.focused,
    transform: `translate(${x} ${y})`,
  });
  set(kept(node, "rect", "frame"), { x: -width / 2, y: -11.5, width, height: 23, rx: 11.5 });
  patch(kept(node, "g", "halves"), halves, (half, name, place) => {
    const look = graph.operations[name];
    const only = halves.length === 1;
    set(half, { transform: `translate(${3 - width / 2 + place * 27} 0)`, class: classes("half", !look && "missing") });
    const shape = kept(half, "path", "chip");
    set(shape, { d: chip(only || place === 0, only || place === 1) });
    shape.style.fill = look ? themed(look) : "";
    set(kept(half, "path", "hatch"), { d: look ? "" : HATCH });
    const code = kept(half, "text");
    set(code, { x: 12.5, y: 4.3 });
    code.style.fill = look ? inked(look) : "";
    code.textContent = look ? look.code : "";
  });
  const glyph = kept(node, "text", "glyph");
  set(glyph, { x: width / 2 - 10 - ring, y: 5 });
  glyph.textContent = edge.glyph;
  const circle = { cx: width / 2 - 10, cy: 0, r: ring ? 4.5 : 0, pathLength: 4 };
  set(kept(node, "circle", "images-left"), circle);
  set(kept(node, "circle", "images-used"), {
    ...circle,
    "stroke-dasharray": `${edge.quarters} 4`,
    transform: `rotate(-90 ${width / 2 - 10} 0)`,
  });
}

function paintTip(view) {
  const { tip, tipBox, tipText, layout } = view;
  tip.classList.toggle("shown", view.hot !== null);
  if (view.hot === null) return;
  const { lines } = view.graph.edges[view.hot];
  const [x, y] = layout.pills[view.hot];
  patch(tipText, lines, (row, line, index) => {
    set(row, { x: 0, y: 16 + 17 * index, class: index === 0 ? "head" : "" });
    write(row, line);
  }, "tspan");
  const box = tipText.getBBox();
  const [width, height] = [box.width + 20, 17 * lines.length + 10];
  set(tipBox, { x: -10, y: -1, width, height });
  const left = Math.min(Math.max(x - width / 2, 2), layout.width - width - 2) + 10;
  const above = y - 20 - height;
  const top = above > 0 ? above : y + 20;
  set(tip, { transform: `translate(${left} ${top})` });
}

// Shapes

/* Half a pill, 25 x 17, rounded on its outer sides. */
function chip(roundLeft, roundRight) {
  const [left, right] = [roundLeft ? 8.5 : 2, roundRight ? 8.5 : 2];
  const corner = (radius, x, y) => `a${radius} ${radius} 0 0 1 ${x * radius} ${y * radius}`;
  return `M${left} -8.5H${25 - right}${corner(right, 1, 1)}V${8.5 - right}${corner(right, -1, 1)}` +
    `H${left}${corner(left, -1, -1)}V${left - 8.5}${corner(left, 1, -1)}Z`;
}

/* The path that runs `offset` above a line: Python has worked out where it leads and how far each coordinate moves. */
function beside({ places, above }, offset) {
  const [x, y, ...rest] = places.map((place, i) => (place + offset * above[i]).toFixed(1));
  return `M${x} ${y}C${rest.join(" ")}`;
}
