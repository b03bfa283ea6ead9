// What runs, what is overridden, who did what, who may, and who is told.
import { remove, useResource } from "../fetch.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { Acts } from "../operate/acts.js";
import { Channels } from "../operate/channels.js";
import { Overrides } from "../operate/overrides.js";
import { When } from "../operate/parts.js";
import { Tokens } from "../operate/tokens.js";
import { me, status } from "../state.js";
import { toast } from "../toast.js";
import { Copy, Unknown } from "../words.js";

export default function Configuration() {
  return html`
    <div class="title"><h1>${t("nav.configuration")}</h1><${Everywhere} /></div>
    <div class="halves"><${Running} /><${Overrides} /></div>
    <${Acts} />
    <${Channels} />
    ${me.value.role === "operator" && html`<${Tokens} />`}`;
}

// Whoever forgot a browser somewhere ends every session of theirs, this one too.
function Everywhere() {
  if (!["session", "oidc"].includes(me.value.by)) return null;
  const end = () => remove("me/sessions").then(() => location.assign("/login"), (problem) => toast(problem.message, { kind: "refused" }));
  return html`<button class="everywhere" title=${t("log_out_everywhere_what")} onClick=${end}>${t("log_out_everywhere")}</button>`;
}

function Running() {
  const { data, problem, loading } = useResource("config", 10);
  if (!data) return html`<section class="panel"><h2>${t("config.runs")}</h2><${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} /></section>`;
  return html`
    <section class="panel">
      <h2>${t("config.runs")}</h2>
      <dl class="facts">
        <div><dt>World</dt><dd><b>${data.world}</b></dd></div>
        <div><dt>${t("config.version")}</dt><dd>${status.value.version}</dd></div>
        <div><dt>${t("config.started")}</dt><dd><${When} at=${status.value.started} /></dd></div>
        <div class="wide"><dt>${t("config.file")}</dt><dd><code>${data.file}</code></dd></div>
        <div class="wide"><dt>SHA-256</dt><dd><code class="digest" title=${data.digest}>${data.digest.slice(0, 16)}…</code> <${Copy} text=${data.digest} /></dd></div>
      </dl>
      <${Reload} reload=${data.reload} />
      <h3>${t("config.geo")}</h3>
      <ul class="plain">${data.geo.map((each) => html`<li><code>${each.path}</code> <small>${each.type}, ${each.built.slice(0, 10)}</small></li>`)}</ul>
      <details><summary>${t("config.limits")}</summary>
        <div class="scrolls"><table class="table"><tbody>${Object.entries(data.limits).map(([name, value]) => html`<tr key=${name}><th scope="row"><code>${name}</code></th><td class="number">${String(value)}</td></tr>`)}</tbody></table></div>
      </details>
    </section>`;
}

const Reload = ({ reload }) => html`
  <div class=${`reload ${reload.accepted ? "good" : "bad"}`}>
    <h3>${t(reload.accepted ? "config.accepted" : "config.refused")} <${When} at=${reload.at} /></h3>
    ${reload.faults.length > 0 && html`<ul class="plain">${reload.faults.map((fault) => html`<li><code>${fault.file}:${fault.line}</code> <b>${fault.key}</b> ${fault.message}</li>`)}</ul>`}
    ${reload.changes.length > 0 && html`<ul>${reload.changes.map((each) => html`<li>${each}</li>`)}</ul>`}
  </div>`;
