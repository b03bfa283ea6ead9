// The dashboard. What the server drew stays until the stream has told how things are.
import { knowMe } from "./fetch.js";
import { html } from "./html.js";
import { chosenLanguage, setLanguage } from "./i18n.js";
import { listen } from "./keys.js";
import { start } from "./live.js";
import { followLinks } from "./router.js";
import { routeOf } from "./routes.js";
import { Shell } from "./shell.js";
import { status } from "./state.js";
import { render } from "./vendor/preact.js";
import { effect } from "./vendor/signals.js";

await Promise.all([setLanguage(chosenLanguage(), false), knowMe()]);

// Somebody who fills in a form that the server drew keeps it, and what is in it: sending it loads a page again.
const typing = () => [...document.querySelectorAll("#app form input")].some((field) => field.value !== field.defaultValue);

let drawn = false;
effect(() => {
  if (drawn || status.value === null || typing()) return;
  drawn = true;
  const root = document.getElementById("app");
  root.replaceChildren();
  root.classList.add("live");
  render(html`<${Shell} />`, root);
  followLinks((path) => routeOf(path) !== null);
  listen();
});
start();
