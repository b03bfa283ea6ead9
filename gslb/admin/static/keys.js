// What the keyboard does where nobody is typing: / searches, e explains, ? helps, g and a letter goes to a view.
import { go } from "./router.js";
import { ROUTES } from "./routes.js";

const FOLLOWS_MS = 1500;
let begun = 0;

export function listen() {
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || types(event.target) || document.querySelector("dialog[open]")) return;
    const act = meaning(event.key);
    if (!act) return;
    event.preventDefault();
    act();
  });
}

function meaning(key) {
  const follows = Date.now() - begun < FOLLOWS_MS;
  begun = 0;
  if (follows) {
    const route = ROUTES.find((each) => each.key === key);
    return route && (() => go(route.path));
  }
  if (key === "g") return () => (begun = Date.now());
  return { "/": search, e: explain, "?": () => go("/help") }[key];
}

function search() {
  const field = document.getElementById("search");
  field?.focus();
  field?.select();
}

// The view takes the focus to its field by itself when it comes.
function explain() {
  const field = document.getElementById("explain-client");
  if (field) field.focus();
  else go("/explain");
}

const types = (target) => target.isContentEditable || ["INPUT", "SELECT", "TEXTAREA"].includes(target.tagName);
