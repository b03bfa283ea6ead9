// Drains now, with what is left on them; sites that come back; and what is planned.
import { enable } from "../dialogs.js";
import { useResource } from "../fetch.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Month } from "../operate/month.js";
import { Left, Switch, When } from "../operate/parts.js";
import { cancel, openPlan } from "../operate/plan.js";
import { dialog, me, operates, siteIds, sites, steers } from "../state.js";
import { signal } from "../vendor/signals.js";
import { Mark, percent, rate, Unknown } from "../words.js";

const shape = signal(innerWidth < 720 ? "agenda" : "month");

export default function Maintenance() {
  const plans = useResource("maintenance", 15);
  const may = siteIds.value.some(steers);
  return html`
    <div class="title">
      <h1>${t("nav.maintenance")}</h1>
      ${may && html`<button class="primary" onClick=${() => openPlan(plans)}>${t("plan.open")}</button> <${DrainNow} />`}
      <a class="button" href="/api/v1/maintenance.ics" download>${t("plan.ics")}</a>
    </div>
    <div class="maintenance">
      <section class="panel"><h2>${t("drains.now")}</h2><${Drains} /></section>
      <section class="panel"><h2>${t("drains.returning")}</h2><${Returning} /></section>
    </div>
    <section class="panel">
      <header class="heading">
        <h2>${t("plan.calendar")}</h2>
        <${Switch} label=${t("plan.shape")} options=${["month", "agenda"].map((each) => [each, t(`plan.${each}`)])} value=${shape.value} choose=${(each) => (shape.value = each)} />
      </header>
      ${!plans.data && html`<${Unknown} problem=${plans.problem} what=${plans.loading ? t("loading") : undefined} />`}
      ${plans.data && (shape.value === "month" ? html`<${Month} plans=${plans.data.filter((each) => each.state !== "cancelled")} open=${(day) => may && openPlan(plans, day)} />` : html`<${Agenda} plans=${plans} />`)}
      <p class="note">${t("plan.zones", { zone: Intl.DateTimeFormat().resolvedOptions().timeZone })}</p>
    </section>`;
}

// Any site that may be drained, from here too.
function DrainNow() {
  const open = sites.value.filter((site) => !site.drain && steers(site.id));
  const choose = (event) => {
    if (event.target.value) dialog.value = { kind: "drain", site: event.target.value };
    event.target.value = "";
  };
  return html`
    <select class="drain-now" aria-label=${t("drains.start")} onChange=${choose}>
      <option value="">${t("drains.start")}</option>${open.map((site) => html`<option value=${site.id}>${site.id}</option>`)}
    </select>`;
}

function Drains() {
  const drained = sites.value.filter((site) => site.drain);
  if (!drained.length) return html`<p class="note">${t("drains.none")}</p>`;
  return html`<ul class="drains">${drained.map((site) => html`<${Drained} key=${site.id} site=${site} />`)}</ul>`;
}

function Drained({ site: { id, drain } }) {
  const { left } = drain;
  return html`
    <li data-site=${id}>
      <header><a href=${`/sites/${encodeURIComponent(id)}`}><${Mark} state="drained" /> <b>${id}</b></a> ${steers(id) && html`<button onClick=${() => enable(id)}>${t("enable.do")}</button>`}</header>
      <p>${drain.reason}</p>
      <dl class="facts">
        <div><dt>${t("drains.who")}</dt><dd>${drain.who}</dd></div>
        ${drain.owner && html`<div><dt>${t("drain.owner")}</dt><dd>${drain.owner}</dd></div>`}
        <div><dt>${t("drains.ends")}</dt><dd>${drain.until ? html`<b><${Left} until=${drain.until} /></b> <${When} at=${drain.until} />` : t("drain.until_enabled")}</dd></div>
        <div><dt>${t("drains.left")}</dt><dd class="left">${left ? html`<b>${rate(left.per_s)}</b> <small>${percent(left.share)}</small>` : t("drains.not_counted")}</dd></div>
      </dl>
    </li>`;
}

function Returning() {
  const back = sites.value.filter((site) => site.condition === "starting");
  if (!back.length) return html`<p class="note">${t("drains.none_returning")}</p>`;
  return html`
    <ul class="drains">
      ${back.map(
        (site) => html`
          <li key=${site.id} data-site=${site.id}>
            <a href=${`/sites/${encodeURIComponent(site.id)}`}><${Mark} state="starting" /> <b>${site.id}</b></a>
            <progress class="share" max="10" value=${site.ramp} aria-label=${t("now.step", { n: site.ramp })}></progress> <span>${t("now.step", { n: site.ramp })}</span>
          </li>`,
      )}
    </ul>`;
}

function Agenda({ plans }) {
  if (!plans.data.length) return html`<p class="note">${t("plan.none")}</p>`;
  return html`
    <div class="scrolls" tabindex="0" role="region" aria-label=${t("plan.calendar")}>
      <table class="table">
        <thead><tr>${["state", "site", "start", "end", "reason", "owner"].map((name) => html`<th scope="col">${t(`plan.${name}`)}</th>`)}<th scope="col"><span class="unseen">${t("now.acts")}</span></th></tr></thead>
        <tbody>
          ${plans.data.map(
            (each) => html`
              <tr key=${each.id} data-plan=${each.id} class=${each.state}>
                <td><span class=${`tag plan-${each.state}`}>${t(`plan.is.${each.state}`)}</span></td><th scope="row">${each.site}</th>
                <td><${When} at=${each.start} /></td><td><${When} at=${each.end} /></td>
                <td>${each.reason}</td><td>${each.owner ?? each.who}</td>
                <td>${["planned", "running"].includes(each.state) && (operates() || steers(each.site)) && me.value.by !== "loopback" && html`<button onClick=${() => cancel(each, plans)}>${t(each.state === "running" ? "plan.end_now" : "plan.cancel")}</button>`}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}
