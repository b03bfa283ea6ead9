// What of the configuration is overridden, and taking it back.
import { remove, useResource } from "../fetch.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { operates } from "../state.js";
import { toast } from "../toast.js";
import { Unknown } from "../words.js";
import { sentenceOf } from "./changes.js";
import { Left, When } from "./parts.js";

export function Overrides() {
  const { data, problem, loading, refresh } = useResource("overrides", 10);
  const end = (each) => remove(`overrides/${encodeURIComponent(each.id)}`).then(() => (refresh(), toast(t("override.ended"))), (found) => toast(found.message, { kind: "refused" }));
  return html`
    <section class="panel">
      <header class="heading"><h2>${t("override.title")}</h2><a class="button" href="/what-if">${t("override.new")}</a></header>
      ${!data && html`<${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />`}
      ${data?.length === 0 && html`<p class="note">${t("override.none")}</p>`}
      <ul class="drains">
        ${data?.map(
          (each) => html`
            <li key=${each.id} data-override=${each.id}>
              <header><b>${each.kind === "rule" ? sentenceOf(each.rule) : t("override.weight", { site: each.site, weight: each.weight, configured: each.configured_weight ?? "–" })}</b>${operates() && html`<button onClick=${() => end(each)}>${t("override.end")}</button>`}</header>
              <p>${each.reason}</p>
              <small>${each.who}${each.service && ` · ${each.service}`} · ${each.until ? html`${t("drains.ends")} <${Left} until=${each.until} />, <${When} at=${each.until} />` : t("override.for_ever")}</small>
            </li>`,
        )}
      </ul>
    </section>`;
}
