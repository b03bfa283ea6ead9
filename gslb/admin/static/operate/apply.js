// From a question to the deed: as overrides with an end, or as a diff of the configuration to commit.
import { close, End, KINDS } from "../dialogs.js";
import { post } from "../fetch.js";
import { Field, Form } from "../form.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { dialog, operates } from "../state.js";
import { toast } from "../toast.js";
import { Copy } from "../words.js";
import { sentenceOf } from "./changes.js";
import { useState } from "../vendor/preact-hooks.js";

export function Apply({ changes, stale }) {
  const [written, setWritten] = useState(null);
  const [fault, setFault] = useState("");
  if (!operates()) return html`<section class="panel"><p class="note">${t("apply.who")}</p></section>`;
  const diff = () =>
    post("apply", { changes, reason: t("apply.reason_of_diff"), for_s: null, as: "diff" }).then(
      (answer) => (setWritten(answer), setFault("")),
      (problem) => setFault(problem.message),
    );
  return html`
    <section class="panel apply">
      <h2>${t("apply.title")}</h2>
      <ul class="rules">${changes.map((change) => html`<li>${changeSentence(change)}</li>`)}</ul>
      <div class="buttons">
        <button class="primary" disabled=${stale} onClick=${() => (dialog.value = { kind: "apply", changes })}>${t("apply.overrides")}</button>
        <button disabled=${stale} onClick=${diff}>${t("apply.diff")}</button>
      </div>
      ${stale && html`<p class="note">${t("apply.stale")}</p>`}
      ${fault && html`<p class="refused" role="alert">${fault}</p>`}
      ${written && html`<${Diff} written=${written} />`}
    </section>`;
}

export const changeSentence = (change) =>
  change.kind === "rule" ? sentenceOf(change.rule) : t(`apply.told.${change.kind}`, { site: change.site, weight: change.weight ?? 0 });

const Diff = ({ written }) => html`
  <div class="diff">
    <header class="heading"><p class="note">${t("apply.commit", { file: written.file })}</p><${Copy} text=${written.diff} /></header>
    <pre tabindex="0">${written.diff.split("\n").map((line) => html`<span class=${kindOf(line)}>${line}\n</span>`)}</pre>
  </div>`;

const kindOf = (line) => (/^(\+\+\+|---|@@)/.test(line) ? "place" : line.startsWith("+") ? "more" : line.startsWith("-") ? "less" : "same");

KINDS.apply = function ApplyDialog({ changes }) {
  const send = ({ reason = "", for_s: forS }, key) =>
    post("apply", { changes, reason, for_s: forS ? Number(forS) : null, as: "overrides" }, key);
  const done = () => {
    close();
    toast(t("apply.done", { n: changes.length }));
  };
  return html`
    <h2>${t("apply.overrides")}</h2>
    <p>${t("apply.what")}</p>
    <ul class="rules">${changes.map((change) => html`<li>${changeSentence(change)}</li>`)}</ul>
    <${Form} send=${send} done=${done} submit=${t("apply.do")} cancel=${close}>
      <${Field} name="reason" label=${t("drain.reason")} maxlength="200" autofocus />
      <${End} open=${false} />
    <//>`;
};
