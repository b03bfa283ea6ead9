// What the page says, in the language of who looks. The server draws its pages from the same messages.
import { signal } from "./vendor/signals.js";

export const LANGUAGES = { en: "English", ja: "日本語" };
export const language = signal("en");

const PARTS = ["look", "operate"];
let messages = {};
let plurals = new Intl.PluralRules("en");

// Remembered for this browser; the cookie is for pages that the server draws.
export async function setLanguage(code, remember = true) {
  const parts = await Promise.all(PARTS.map((part) => fetch(`/static/messages/${code}/${part}.json`).then((answer) => answer.json())));
  messages = Object.assign({}, ...parts);
  plurals = new Intl.PluralRules(code);
  document.documentElement.lang = code;
  language.value = code;
  if (!remember) return;
  localStorage.setItem("language", code);
  document.cookie = `language=${code}; Path=/; Max-Age=31536000; SameSite=Strict`;
}

export function chosenLanguage() {
  const kept = localStorage.getItem("language");
  if (kept in LANGUAGES) return kept;
  return navigator.languages.map((each) => each.slice(0, 2).toLowerCase()).find((each) => each in LANGUAGES) ?? "en";
}

// The message in words; `{name}` is replaced. One with plurals is chosen by `n`.
export function t(key, params = {}) {
  return patternOf(key, params).replace(/\{(\w+)\}/g, (whole, name) => (name in params ? written(params[name]) : whole));
}

// The same where parameters are elements: a list to render.
export function rich(key, params = {}) {
  return patternOf(key, params)
    .split(/\{(\w+)\}/)
    .map((part, index) => (index % 2 ? (params[part] ?? `{${part}}`) : part));
}

export const has = (key) => language.value !== null && key in messages;

// A word of the API (a state, a reason code, a kind) in the reader's words; as it is where there are none.
export const word = (kind, code) => (has(`${kind}.${code}`) ? t(`${kind}.${code}`) : String(code));

function patternOf(key, params) {
  const found = language.value && messages[key];
  if (found === undefined) return key;
  return typeof found === "string" ? found : (found[plurals.select(Number(params.n))] ?? found.other);
}

const written = (value) => (typeof value === "number" ? number(value) : String(value));

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language.value, { maximumFractionDigits: digits }).format(value);
}
