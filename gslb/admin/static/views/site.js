// A site: how it is and was, who is sent there, and what would be without it.
import { enable } from "../dialogs.js";
import { Events } from "../events.js";
import { Place, Target } from "../exchanges.js";
import { fetchJson, post, useResource } from "../fetch.js";
import { html } from "../html.js";
import { rich, t, word } from "../i18n.js";
import { openPlan } from "../operate/plan.js";
import { Past } from "../past.js";
import { dialog, flows, services, siteIds, siteOf, steers } from "../state.js";
import { toast } from "../toast.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { Ago, country, Icon, Mark, ms, percent, rate, Unknown, utc } from "../words.js";

const REFRESH_S = 5;

export default function Site({ params: { id } }) {
  const known = siteIds.value.includes(id);
  const { data, problem } = useResource(known ? `sites/${encodeURIComponent(id)}` : null, REFRESH_S);
  const past = useResource(known ? `events?${new URLSearchParams({ subject: id, limit: 50 })}` : null);
  if (!known) return html`<section class="panel"><h1>${t("site.none", { site: id })}</h1><p><a href="/">${t("nav.now")}</a></p></section>`;
  const site = siteOf(id).value;
  return html`
    <${Title} site=${site} />
    <div class="two">
      <${Senders} site=${site} />
      <${Without} site=${site} key=${id} />
    </div>
    <${Past} site=${id} key=${id} />
    <section class="panel">
      <h2>${t("site.checks")}</h2>
      ${problem && !data && html`<${Unknown} problem=${problem} />`}
      ${data?.content.filter((place) => place.hold !== "good").map((place) => html`<${Place} key=${`${place.content}${place.door}${place.address}`} place=${place} />`)}
      ${data?.targets.map((target) => html`<${Target} key=${`${target.service}${target.door}${target.address}`} target=${target} />`)}
    </section>
    <section class="panel"><h2>${t("events")}</h2><${Events} of=${(event) => event.subject === id} more=${past.data} /></section>`;
}

const Title = ({ site }) => html`
  <section class=${`panel site-head ${site.condition}-edge`}>
    <div class="title">
      <h1><${Mark} state=${site.condition} /> ${site.id}</h1>
      <p><b class=${site.condition}>${site.flapping ? t("state.flapping") : word("state", site.condition)}</b> ${rich("site.since", { time: html`<${Ago} at=${site.since} />`, reason: site.drain?.reason ?? site.reason })}</p>
      <p class="acts"><${Acts} site=${site} /></p>
    </div>
    ${site.drain && html`<p class="drain-line">${t("site.drained", { who: site.drain.owner ?? site.drain.who, until: site.drain.until ? t("until", { time: utc(site.drain.until) }) : t("drain.until_enabled") })}${site.drain.left && html` ${t("site.left", { rate: rate(site.drain.left.per_s), share: percent(site.drain.left.share) })}`}</p>`}
    ${site.condition === "starting" && html`<p>${t("now.returning", { n: site.ramp })} <progress max="10" value=${site.ramp} aria-label=${t("now.step", { n: site.ramp })}></progress></p>`}
    <dl class="facts">
      <div><dt>${t("site.region")}</dt><dd>${site.region}</dd></div>
      <div><dt>${t("site.country")}</dt><dd>${country(site.country)}</dd></div>
      <div><dt>${t("explain.weight")}</dt><dd>${site.weight_now ?? site.weight}${(site.weight_now ?? site.weight) !== site.weight && html` <small>${t("site.configured", { weight: site.weight })}</small>`}</dd></div>
      <div><dt>${t("site.capacity")}</dt><dd>${site.capacity ? `${site.capacity} Mbit/s` : "–"}</dd></div>
      <div><dt>${t("now.latency")}</dt><dd>${site.latency.length ? site.latency.map((each) => html`<span title=${t("now.vantage", { vantage: each.vantage, ms: each.used_ms, usual: each.usual_ms })}>${ms(each.used_ms)} <small>${each.vantage}</small></span> `) : "–"}${site.slow && html`<span class="tag">${t("now.slow")}</span>`}</dd></div>
      <div><dt>URL</dt><dd><code>${site.url}</code>${site.url_https && html`<br /><code>${site.url_https}</code>`}</dd></div>
    </dl>
  </section>`;

function Acts({ site }) {
  const whatIf = html`<a class="button" href=${`/what-if?off=${encodeURIComponent(site.id)}`}>${t("nav.what-if")}</a>`;
  if (!steers(site.id)) return whatIf;
  return html`
    ${site.drain
      ? html`<button class="primary" onClick=${() => enable(site.id)}>${t("enable.do")}</button>`
      : html`<button onClick=${() => (dialog.value = { kind: "drain", site: site.id })}>${t("drain.open")}</button>`}
    <button onClick=${() => planFor(site.id)}>${t("site.plan")}</button> ${whatIf}`;
}

// What is planned already comes first, so that the dialog can warn of a clash.
const planFor = (id) =>
  fetchJson("maintenance").then((data) => openPlan({ data, refresh: () => {} }, null, id), (problem) => toast(problem.message, { kind: "refused" }));

// Who is sent here now, and what the map intends: of the stream while it runs, else asked for.
function Senders({ site }) {
  const asked = useResource("flows", 5);
  const told = flows.value ?? asked.data;
  const here = told?.flows.filter((each) => each.site === site.id) ?? [];
  const whole = told?.sites.find((each) => each.site === site.id);
  const total = here.reduce((sum, each) => sum + each.per_s, 0) || 1;
  return html`
    <section class="panel">
      <header><h2>${t("site.senders")}</h2>${whole && html`<span class="note">${rate(whole.per_s)} · ${t("now.share_title", { share: percent(whole.share), target: percent(whole.target) })}</span>`}</header>
      ${!told ? html`<${Unknown} problem=${asked.problem} />` : here.length === 0 ? html`<p class="note">${t("site.nobody")}</p>` : html`
        <table class="table">
          <thead><tr><th>${t("site.from")}</th><th>${t("site.by_door")}</th><th class="number">${t("now.flow")}</th><th>${t("site.of_its")}</th></tr></thead>
          <tbody>
            ${here.slice(0, 12).map(
              (each) => html`
                <tr key=${`${each.region}${each.country}${each.door}`}>
                  <th scope="row">${each.country ? country(each.country) : t("nowhere")} <small>${each.region ?? ""}${each.region && each.region !== site.region ? ` – ${t("now.away")}` : ""}</small></th>
                  <td>${each.door.toUpperCase()}</td><td class="number">${rate(each.per_s)}</td>
                  <td><progress class="share" max="1" value=${each.per_s / total} aria-hidden="true"></progress> ${percent(each.per_s / total)}</td>
                </tr>`,
            )}
          </tbody>
        </table>`}
    </section>`;
}

// N-1: the same population with this site off.
function Without({ site }) {
  const [host, setHost] = useState(null);
  const [found, setFound] = useState(null);
  const service = host ?? services.value[0]?.host;
  useEffect(() => setFound(null), [service]);
  const ask = () => {
    setFound({ busy: true });
    const body = { service, via: "dns", family: "4", population: { kind: "countries" }, changes: [{ kind: "off", site: site.id }] };
    post("simulate", body).then((answer) => setFound({ answer }), (problem) => setFound({ problem }));
  };
  return html`
    <section class="panel">
      <header>
        <h2>${t("site.without")}</h2>
        ${services.value.length > 1 && html`<select class="narrow" aria-label=${t("explain.service")} onChange=${(event) => setHost(event.target.value)}>${services.value.map((each) => html`<option>${each.host}</option>`)}</select>`}
      </header>
      ${!found && html`<p class="note">${t("site.without_what")}</p><p><button onClick=${ask} disabled=${!service}><${Icon} name="what-if" /> ${t("site.work_out")}</button></p>`}
      ${found?.busy && html`<p class="note" role="status">${t("loading")}</p>`}
      ${found?.problem && html`<p class="refused" role="alert">${found.problem.message}</p><button onClick=${ask}>${t("try_again")}</button>`}
      ${found?.answer && html`<${Moves} answer=${found.answer} site=${site} />`}
    </section>`;
}

function Moves({ answer, site }) {
  const takers = answer.moves.filter((each) => each.from === site.id).slice(0, 8);
  const sides = new Map(answer.sites.map((each) => [each.site, each]));
  return html`
    <p>${answer.sentence}</p>
    <table class="table">
      <thead><tr><th>${t("site.taken_by")}</th><th class="number">${t("site.moved")}</th><th class="number">${t("site.before")}</th><th class="number">${t("site.after")}</th></tr></thead>
      <tbody>
        ${takers.map((each) => {
          const side = sides.get(each.to);
          return html`
            <tr key=${each.to}>
              <th scope="row">${each.to ?? t("site.to_none")} ${side?.after.overloaded && html`<span class="tag over">${t("site.overloaded")}</span>`}</th>
              <td class="number">${percent(each.share)}</td><td class="number">${percent(side?.before.share)}</td><td class="number">${percent(side?.after.share)}</td>
            </tr>`;
        })}
      </tbody>
    </table>
    <p class="note">${t("site.median", { before: ms(answer.total.before.latency_ms?.p50), after: ms(answer.total.after.latency_ms?.p50) })}</p>`;
}
