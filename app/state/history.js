/* Takes one step in the browser's history (app/state/history.py). Steps are taken one after the other. */

const LATE = 1000; // milliseconds

export default function ({ data }) {
  const steps = (window.supernetSteps ??= { last: null, taken: Promise.resolve() });
  if (!data || data.name === steps.last) return;
  steps.last = data.name;
  steps.taken = steps.taken.then(() => take(data)).catch((error) => console.warn("history", error));
}

async function take({ direction, query }) {
  const wanted = new URL(location.href);
  for (const [key, text] of Object.entries(query)) wanted.searchParams.set(key, text);
  const distance = distanceTo(query, direction);
  if (distance && (await go(distance, wanted))) return;
  history[direction < 0 ? "replaceState" : "pushState"]({}, "", wanted);
  window.dispatchEvent(new PopStateEvent("popstate", { state: {} })); // Streamlit reads the address when it hears this
}

/* How far the nearest entry with these keys is, in one direction and on this page; 0 for none. */
function distanceTo(query, direction) {
  const known = window.navigation;
  if (!direction || !known?.currentEntry) return 0;
  const here = known.currentEntry.index;
  const entries = known.entries();
  for (let at = here + direction; entries[at]?.url; at += direction) {
    const url = new URL(entries[at].url);
    if (url.pathname !== location.pathname) return 0;
    if (Object.entries(query).every(([key, text]) => (url.searchParams.get(key) ?? "") === text)) return at - here;
  }
  return 0;
}

/* Go there; whether that worked. What else the address said here, such as the images, it says there too. */
function go(distance, wanted) {
  return new Promise((done) => {
    const end = (arrived) => {
      clearTimeout(late);
      window.removeEventListener("popstate", arrive, true);
      done(arrived);
    };
    const arrive = () => {
      history.replaceState({}, "", wanted); // before Streamlit looks, which listens later
      end(true);
    };
    const late = setTimeout(end, LATE, false);
    window.addEventListener("popstate", arrive, true);
    history.go(distance);
  });
}
