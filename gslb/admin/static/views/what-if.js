// What if: sites off, drained, re-weighted, another rule; before and after, side by side; then done, or written down.
import { fetchJson } from "../fetch.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Apply } from "../operate/apply.js";
import { Changes } from "../operate/changes.js";
import { changes, forget, frame, question, service, takeFrom } from "../operate/question.js";
import { Result } from "../operate/result.js";
import { services } from "../state.js";
import { useEffect } from "../vendor/preact-hooks.js";
import { signal } from "../vendor/signals.js";

const found = signal(null);
const asked = signal(null); // what `found` is the answer to
const problem = signal(null);
const busy = signal(false);

async function simulate() {
  const body = question();
  busy.value = true;
  problem.value = null;
  try {
    found.value = await fetchJson("simulate", { method: "POST", body });
    asked.value = body;
  } catch (error) {
    problem.value = error;
  } finally {
    busy.value = false;
  }
}

export default function WhatIf({ query }) {
  useEffect(() => {
    if (takeFrom(query)) simulate();
  }, [query.off, query.drain]);
  const stale = found.value && JSON.stringify(asked.value) !== JSON.stringify(question());
  return html`
    <div class="title"><h1>${t("nav.what-if")}</h1><p class="note">${t("whatif.intro")}</p></div>
    <div class="whatif">
      <form class="question" onSubmit=${(event) => (event.preventDefault(), simulate())}>
        <${Population} />
        <${Changes} fault=${faultOf} />
        <div class="ask-now">
          ${problem.value && html`<${Refused} problem=${problem.value} />`}
          <button class="primary" disabled=${busy.value}>${busy.value ? t("whatif.busy") : t("whatif.do")}</button>
          <button type="button" onClick=${forget} disabled=${changes.value.length === 0}>${t("whatif.forget")}</button>
        </div>
      </form>
      <div class="answers" aria-live="polite" aria-busy=${busy.value}>
        ${!found.value && html`<section class="panel empty"><p class="note">${t("whatif.nothing")}</p></section>`}
        ${found.value && html`<${Result} found=${found.value} stale=${stale} />`}
        ${found.value && asked.value.changes.length > 0 && html`<${Apply} changes=${asked.value.changes} stale=${stale} />`}
      </div>
    </div>`;
}

// What the node says of one change, beside that change: its fields are named changes.N.….
function faultOf(index) {
  const fields = problem.value?.fields ?? {};
  return Object.entries(fields).find(([name]) => name.startsWith(`changes.${index}.`) || name === `changes.${index}`)?.[1];
}

// Those of changes are beside them, without a name here: they may be out of sight.
function Refused({ problem: { message, errors } }) {
  const told = errors.map(({ field, message: text }) => (/^changes\.\d/.test(field) ? text : `${field}: ${text}`));
  return html`<p class="refused" role="alert">${told.join("; ") || message}</p>`;
}

const set = (name) => (event) => (frame.value = { ...frame.value, [name]: event.target.value });

const Choice = ({ name, label, options, chosen = frame.value[name] }) => html`
  <label class="choice"><span>${label}</span>
    <select name=${name} onChange=${set(name)}>${options.map(([value, text]) => html`<option value=${value} selected=${chosen === value}>${text}</option>`)}</select>
  </label>`;

const Population = () => html`
  <section class="panel">
    <h2>${t("whatif.who")}</h2>
    <div class="choices">
      ${services.value.length > 1 && html`<${Choice} name="service" label=${t("search.service")} options=${services.value.map(({ host }) => [host, host])} chosen=${service.value} />`}
      <${Choice} name="population" label=${t("whatif.population")} options=${["countries", "recent", "networks"].map((kind) => [kind, t(`whatif.population.${kind}`)])} />
      <${Choice} name="via" label=${t("whatif.via")} options=${[["dns", "DNS"], ["http", "HTTP"]]} />
      <${Choice} name="family" label=${t("whatif.family")} options=${[["4", "IPv4"], ["6", "IPv6"]]} />
      <label class="choice"><span>${t("whatif.load")}</span><input name="load" type="number" min="0" step="any" value=${frame.value.load} onInput=${set("load")} placeholder=${t("whatif.load_none")} /></label>
    </div>
    ${frame.value.population === "networks" &&
    html`<label class="choice whole"><span>${t("whatif.networks")}</span><textarea name="networks" rows="5" spellcheck="false" onInput=${set("networks")} placeholder="192.0.2.0/24 10">${frame.value.networks}</textarea></label>`}
  </section>`;
