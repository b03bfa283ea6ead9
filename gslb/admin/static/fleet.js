// Every site in a row, by region. A row draws itself again when its own site changes, and no other does.
import { dialog, flows, now, regions, siteIds, siteOf, steers } from "./state.js";
import { enable } from "./dialogs.js";
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { Spark } from "./chart.js";
import { generations, history } from "./known.js";
import { useEffect } from "./vendor/preact-hooks.js";
import { computed, signal, useComputed } from "./vendor/signals.js";
import { ago, both, Mark, milliseconds, percent, rate, utc, worst } from "./words.js";

const SIDES = [["dns", 4], ["dns", 6], ["http", 4], ["http", 6]];
const MANY = 60; // from here on, what is out of sight is not laid out
const COLUMNS = ["site", "state", "dns", "http", "latency", "share", "flow", "load", "generation", "why", "acts"];

export const filter = signal("");

// The order and the regions of what is shown: changes with them, not with states.
const shape = computed(() => {
  const wanted = filter.value.trim().toLowerCase();
  const fits = (site) => !wanted || [site.id, site.region, site.country ?? "", site.condition, word("state", site.condition)].some((each) => each.toLowerCase().includes(wanted));
  const shown = regions.value.map(([region, sites]) => `${region}\t${sites.filter(fits).map((site) => site.id).join(" ")}`);
  return shown.filter((each) => !each.endsWith("\t")).join("\n");
});

// So many rows more with each frame: all at once would hold the page up where there are hundreds.
const STEP = 20;
const drawn = signal(STEP);

function groupsOf(lines) {
  let room = drawn.value;
  return lines.map((line) => {
    const [region, ids] = line.split("\t");
    const all = ids.split(" ");
    const shown = all.slice(0, room);
    room = Math.max(0, room - all.length);
    return [region, shown, all];
  });
}

export function Fleet() {
  const groups = groupsOf(shape.value ? shape.value.split("\n") : []);
  const whole = groups.reduce((sum, [, , all]) => sum + all.length, 0);
  useEffect(() => {
    if (drawn.value >= whole) return undefined;
    const timer = setTimeout(() => (drawn.value += STEP), 30);
    return () => clearTimeout(timer);
  });
  return html`
    <div class=${`sites ${siteIds.value.length > MANY ? "many" : ""}`} role="table" aria-label=${t("now.sites")}>
      <div role="rowgroup" class="head">
        <div role="row" class="row">
          ${COLUMNS.map((name) => html`<span role="columnheader" class=${name}>${name === "acts" ? html`<span class="unseen">${t("now.acts")}</span>` : html`<${Heading} name=${name} />`}</span>`)}
        </div>
      </div>
      ${groups.map(([region, ids, all]) => html`<${Region} key=${region} region=${region} ids=${ids} all=${all} />`)}
      ${groups.length === 0 && html`<p class="note nobody">${t("now.nobody")}</p>`}
    </div>`;
}

const Heading = ({ name }) =>
  name === "dns" || name === "http"
    ? html`<abbr title=${t("now.over", { door: name.toUpperCase() })}>${name.toUpperCase()}<small>v4 v6</small></abbr>`
    : t(`now.${name === "why" ? "reason" : name}`);

function Region({ region, ids, all }) {
  const standing = useComputed(() => {
    const sites = all.map((id) => siteOf(id)?.value).filter(Boolean);
    return t("now.up_of", { up: sites.filter((site) => site.condition === "up").length, n: sites.length });
  });
  return html`
    <div role="rowgroup" class="group">
      <div role="row" class="region"><h3 role="rowheader">${region}<span>${standing}</span></h3></div>
      ${ids.map((id) => html`<${Row} key=${id} id=${id} />`)}
    </div>`;
}

function Row({ id }) {
  const site = siteOf(id)?.value;
  if (!site) return null;
  const why = whyOf(site);
  return html`
    <div role="row" class="row" data-site=${id} data-condition=${site.condition}>
      <span role="rowheader" class="site">
        <${Mark} state=${site.condition} /><a class="name" href=${`/sites/${encodeURIComponent(id)}`}>${id}</a><small>${site.country}</small>
      </span>
      <span role="cell" class="state"><${State} site=${site} /></span>
      <span role="cell" class="dns"><${Side} site=${site} side=${SIDES[0]} /><${Side} site=${site} side=${SIDES[1]} /></span>
      <span role="cell" class="http"><${Side} site=${site} side=${SIDES[2]} /><${Side} site=${site} side=${SIDES[3]} /></span>
      <span role="cell" class="latency"><${Latency} site=${site} /></span>
      <${Traffic} site=${site} />
      <span role="cell" class="generation"><${Generation} id=${id} /></span>
      <span role="cell" class="why" title=${why}>${why}</span>
      <span role="cell" class="acts">${steers(id) && html`<${Act} site=${site} />`}</span>
    </div>`;
}

function State({ site }) {
  return html`
    <span class=${`word ${site.condition}`}>${site.flapping ? t("state.flapping") : word("state", site.condition)}</span>
    ${site.condition === "starting" && html`<progress max="10" value=${site.ramp} aria-label=${t("now.step", { n: site.ramp })}></progress>`}
    ${site.slow && html`<span class="tag">${t("now.slow")}</span>`}
    <small title=${both(site.since)}><${Since} at=${site.since} /></small>`;
}

// Its own signal for each time that it tells: `since` of a site moves with its state.
function Since({ at }) {
  const text = useComputed(() => ago(at, now.value));
  return html`${text}`;
}

function Latency({ site }) {
  const lines = Object.entries(history.value?.sites?.[site.id]?.latency ?? {});
  const told = site.latency.map((each) => t("now.vantage", { vantage: each.vantage, ms: milliseconds(each.used_ms), usual: milliseconds(each.usual_ms) })).join("; ");
  return html`
    ${lines.length > 0 && html`<${Spark} lines=${lines.map(([, values]) => values)} label=${`${lines.map(([vantage]) => vantage).join(", ")}: ${t("range.1h")}`} width="60" />`}
    <b title=${told}>${site.latency.length ? site.latency.map((each) => milliseconds(each.used_ms)).join(" · ") : "–"}</b>
    ${site.latency.length > 0 && html`<small>ms</small>`}`;
}

const NOTHING = { share: 0, per_s: 0, target: null };
const bySite = computed(() => new Map((flows.value?.sites ?? []).map((each) => [each.site, each])));
const capacity = computed(() => {
  let whole = 0;
  for (const [, sites] of regions.value) for (const site of sites) whole += site.capacity ?? 0;
  return whole;
});

// Share now against what the map intends; load is the share against the site's part of all capacity.
function Traffic({ site }) {
  const told = useComputed(() => bySite.value.get(site.id) ?? (bySite.value.size ? NOTHING : undefined)).value;
  const load = told && site.capacity && capacity.value ? (told.share * capacity.value) / site.capacity : null;
  return html`
    <span role="cell" class=${`share ${told ? "" : "unsaid"}`} title=${t("now.share_title", { share: percent(told?.share), target: percent(told?.target) })}>
      ${told ? html`<${Bar} share=${told.share} target=${told.target} /> ${percent(told.share)}` : "–"}
    </span>
    <span role="cell" class=${`flow ${told ? "" : "unsaid"}`}>${told ? rate(told.per_s) : "–"}</span>
    <span role="cell" class=${`load ${load > 2 ? "high" : ""}`} title=${t("now.load_title")}>${load === null ? "–" : `${load.toFixed(1)}×`}</span>`;
}

const Bar = ({ share, target }) => html`
  <svg class="bar-share" viewBox="0 0 48 10" width="48" height="10" aria-hidden="true">
    <rect class="room" width="48" height="6" y="2" rx="3" /><rect class="part" width=${Math.max(share > 0 ? 2 : 0, 48 * Math.min(1, share))} height="6" y="2" rx="3" />
    ${target !== null && target !== undefined && html`<path class="target" d=${`M${Math.min(47, 48 * target)} 0v10`} />`}
  </svg>`;

function Generation({ id }) {
  const told = useComputed(() => generations.value?.get(id)).value;
  if (!told) return html`<small>–</small>`;
  return html`<a href="/content" class=${told.hold} title=${told.title}><${Mark} state=${told.mark} label=${told.title} /><code>${told.generation.slice(0, 7) || "–"}</code></a>`;
}

function Side({ site, side: [door, family] }) {
  const checks = site.checks.filter((check) => check.door === door && check.family === family);
  const state = worst(checks.map((check) => check.state));
  const said = t("now.side", { door: door.toUpperCase(), family, state: word("state", state) });
  const bad = checks.filter((check) => check.state !== "up").slice(0, 3).map((check) => check.reason);
  return html`<${Mark} state=${state} label=${[said, ...bad].join("; ")} />`;
}

function whyOf(site) {
  const { drain, condition, reason } = site;
  if (drain) return `${drain.reason} – ${drain.who}, ${drain.until ? t("until", { time: utc(drain.until) }) : t("drain.until_enabled")}`;
  if (condition === "starting") return t("now.returning", { n: site.ramp });
  return condition === "up" && !site.slow ? "" : reason;
}

function Act({ site }) {
  if (site.drain) return html`<button onClick=${() => enable(site.id)}>${t("enable.do")}</button>`;
  return html`<button onClick=${() => (dialog.value = { kind: "drain", site: site.id })}>${t("drain.open")}</button>`;
}
