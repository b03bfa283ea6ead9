// What the page knows. Components read these signals; live.js and act.js write them.
import { computed, signal } from "./vendor/signals.js";

export const status = signal(null);
export const sites = signal([]);
export const services = signal([]);
export const events = signal([]); // the newest first
export const connection = signal("connecting"); // connecting, live, lost
export const now = signal(Date.now());
export const explained = signal(null); // the last explanation, which the map shows too
export const dialog = signal(null); // {kind: "drain" | "detail", site}

const EVENTS_KEPT = 200;

const { name, role, by, sites: own } = document.body.dataset;
export const me = { name, role, by, own: own ? own.split(" ") : [] };
export const steers = (site) => me.role === "operator" && me.by !== "loopback" || (me.role === "owner" && me.own.includes(site));

export const regions = computed(() => {
  const found = new Map();
  for (const site of sites.value) found.set(site.region, [...(found.get(site.region) ?? []), site]);
  return [...found];
});

export function addEvents(more) {
  const known = new Set(events.value.map((event) => event.number));
  const fresh = more.filter((event) => !known.has(event.number));
  if (fresh.length) events.value = [...fresh, ...events.value].sort((a, b) => b.number - a.number).slice(0, EVENTS_KEPT);
}

export function putSite(site) {
  sites.value = sites.value.map((each) => (each.id === site.id ? site : each));
}

// A second is as fine as the page tells time.
setInterval(() => (now.value = Date.now()), 1000);
