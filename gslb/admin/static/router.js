// Views behind real addresses: each can be opened, kept and sent, and is drawn by the server too.
import { signal } from "./vendor/signals.js";

// What is not UTF-8 behind its percent signs stays as it is.
const plain = (path) => {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
};

const here = () => ({ path: plain(location.pathname), query: Object.fromEntries(new URLSearchParams(location.search)) });

export const place = signal(here());

// Goes to another address of ours, as a link would.
export function go(url, { replace = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", url);
  place.value = here();
  if (!replace) scrollTo(0, 0);
}

// An address with these parameters; those that are empty are left out.
export function url(path, query = {}) {
  const said = Object.entries(query).filter(([, value]) => value !== "" && value !== null && value !== undefined);
  return said.length ? `${path}?${new URLSearchParams(said)}` : path;
}

// "/sites/{id}" and "/sites/x" to {id: "x"}; null where they do not fit.
export function fits(pattern, path) {
  const [wanted, given] = [pattern.split("/"), path.replace(/(.)\/$/, "$1").split("/")];
  if (wanted.length !== given.length) return null;
  const params = {};
  for (const [index, part] of wanted.entries()) {
    if (part.startsWith("{")) params[part.slice(1, -1)] = decode(given[index]);
    else if (part !== given[index]) return null;
  }
  return params;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

// Plain links stay plain links: a click without a key held down changes the view in place.
export function followLinks(known) {
  addEventListener("popstate", () => (place.value = here()));
  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = event.target.closest?.("a[href]");
    if (!link || link.target || link.hasAttribute("download") || link.origin !== location.origin) return;
    if (link.getAttribute("href").startsWith("#") || !known(plain(link.pathname))) return;
    event.preventDefault();
    go(link.href);
  });
}
