// What is wrong by what it means for clients; and one timeline of everything that happened.
import { useResource } from "../fetch.js";
import { html } from "../html.js";
import { rich, t } from "../i18n.js";
import { Severity, When } from "../operate/parts.js";
import { Timeline } from "../operate/timeline.js";
import { openIncidents } from "../state.js";
import { Ago, percent, rate, Unknown } from "../words.js";

export default function Incidents() {
  const all = useResource("incidents?state=all&limit=50", 20);
  const open = openIncidents.value ?? all.data?.filter((each) => !each.closed);
  const closed = all.data?.filter((each) => each.closed) ?? [];
  return html`
    <div class="title"><h1>${t("nav.incidents")}</h1><a class="button" href="/alerts.atom">${t("incident.feed")}</a></div>
    ${!open && html`<${Unknown} problem=${all.problem} what=${all.loading ? t("loading") : undefined} />`}
    ${open?.length === 0 && html`<section class="incident info"><p>${t("incident.none")}</p></section>`}
    ${open?.map((each) => html`<${Open} key=${each.number} incident=${each} />`)}
    <section class="panel"><h2>${t("incident.timeline")}</h2><${Timeline} /></section>
    ${closed.length > 0 && html`<section class="panel flush"><header class="heading"><h2>${t("incident.closed")}</h2></header><${Closed} incidents=${closed} /></section>`}`;
}

const Open = ({ incident }) => html`
  <a class=${`incident linked ${incident.severity}`} href=${`/incidents/${incident.number}`} data-incident=${incident.number}>
    <p>${incident.title}</p>
    <span class="impact">
      <b>${t("incident.share", { share: percent(incident.impact.share_degraded) })}</b>
      ${incident.impact.clients_per_s > 0 && html`<span>${rate(incident.impact.clients_per_s)}</span>`}
      ${Object.entries(incident.impact.capacity_left).map(([region, left]) => html`<span>${t("incident.left", { region, share: percent(left) })}</span>`)}
      <span>${rich("now.since", { time: html`<${Ago} at=${incident.opened} />` })}</span>
      ${incident.acknowledged ? html`<span class="tag">${t("incident.acknowledged_by", { who: incident.acknowledged.who })}</span>` : html`<span class="tag">${t("incident.nobody")}</span>`}
      ${incident.active === false && html`<span class="tag">${t("incident.quiet")}</span>`}
    </span>
  </a>`;

const Closed = ({ incidents }) => html`
  <div class="scrolls" tabindex="0" role="region" aria-label=${t("incident.closed")}>
    <table class="table">
      <thead><tr><th scope="col">#</th><th scope="col">${t("incident.what")}</th><th scope="col">${t("incident.severity")}</th><th scope="col">${t("incident.opened")}</th><th scope="col">${t("incident.ended")}</th><th scope="col" class="number">${t("incident.clients")}</th></tr></thead>
      <tbody>
        ${incidents.map(
          (each) => html`
            <tr key=${each.number}>
              <th scope="row"><a href=${`/incidents/${each.number}`}>#${each.number}</a></th><td>${each.title}</td><td><${Severity} level=${each.severity} /></td>
              <td><${When} at=${each.opened} /></td><td><${When} at=${each.closed} /></td><td class="number">${percent(each.impact.share_degraded)}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
