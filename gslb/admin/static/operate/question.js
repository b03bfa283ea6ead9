// What is asked of the simulation: kept while other views are looked at.
import { services, siteIds } from "../state.js";
import { computed, signal } from "../vendor/signals.js";

export const states = signal({}); // site -> "off" or "drain"
export const weights = signal({}); // site -> number
export const rules = signal([]); // [{match, prefer | only | never}]
export const frame = signal({ service: "", via: "dns", family: "4", population: "countries", networks: "", load: "" });

export const service = computed(() => frame.value.service || services.value[0]?.host || null);

export const changes = computed(() => {
  const known = new Set(siteIds.value);
  const kept = (object) => Object.entries(object).filter(([site]) => known.has(site));
  return [
    ...kept(states.value).map(([site, kind]) => ({ kind, site })),
    ...kept(weights.value).map(([site, weight]) => ({ kind: "weight", site, weight })),
    ...rules.value.map((rule) => ({ kind: "rule", service: service.value, rule })),
  ];
});

export function setState(site, kind) {
  const { [site]: _, ...rest } = states.value;
  states.value = kind ? { ...rest, [site]: kind } : rest;
}

// Back to what it is takes the change out.
export function setWeight(site, weight, configured) {
  const { [site]: _, ...rest } = weights.value;
  weights.value = weight === configured || Number.isNaN(weight) ? rest : { ...rest, [site]: weight };
}

export function forget() {
  [states.value, weights.value, rules.value] = [{}, {}, []];
}

// An address may ask: /what-if?off=a,b&drain=c
export function takeFrom(query) {
  const asked = {};
  for (const kind of ["off", "drain"]) {
    for (const site of (query[kind] ?? "").split(",").filter(Boolean)) asked[site] = kind;
  }
  if (Object.keys(asked).length === 0) return false;
  forget();
  states.value = asked;
  return true;
}

export function question() {
  const { via, family, population, networks, load } = frame.value;
  return {
    service: service.value,
    via,
    family,
    population: population === "networks" ? { kind: "networks", networks: parsed(networks) } : { kind: population },
    changes: changes.value,
    load_mbit_s: load === "" ? null : Number(load),
  };
}

// A network a line, and after it how much it counts.
const parsed = (text) =>
  text
    .split("\n")
    .map((line) => line.trim().split(/[\s,]+/))
    .filter(([network]) => network)
    .map(([network, weight]) => ({ network, weight: weight === undefined ? 1 : Number(weight) }));
