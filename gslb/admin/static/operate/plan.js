// Planning a drain: the dialog, what it would clash with, and taking a plan back.
import { close, KINDS } from "../dialogs.js";
import { post, remove } from "../fetch.js";
import { Field, Form } from "../form.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { dialog, siteIds, siteOf, steers } from "../state.js";
import { toast } from "../toast.js";
import { both, utc } from "../words.js";
import { useState } from "../vendor/preact-hooks.js";

let known = { data: [], refresh: () => {} };

export function openPlan(plans, day, site = "") {
  known = plans;
  const start = day ? new Date(day.getFullYear(), day.getMonth(), day.getDate(), 2) : new Date(Math.ceil((Date.now() + 60_000) / 3_600_000) * 3_600_000);
  dialog.value = { kind: "plan", start: start.getTime(), site };
}

export const cancel = (plan, plans) =>
  remove(`maintenance/${encodeURIComponent(plan.id)}`).then(
    () => (plans.refresh(), toast(t("plan.cancelled", { site: plan.site }))),
    (problem) => toast(problem.message, { kind: "refused" }),
  );

const field = (time) => {
  const at = new Date(time - new Date(time).getTimezoneOffset() * 60_000);
  return at.toISOString().slice(0, 16);
};

const isoOf = (text) => (text && !Number.isNaN(Date.parse(text)) ? new Date(text).toISOString() : text);

KINDS.plan = function Plan({ start: first, site: chosen, close: shut }) {
  const [site, setSite] = useState(chosen);
  const [start, setStart] = useState(field(first));
  const [end, setEnd] = useState(field(first + 2 * 3_600_000));
  const send = ({ reason = "", owner }, key) => post("maintenance", { site, start: isoOf(start), end: isoOf(end), reason, owner: owner ?? null }, key);
  const done = (plan) => {
    close();
    known.refresh();
    toast([t("plan.planned", { site: plan.site }), ...(plan.warnings ?? [])].join(" "));
  };
  const clashes = clashing(site, start, end);
  return html`
    <h2>${t("plan.title")}</h2>
    <p>${t("plan.what")}</p>
    <${Form} send=${send} done=${done} submit=${t("plan.do")} cancel=${shut}>
      <${Field} name="site" label=${t("plan.site")} control=${(own) => html`
        <select ...${own} value=${site} onChange=${(event) => setSite(event.target.value)}><option value="">${t("plan.choose")}</option>${siteIds.value.filter(steers).map((id) => html`<option value=${id} selected=${id === site}>${id}</option>`)}</select>`} />
      <${Moment} name="start" value=${start} set=${setStart} />
      <${Moment} name="end" value=${end} set=${setEnd} />
      <${Field} name="reason" label=${t("drain.reason")} maxlength="200" />
      <${Field} name="owner" label=${t("drain.owner")} hint=${t("drain.owner_hint")} maxlength="200" />
      ${clashes.length > 0 && html`<div class="clash" role="status"><b>${t("plan.clash")}</b><ul>${clashes.map((each) => html`<li>${each}</li>`)}</ul></div>`}
    <//>`;
};

const Moment = ({ name, value, set }) => {
  const iso = isoOf(value);
  const hint = value && iso !== value ? utc(iso) : "";
  return html`<${Field} name=${name} label=${t(`plan.${name}`)} hint=${hint} control=${(own) => html`<input type="datetime-local" ...${own} value=${value} onInput=${(event) => set(event.target.value)} />`} />`;
};

// Other sites of the region that are drained or planned to be at that time, and how many would be left.
function clashing(site, start, end) {
  const own = siteOf(site)?.value;
  const [from, to] = [Date.parse(start), Date.parse(end)];
  if (!own || !(from < to)) return [];
  const regionOf = (id) => siteOf(id)?.value?.region;
  const others = (known.data ?? []).filter((each) => ["planned", "running"].includes(each.state) && regionOf(each.site) === own.region && Date.parse(each.start) < to && Date.parse(each.end) > from);
  const out = new Set([site, ...others.map((each) => each.site)]);
  const all = siteIds.value.filter((id) => regionOf(id) === own.region);
  const told = others.map((each) => t("plan.clash_with", { site: each.site, start: both(each.start), reason: each.reason }));
  const left = all.filter((id) => !out.has(id) && ["up", "starting", "partial"].includes(siteOf(id).value.condition));
  if (left.length === 0) told.push(t("plan.clash_none", { region: own.region }));
  else if (left.length * 2 < all.length) told.push(t("plan.clash_few", { region: own.region, n: left.length, all: all.length }));
  return told;
}
