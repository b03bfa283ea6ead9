// Who is told of incidents, and whether that works.
import { post, useResource } from "../fetch.js";
import { html } from "../html.js";
import { t, word } from "../i18n.js";
import { operates } from "../state.js";
import { toast } from "../toast.js";
import { Ago, Mark, Unknown } from "../words.js";

export function Channels() {
  const { data, problem, loading, refresh } = useResource("alerts", 10);
  const test = (name) => post(`alerts/${encodeURIComponent(name)}/test`).then(() => (refresh(), toast(t("alerts.tested", { name }))), (found) => (refresh(), toast(found.message, { kind: "refused" })));
  return html`
    <section class="panel">
      <header class="heading"><h2>${t("alerts.title")}</h2><a class="button" href="/alerts.atom">${t("incident.feed")}</a></header>
      ${!data && html`<${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />`}
      ${data?.length === 0 && html`<p class="note">${t("alerts.none")}</p>`}
      ${data?.length > 0 &&
      html`<div class="scrolls" tabindex="0" role="region" aria-label=${t("alerts.title")}><table class="table">
        <thead><tr>${["name", "kind", "for", "quiet", "last_sent", "waiting", "failures"].map((name) => html`<th scope="col">${t(`alerts.${name}`)}</th>`)}<th scope="col"><span class="unseen">${t("now.acts")}</span></th></tr></thead>
        <tbody>${data.map((each) => html`<${Channel} key=${each.name} each=${each} test=${test} />`)}</tbody>
      </table></div>`}
    </section>`;
}

const said = (value) => (value === null || value === undefined ? "–" : Array.isArray(value) ? value.join(", ") || "–" : typeof value === "object" ? Object.entries(value).filter(([, each]) => each !== null && String(each) !== "").map(([name, each]) => `${name} ${each}`).join(", ") || "–" : String(value));

const Channel = ({ each, test }) => html`
  <tr>
    <th scope="row"><${Mark} state=${each.last_error ? "down" : each.last_sent ? "up" : "unknown"} label=${each.last_error ?? ""} /> ${each.name}</th>
    <td>${word("alerts.kind", each.kind)}</td><td>${said(each.for)}</td><td>${said(each.quiet)}</td>
    <td>${each.last_sent ? html`<${Ago} at=${each.last_sent} />` : "–"}${each.last_error && html`<p class="refused">${each.last_error}</p>`}</td>
    <td class="number">${each.waiting}</td><td class="number">${each.failures}</td>
    <td>${operates() && html`<button onClick=${() => test(each.name)}>${t("alerts.test")}</button>`}</td>
  </tr>`;
