/* Shared by the page's own components, before the text of each.

   Elements are created once and patched afterwards, so keyboard focus and CSS transitions survive a rerun. Data reaches
   the page only through attributes, styles and text nodes. */

const SVG = "http://www.w3.org/2000/svg";

// DOM

/* What is inside a drawing belongs to it. */
function isDrawing(node) {
  return node.namespaceURI === SVG;
}

function element(tag, parent, attributes = {}) {
  const space = tag === "svg" || isDrawing(parent) ? SVG : parent.namespaceURI;
  const node = parent.appendChild(document.createElementNS(space, tag));
  set(node, attributes);
  return node;
}

function set(node, attributes) {
  for (const [name, value] of Object.entries(attributes)) {
    if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
  }
}

function classes(...names) {
  return names.filter(Boolean).join(" ");
}

/* The child that plays this part, created the first time. */
function kept(parent, tag, part = tag) {
  parent.parts ??= {};
  return (parent.parts[part] ??= element(tag, parent, part === tag ? {} : { class: part }));
}

/* One child for each item, in order: existing ones are painted again, missing ones created, surplus ones removed. */
function patch(parent, items, paintChild, tag = isDrawing(parent) ? "g" : "div") {
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
    const isLow = index % 2;
    const span = isDrawing(node)
      ? element("tspan", node, isLow ? { class: "sub", dy: 3 } : index ? { dy: -3 } : {})
      : element(isLow ? "sub" : "span", node);
    span.textContent = piece;
  });
}

function themed({ light, dark }) {
  return `light-dark(${light}, ${dark})`;
}

function inked({ ink_light, ink_dark }) {
  return `light-dark(${ink_light}, ${ink_dark})`;
}

// Keys

/* Of many buttons one is reached by Tab; the arrow keys lead to the others. */
function rove(nodes, current) {
  nodes.forEach((node, index) => set(node, { tabindex: index === current ? 0 : -1 }));
}

/* What the arrow keys do on the button `current` of these. */
function walk(nodes, current) {
  const last = nodes.length - 1;
  const to = (index) => () => nodes[Math.min(Math.max(index, 0), last)].focus();
  return { ArrowDown: to(current + 1), ArrowUp: to(current - 1), Home: to(0), End: to(last) };
}

function hasModifier(event) {
  return event.ctrlKey || event.metaKey || event.altKey;
}

/* Do what a key stands for, by its name. The page's own shortcuts must not act on the same key. */
function act(event, steps) {
  if (!(event.key in steps) || hasModifier(event)) return;
  event.stopPropagation();
  event.preventDefault();
  steps[event.key]();
}

