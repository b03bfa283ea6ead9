// Every site in a row, by region.
import { enable } from "./act.js";
import { html } from "./html.js";
import { dialog, now, putSite, regions, steers } from "./state.js";
import { ago, Mark, milliseconds, utc, WORDS, worst } from "./words.js";

const SIDES = [["dns", 4], ["dns", 6], ["http", 4], ["http", 6]];

export const Sites = () => html`
  <table class="sites">
    <thead>
      <tr>
        <th scope="col" class="site">Site</th>
        <th scope="col">State</th>
        <th scope="col" class="sides" aria-label="DNS over IPv4 and IPv6">DNS<small>v4 v6</small></th>
        <th scope="col" class="sides" aria-label="HTTP over IPv4 and IPv6">HTTP<small>v4 v6</small></th>
        <th scope="col" class="number">Latency</th>
        <th scope="col" class="why">Reason</th>
        <th scope="col" class="acts"><span class="unseen">Actions</span></th>
      </tr>
    </thead>
    ${regions.value.map(([region, sites]) => html`<${Region} key=${region} region=${region} sites=${sites} />`)}
  </table>`;

const Region = ({ region, sites }) => html`
  <tbody>
    <tr class="region">
      <th colspan="7" scope="rowgroup">${region}<span>${standing(sites)}</span></th>
    </tr>
    ${sites.map((site) => html`<${Row} key=${site.id} site=${site} />`)}
  </tbody>`;

function standing(sites) {
  const up = sites.filter((site) => site.condition === "up").length;
  return `${up} of ${sites.length} up`;
}

const Row = ({ site }) => html`
  <tr data-site=${site.id} data-condition=${site.condition}>
    <th scope="row" class="site">
      <${Mark} state=${site.condition} />
      <button class="name" onClick=${() => (dialog.value = { kind: "detail", site: site.id })}>${site.id}</button>
      <small>${site.country}</small>
    </th>
    <td class="state"><${State} site=${site} /></td>
    <td class="sides"><${Side} site=${site} side=${SIDES[0]} /><${Side} site=${site} side=${SIDES[1]} /></td>
    <td class="sides"><${Side} site=${site} side=${SIDES[2]} /><${Side} site=${site} side=${SIDES[3]} /></td>
    <td class="number">${site.latency.map((each) => html`<${Latency} each=${each} many=${site.latency.length > 1} />`)}</td>
    <td class="why" title=${why(site)}>${why(site)}</td>
    <td class="acts">${steers(site.id) && html`<${Act} site=${site} />`}</td>
  </tr>`;

const State = ({ site }) => html`
  <span class=${`word ${site.condition}`}>${site.flapping ? "flapping" : WORDS[site.condition]}</span>
  ${site.condition === "starting" && html`<progress max="10" value=${site.ramp} title=${`step ${site.ramp} of 10`}></progress>`}
  ${site.slow && html`<span class="tag">slow</span>`}
  <small title=${utc(site.since)}>${ago(site.since, now.value)}</small>`;

const Latency = ({ each, many }) => html`
  <span title=${`from ${each.vantage}; usually ${milliseconds(each.usual_ms)} ms`}>
    ${milliseconds(each.used_ms)}<small> ms${many ? ` ${each.vantage}` : ""}</small>
  </span>`;

function Side({ site, side: [door, family] }) {
  const checks = site.checks.filter((check) => check.door === door && check.family === family);
  const state = worst(checks.map((check) => check.state));
  const where = `${door.toUpperCase()} over IPv${family}`;
  const label = checks.length ? `${where}: ${WORDS[state]}, ${checks.map((check) => check.reason).join("; ")}` : `${where}: not served`;
  return html`<${Mark} state=${state} label=${label} />`;
}

function why(site) {
  const { drain, condition, reason } = site;
  if (drain) return `${drain.reason} – ${drain.who}${drain.until ? `, until ${utc(drain.until)}` : ", until enabled"}`;
  if (condition === "starting") return `takes its clients back in steps: ${site.ramp} of 10`;
  return condition === "up" && !site.slow ? "" : reason;
}

function Act({ site }) {
  if (site.drain) return html`<button onClick=${() => enable(site.id).then(putSite, alert)}>Enable</button>`;
  return html`<button onClick=${() => (dialog.value = { kind: "drain", site: site.id })}>Drain…</button>`;
}
