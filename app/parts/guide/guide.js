/* Brings into view what a step speaks of, once for every step, and what is said after its question is answered. */

export default function ({ data }) {
  if (!data) return;
  const before = window.supernetGuide ?? {};
  window.supernetGuide = data;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const behavior = still ? "auto" : "smooth";
  const text = () => document.querySelector(".st-key-guide-step")?.parentElement;
  const later = (act) => setTimeout(() => requestAnimationFrame(act), 150); // after what is still being drawn
  if (before.step !== data.step) {
    later(() => {
      text()?.scrollTo({ top: 0 });
      if (data.selector) document.querySelector(data.selector)?.scrollIntoView({ block: "nearest", behavior });
    });
  } else if (data.told && !before.told) {
    later(() => text()?.scrollTo({ top: text().scrollHeight, behavior }));
  }
}
