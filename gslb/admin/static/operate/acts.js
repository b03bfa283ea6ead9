// Every act with who, what and why; and taking it back.
import { close, KINDS } from "../dialogs.js";
import { fetchJson, post } from "../fetch.js";
import { Field, Form } from "../form.js";
import { html } from "../html.js";
import { t, word } from "../i18n.js";
import { dialog, events, me } from "../state.js";
import { toast } from "../toast.js";
import { Unknown, utc } from "../words.js";
import { sentenceOf } from "./changes.js";
import { When } from "./parts.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";

const PAGE = 50;
let refreshActs = () => {};

export function Acts() {
  const [acts, setActs] = useState(null);
  const [problem, setProblem] = useState(null);
  const [more, setMore] = useState(false);
  const [filter, setFilter] = useState({ who: "", subject: "" });
  const wanted = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
  const load = (before) =>
    fetchJson(`acts?${new URLSearchParams({ limit: PAGE, ...wanted, ...(before && { before }) })}`).then(
      (page) => (setActs((old) => (before ? [...old, ...page] : page)), setMore(page.length === PAGE), setProblem(null)),
      setProblem,
    );
  refreshActs = () => load();
  useEffect(() => void load(), [events.value[0]?.number, filter.who, filter.subject]);
  const put = (name) => (event) => setFilter({ ...filter, [name]: event.target.value.trim() });
  return html`
    <section class="panel">
      <header class="heading"><h2>${t("acts.title")}</h2>
        <div class="filters"><label class="choice"><span>${t("acts.who")}</span><input type="search" onChange=${put("who")} spellcheck="false" /></label><label class="choice"><span>${t("acts.subject")}</span><input type="search" onChange=${put("subject")} spellcheck="false" /></label></div></header>
      ${!acts && html`<${Unknown} problem=${problem} what=${problem ? undefined : t("loading")} />`}
      ${acts?.length === 0 && html`<p class="note">${t("acts.none")}</p>`}
      ${acts?.length > 0 && html`<${List} acts=${acts} />`}
      ${more && html`<button onClick=${() => load(acts.at(-1).number)}>${t("timeline.more")}</button>`}
    </section>`;
}

const List = ({ acts }) => html`
  <div class="scrolls" tabindex="0" role="region" aria-label=${t("acts.title")}>
    <table class="table acts">
      <thead><tr><th scope="col">${t("acts.at")}</th><th scope="col">${t("acts.who")}</th><th scope="col">${t("acts.action")}</th><th scope="col">${t("acts.subject")}</th><th scope="col">${t("acts.why")}</th><th scope="col">${t("acts.change")}</th><th scope="col"><span class="unseen">${t("now.acts")}</span></th></tr></thead>
      <tbody>
        ${acts.map(
          (act) => html`
            <tr key=${act.number} data-act=${act.number}>
              <td><${When} at=${act.at} /></td><td><b>${act.who}</b> <small>${word("role", act.role)}</small></td><td>${word("act", act.action)} <small>#${act.number}</small></td><td>${act.subject}</td><td>${act.why}</td>
              <td class="difference"><${Difference} act=${act} /></td>
              <td>${act.undone_by ? html`<span class="tag">${t("acts.undone", { n: act.undone_by })}</span>` : act.undoable && me.value.by !== "loopback" && me.value.role !== "viewer" && html`<button onClick=${() => (dialog.value = { kind: "undo", act })}>${t("acts.undo")}</button>`}
                ${act.undoes && html`<span class="tag">${t("acts.undoes", { n: act.undoes })}</span>`}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;

// What the other columns say, or what is said twice.
const QUIET = new Set(["id", "since", "who", "reason", "why", "kind", "service", "site", "name", "created", "created_by", "configured_weight", "left"]);

// The fields that are other than before.
function Difference({ act: { before, after } }) {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => !QUIET.has(name) && JSON.stringify(before[name] ?? null) !== JSON.stringify(after[name] ?? null));
  return names.slice(0, 6).map((name) => html`<span><code>${name}</code> ${before[name] == null ? "" : html`<s>${said(before[name])}</s> `}${after[name] == null ? "" : html`<b>${said(after[name])}</b>`}</span> `);
}

function said(value) {
  if (Array.isArray(value)) return value.map(said).join(", ");
  if (typeof value === "object") return value.match ? sentenceOf(value) : JSON.stringify(value);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? utc(value) : String(value);
}

KINDS.undo = function Undo({ act }) {
  const send = ({ why }, key) => post(`acts/${act.number}/undo`, { why: why ?? null }, key);
  const done = () => {
    close();
    refreshActs();
    toast(t("acts.taken_back", { n: act.number }));
  };
  return html`
    <h2>${t("acts.undo_title", { n: act.number })}</h2>
    <p>${word("act", act.action)}: <b>${act.subject}</b>, ${act.who}${act.why && ` – ${act.why}`}</p>
    <${Form} send=${send} done=${done} submit=${t("acts.undo")} cancel=${close}><${Field} name="why" label=${t("acts.why")} maxlength="200" autofocus /><//>`;
};
