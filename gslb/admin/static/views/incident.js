// One incident: what it means, for whom, why, what to do, and what happened.
import { useResource } from "../fetch.js";
import { post } from "../fetch.js";
import { Field, Form } from "../form.js";
import { html } from "../html.js";
import { rich, t } from "../i18n.js";
import { Bar, When } from "../operate/parts.js";
import { Line } from "../operate/timeline.js";
import { operates, openIncidents, steers } from "../state.js";
import { Ago, percent, rate, Unknown } from "../words.js";
import { useEffect } from "../vendor/preact-hooks.js";

export default function Incident({ params: { number } }) {
  const path = `incidents/${encodeURIComponent(number)}`;
  const { data: incident, problem, loading, refresh } = useResource(path, 10);
  useEffect(() => void refresh(), [openIncidents.value]);
  if (!incident) return html`<h1>${t("incident.one", { number })}</h1><${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />`;
  return html`
    <div class="title"><a href="/incidents">${t("nav.incidents")}</a><h1>#${incident.number} ${incident.title}</h1></div>
    <section class=${`incident ${incident.closed ? "info" : incident.severity}`}>
      <p>${incident.cause}</p>
      <span class="impact">
        <span>${incident.closed ? t("incident.was_open") : rich("now.since", { time: html`<${Ago} at=${incident.opened} />` })}</span>
        <${When} at=${incident.opened} />${incident.closed && html`<span>→</span><${When} at=${incident.closed} />`}
      </span>
    </section>
    <div class="halves">
      <section class="panel"><h2>${t("incident.impact")}</h2><${Impact} incident=${incident} /></section>
      <section class="panel"><h2>${t("incident.what_now")}</h2><p>${incident.what_now}</p><${Places} incident=${incident} /><${Acknowledge} incident=${incident} path=${path} refresh=${refresh} />
        <p><a class="button" href=${`/api/v1/${path}.md`} download=${`incident-${incident.number}.md`}>${t("incident.export")}</a></p>
      </section>
    </div>
    <section class="panel"><h2>${t("incident.timeline")}</h2><ol class="events timeline" tabindex="0" aria-label=${t("incident.timeline")}>${incident.timeline.toReversed().map((each, index) => html`<${Line} key=${index} each=${each} />`)}</ol></section>`;
}

const Impact = ({ incident: { impact } }) => html`
  <dl class="facts">
    <div><dt>${t("incident.clients")}</dt><dd><b>${percent(impact.share_degraded)}</b></dd></div>
    <div><dt>${t("incident.rate")}</dt><dd>${rate(impact.clients_per_s)}</dd></div>
  </dl>
  ${Object.keys(impact.capacity_left).length > 0 &&
  html`<h3>${t("incident.capacity")}</h3>
    <ul class="capacities">${Object.entries(impact.capacity_left).map(([region, left]) => html`<li><b>${region}</b><${Bar} value=${left} most=${1} tone=${left < 0.5 ? "after over" : "after"} /><span class="number">${percent(left)}</span></li>`)}</ul>`}`;

const Places = ({ incident: { sites, services, regions } }) => html`
  <dl class="facts">
    ${sites.length > 0 && html`<div><dt>${t("now.sites")}</dt><dd>${sites.map((site, index) => html`${index > 0 && ", "}<a href=${`/sites/${encodeURIComponent(site)}`}>${site}</a>`)}</dd></div>`}
    ${services.length > 0 && html`<div><dt>${t("incident.services")}</dt><dd>${services.join(", ")}</dd></div>`}
    ${regions.length > 0 && html`<div><dt>${t("incident.regions")}</dt><dd>${regions.join(", ")}</dd></div>`}
  </dl>`;

function Acknowledge({ incident, path, refresh }) {
  const { acknowledged } = incident;
  const told = acknowledged && html`<p class="acknowledged">${rich("incident.looked_after", { who: html`<b>${acknowledged.who}</b>`, time: html`<${Ago} at=${acknowledged.at} />` })}${acknowledged.note && `: ${acknowledged.note}`}</p>`;
  if (incident.closed || acknowledged || !(operates() || incident.sites.some(steers))) return told;
  const send = ({ note = "" }, key) => post(`${path}/acknowledge`, { note }, key);
  return html`<${Form} send=${send} done=${refresh} submit=${t("incident.acknowledge")}><${Field} name="note" label=${t("incident.note")} maxlength="200" /><//>`;
}
