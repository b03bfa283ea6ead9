// htm bound to preact: markup in template literals, which need no build step.
import htm from "./vendor/htm.js";
import { h } from "./vendor/preact.js";

export const html = htm.bind(h);
