// The words and marks of states. Each state has a shape and a word: colour alone tells nobody anything.
import { html } from "./html.js";

export const WORDS = {
  up: "up",
  starting: "slow start",
  partial: "in part",
  unknown: "unknown",
  down: "down",
  wrong: "wrong content",
  drained: "drained",
};

const BAD_FIRST = ["wrong", "down", "partial", "unknown", "drained", "starting", "up"];

export const worst = (states) => BAD_FIRST.find((state) => states.includes(state)) ?? "none";

export const Mark = ({ state, label }) => html`
  <svg class=${`mark ${state}`} role="img" aria-label=${label ?? WORDS[state] ?? "none"}>
    <title>${label ?? WORDS[state] ?? "none"}</title>
    <use href=${`/static/marks.svg#${state}`} />
  </svg>`;

export function ago(iso, nowMs) {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86400)} d`;
}

export const utc = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

// The time alone for today, with the day before that.
export const clock = (iso, nowMs) =>
  iso.slice(0, 10) === new Date(nowMs).toISOString().slice(0, 10) ? iso.slice(11, 19) : iso.slice(5, 16).replace("T", " ");

export const milliseconds = (ms) => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toString());
