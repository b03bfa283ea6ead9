// How states, times and quantities are said. Each state has a shape and a word: colour alone tells nobody anything.
import { html } from "./html.js";
import { language, number, t, word } from "./i18n.js";
import { now } from "./state.js";
import { computed, useComputed } from "./vendor/signals.js";

const BAD_FIRST = ["wrong", "down", "partial", "unknown", "drained", "starting", "up"];

export const worst = (states) => BAD_FIRST.find((state) => states.includes(state)) ?? "none";

export const Mark = ({ state, label }) => {
  const told = label ?? word("state", state);
  return html`
    <svg class=${`mark ${state}`} role="img" aria-label=${told}>
      <title>${told}</title>
      <use href=${`/static/marks.svg#${state}`} />
    </svg>`;
};

export const Icon = ({ name }) => html`<svg class="icon" aria-hidden="true"><use href=${`/static/icons.svg#${name}`} /></svg>`;

export function ago(iso, nowMs) {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(iso)) / 1000));
  return duration(seconds);
}

// Two units at most: what somebody says.
export function duration(seconds) {
  if (seconds < 60) return t("time.s", { n: Math.round(seconds) });
  if (seconds < 3600) return t("time.min", { n: Math.floor(seconds / 60) });
  if (seconds < 48 * 3600) return t("time.h", { n: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60) });
  return t("time.d", { n: Math.floor(seconds / 86400) });
}

// How long ago, kept up to date; draws a text, and nothing around it again.
export function Ago({ at }) {
  const text = useComputed(() => ago(at, now.value));
  return html`<time datetime=${at} title=${both(at)}>${text}</time>`;
}

export const utc = (iso) => `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;

// In the reader's own zone, with the zone.
export const local = (iso) => formats.value.whole.format(new Date(iso));
export const both = (iso) => `${utc(iso)} (${local(iso)})`;

// The time alone for today, with the day before that; in the reader's zone.
export function clock(iso, nowMs) {
  const date = new Date(iso);
  return date.toDateString() === new Date(nowMs).toDateString() ? formats.value.clock.format(date) : formats.value.day.format(date);
}

const formats = computed(() => ({
  whole: new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }),
  clock: new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", second: "2-digit", hour12: false }),
  day: new Intl.DateTimeFormat(language.value, { month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", hour12: false }),
}));

// 0..1 as a percentage; a little is never shown as nothing.
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const of100 = share * 100;
  if (of100 > 0 && of100 < 0.1) return "<0.1 %";
  return `${number(of100, of100 < 10 ? 1 : 0)} %`;
}

export const milliseconds = (ms) => (ms < 10 ? ms.toFixed(1) : Math.round(ms).toString());
export const ms = (value) => (value === null || value === undefined ? "–" : `${milliseconds(value)} ms`);
export const km = (value) => (value === null || value === undefined ? "–" : `${number(value)} km`);
export const rate = (perS) => (perS === null || perS === undefined ? "–" : t("per_s", { rate: number(perS, perS < 10 ? 1 : 0) }));
export const octets = (n) => {
  if (n === null || n === undefined) return "–";
  const step = n < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(n) / 3));
  return `${number(n / 1000 ** step, step && n / 1000 ** step < 10 ? 1 : 0)} ${["B", "kB", "MB", "GB", "TB"][step]}`;
};

// A country's name in the reader's language.
export function country(code) {
  if (!code) return t("nowhere");
  try {
    return new Intl.DisplayNames(language.value, { type: "region" }).of(code) ?? code;
  } catch {
    return code;
  }
}

// A table of nothing says why.
export const Unknown = ({ problem, what }) =>
  html`<p class="note unknown-yet">${problem && !problem.absent ? problem.message : (what ?? t("not_known_yet"))}</p>`;

export const Copy = ({ text, label }) => html`
  <button class="copy" type="button" onClick=${(event) => copy(text, event.currentTarget)}><${Icon} name="copy" />${label ?? t("copy")}</button>`;

// The clipboard is for pages over TLS or on localhost alone; elsewhere a selection does it.
async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text, className: "unseen" });
    button.after(field);
    field.select();
    document.execCommand("copy");
    field.remove();
  }
  button.classList.add("copied");
  setTimeout(() => button.classList.remove("copied"), 1500);
}
