// The changes that are asked about: every site with its state and weight, and rules.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { regions, siteOf } from "../state.js";
import { Mark } from "../words.js";
import { changes, rules, setState, setWeight, states, weights } from "./question.js";
import { useState } from "../vendor/preact-hooks.js";

const HIGHEST = 400; // of the slider; a number may be higher

export const Changes = ({ fault }) => html`
  <section class="panel">
    <h2>${t("whatif.sites")}</h2>
    ${regions.value.map(
      ([region, sites]) => html`
        <fieldset key=${region} class="sites-of">
          <legend>${region}</legend>
          ${sites.map((site) => html`<${Site} key=${site.id} id=${site.id} fault=${fault} />`)}
        </fieldset>`,
    )}
  </section>
  <${Rules} fault=${fault} />`;

function Site({ id, fault }) {
  const site = siteOf(id)?.value;
  if (!site) return null;
  const state = states.value[id] ?? "";
  const weight = weights.value[id] ?? site.weight;
  const wrong = changes.value.map((each, index) => each.site === id && fault(index)).find(Boolean);
  const put = (event) => setWeight(id, event.target.value === "" ? NaN : Number(event.target.value), site.weight);
  return html`
    <div class=${`change ${state} ${weight === site.weight ? "" : "weighed"}`} data-site=${id}>
      <span class="name"><${Mark} state=${site.condition} /> ${id}</span>
      <select aria-label=${t("whatif.state_of", { site: id })} value=${state} onChange=${(event) => setState(id, event.target.value)}>
        <option value="">${t("whatif.as_it_is")}</option><option value="off">${t("whatif.off")}</option><option value="drain">${t("whatif.drain")}</option>
      </select>
      <input type="range" min="0" max=${HIGHEST} step="5" value=${Math.min(weight, HIGHEST)} onInput=${put} disabled=${state !== ""} aria-label=${t("whatif.weight_of", { site: id })} />
      <input type="number" min="0" max="10000" step="1" value=${weight} onInput=${put} disabled=${state !== ""} aria-label=${t("whatif.weight_of", { site: id })} />
      ${wrong && html`<p class="refused" role="alert">${wrong}</p>`}
    </div>`;
}

function Rules({ fault }) {
  const first = changes.value.length - rules.value.length;
  const drop = (index) => (rules.value = rules.value.filter((_, other) => other !== index));
  return html`
    <section class="panel">
      <h2>${t("whatif.rules")}</h2>
      ${rules.value.length > 0 &&
      html`<ul class="rules">
        ${rules.value.map(
          (rule, index) => html`
            <li key=${index}><span>${sentenceOf(rule)}</span><button type="button" class="bare" onClick=${() => drop(index)} aria-label=${t("whatif.drop_rule")}>✕</button>
              ${fault(first + index) && html`<p class="refused" role="alert">${fault(first + index)}</p>`}
            </li>`,
        )}
      </ul>`}
      <${NewRule} />
    </section>`;
}

export function sentenceOf(rule) {
  const who = Object.entries(rule.match).map(([kind, value]) => `${t(`rule.${kind}`)} ${[value].flat().join(", ")}`).join(" / ");
  const act = ["prefer", "only", "never"].find((each) => rule[each]?.length);
  return act ? t(`rule.told.${act}`, { who, where: [rule[act]].flat().join(", ") }) : who;
}

// Not a form: it stands in one.
function NewRule() {
  const [draft, setDraft] = useState({ kind: "country", value: "", act: "prefer", where: "" });
  const [missing, setMissing] = useState("");
  const put = (name) => (event) => setDraft({ ...draft, [name]: event.target.value });
  const listed = (text) => text.split(/[\s,]+/).filter(Boolean);
  const add = () => {
    const [match, where] = [listed(draft.value), listed(draft.where)];
    if (!match.length || !where.length) return setMissing(match.length ? "where" : "value");
    setMissing("");
    const values = draft.kind === "asn" ? match.map((each) => Number(each.replace(/^AS/i, ""))) : draft.kind === "country" ? match.map((each) => each.toUpperCase()) : match;
    rules.value = [...rules.value, { match: { [draft.kind]: values.length === 1 ? values[0] : values }, [draft.act]: where }];
    setDraft({ ...draft, value: "", where: "" });
  };
  const enter = (event) => event.key === "Enter" && (event.preventDefault(), add());
  return html`
    <div class="new-rule">
      <label class="choice"><span>${t("rule.clients")}</span><select onChange=${put("kind")} name="rule-kind">${["country", "asn", "network"].map((kind) => html`<option value=${kind} selected=${kind === draft.kind}>${t(`rule.${kind}`)}</option>`)}</select></label>
      <label class="choice"><span>${t(`rule.${draft.kind}`)}</span><input name="rule-value" value=${draft.value} onInput=${put("value")} onKeyDown=${enter} placeholder=${{ country: "JP", asn: "2500", network: "192.0.2.0/24" }[draft.kind]} aria-invalid=${missing === "value" || undefined} /></label>
      <label class="choice"><span>${t("rule.act")}</span><select onChange=${put("act")} name="rule-act">${["prefer", "only", "never"].map((act) => html`<option value=${act} selected=${act === draft.act}>${t(`rule.${act}`)}</option>`)}</select></label>
      <label class="choice"><span>${t("rule.where")}</span><input name="rule-where" list="places" value=${draft.where} onInput=${put("where")} onKeyDown=${enter} aria-invalid=${missing === "where" || undefined} /></label>
      <datalist id="places">${regions.value.flatMap(([region, sites]) => [region, ...sites.map((site) => site.id)]).map((name) => html`<option value=${name}></option>`)}</datalist>
      <button type="button" onClick=${add}>${t("whatif.add_rule")}</button>
      ${missing && html`<p class="refused" role="alert">${t(`rule.missing.${missing}`)}</p>`}
    </div>`;
}
