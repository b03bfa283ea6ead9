// What the page knows. Components read these signals; live.js writes them.
import { computed, signal } from "./vendor/signals.js";

export const status = signal(null);
export const services = signal([]);
export const events = signal([]); // the newest first
export const flows = signal(null); // of all services; null: not known yet
export const openIncidents = signal(null); // null: not known yet
export const connection = signal("connecting"); // connecting, live, lost
export const now = signal(Date.now());
export const explained = signal(null); // the last explanation, which the map shows too
export const dialog = signal(null); // {kind: "drain", …}: see dialogs.js

const EVENTS_KEPT = 200;

const { name, role, by, sites: own } = document.body.dataset;
// Who looks; `may` are the acts open to them, null where the node does not tell.
export const me = signal({ name, role, by, sites: own ? own.split(" ") : [], csrf: null, may: null });
export const operates = () => me.value.role === "operator" && me.value.by !== "loopback";
export const steers = (site) => operates() || (me.value.role === "owner" && me.value.sites.includes(site));

// A signal for each site, so that a change of one draws one row.
const rows = new Map();
export const siteIds = signal([]);
export const siteOf = (id) => rows.get(id);
export const sites = computed(() => siteIds.value.map((id) => rows.get(id).value));

export const regions = computed(() => {
  const found = new Map();
  for (const site of sites.value) {
    if (!found.has(site.region)) found.set(site.region, []);
    found.get(site.region).push(site);
  }
  return [...found];
});

export function putSites(all) {
  for (const site of all) putSite(site);
  const ids = all.map((site) => site.id);
  const gone = new Set(rows.keys());
  for (const id of ids) gone.delete(id);
  if (ids.join(" ") !== siteIds.peek().join(" ")) siteIds.value = ids;
  for (const id of gone) rows.delete(id);
}

export function putSite(site) {
  const row = rows.get(site.id);
  if (row) row.value = site;
  else rows.set(site.id, signal(site));
}

export function addEvents(more) {
  const known = new Set(events.peek().map((event) => event.number));
  const fresh = more.filter((event) => !known.has(event.number));
  if (fresh.length) events.value = [...fresh, ...events.peek()].sort((a, b) => b.number - a.number).slice(0, EVENTS_KEPT);
}

// A second is as fine as the page tells time.
setInterval(() => document.hidden || (now.value = Date.now()), 1000);
