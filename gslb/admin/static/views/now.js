// Now: what is wrong, for whom, since when; and every site.
import { Events } from "../events.js";
import { filter, Fleet } from "../fleet.js";
import { html } from "../html.js";
import { t, rich } from "../i18n.js";
import { keepKnown } from "../known.js";
import { WorldMap } from "../map.js";
import { flows, openIncidents, status } from "../state.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { Ago, percent, rate } from "../words.js";

export default function Now() {
  useEffect(keepKnown, []);
  return html`
    <h1 class="unseen">${t("nav.now")}</h1>
    <${Incident} />
    <section class="panel flush area-map"><${WorldMap} /><${Flowing} /></section>
    <section class="panel flush area-sites">
      <header class="heading"><h2>${t("now.sites")}</h2><${Filter} /></header>
      <${Fleet} />
    </section>
    <section class="panel area-events"><h2>${t("events")}</h2><${Events} /></section>`;
}

const Filter = () => html`
  <label class="filter"><span class="unseen">${t("now.filter")}</span>
    <input type="search" placeholder=${t("now.filter")} value=${filter} onInput=${(event) => (filter.value = event.target.value)} spellcheck="false" autocomplete="off" />
  </label>`;

const DETAILS = 6; // more are a wall of text; the table has them all

// The worst thing in a sentence; then for whom, and since when, of the incidents that are open.
function Incident() {
  const { level, headline, details } = status.value.incident;
  const open = openIncidents.value ?? [];
  return html`
    <section class=${`incident area-incident ${level}`} role="status">
      <p>${headline}</p>
      ${details.length > 0 && html`<ul>${details.slice(0, DETAILS).map((each) => html`<li>${each}</li>`)}</ul>`}
      ${details.length > DETAILS && html`<details><summary>${t("now.more_details", { n: details.length - DETAILS })}</summary><ul>${details.slice(DETAILS).map((each) => html`<li>${each}</li>`)}</ul></details>`}
      ${open.map((each) => html`<${Open} key=${each.number} incident=${each} />`)}
    </section>`;
}

const Open = ({ incident }) => html`
  <a class="open-incident" href=${`/incidents/${incident.number}`}>
    <b>#${incident.number} ${incident.title}</b>
    <span>${rich("now.since", { time: html`<${Ago} at=${incident.opened} />` })}</span>
    ${incident.impact?.share_degraded > 0 && html`<span>${t("now.degraded", { share: percent(incident.impact.share_degraded) })}</span>`}
    ${incident.impact?.clients_per_s > 0 && html`<span>${rate(incident.impact.clients_per_s)}</span>`}
    ${incident.regions?.length > 0 && html`<span>${incident.regions.join(", ")}</span>`}
  </a>`;

function Flowing() {
  if (!flows.value?.flows?.length) return html`<p class="note flowing">${t("now.no_flows")}</p>`;
  const { total_per_s: total, window_s: window } = flows.value;
  return html`<p class="note flowing">${t("now.flowing", { rate: rate(total), window })}<span class="legend"><i class="at-home"></i>${t("now.at_home")}</span><span class="legend"><i class="away"></i>${t("now.away")}</span></p>`;
}
