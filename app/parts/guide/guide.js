/* Brings what a step speaks of into view, once for every step. */

export default function ({ data }) {
  if (!data || window.supernetGuide === data.step) return;
  window.supernetGuide = data.step;
  if (!data.selector) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = () =>
    document.querySelector(data.selector)?.scrollIntoView({ block: "nearest", behavior: still ? "auto" : "smooth" });
  requestAnimationFrame(() => setTimeout(show, 150)); // after what else the page is still drawing
}
