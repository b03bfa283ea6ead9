// What an operator is asked before something is done. `dialog.value = {kind, …}` opens one of KINDS, null closes it.
import { post } from "./fetch.js";
import { Field, Form } from "./form.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { dialog, putSite } from "./state.js";
import { toast } from "./toast.js";
import { useLayoutEffect, useRef } from "./vendor/preact-hooks.js";

export const ENDS = { "1h": 3600, "2h": 7200, "8h": 28800, "1d": 86400, "7d": 604800, "30d": 2592000 };

// Other modules put theirs in: KINDS.plan = Plan; a component gets what is in `dialog`, and `close`.
export const KINDS = { drain: Drain };

export const close = () => (dialog.value = null);

export function Dialog() {
  const frame = useRef(null);
  const open = dialog.value;
  // Before the browser gets to tell of the last one's end: that must not end the next one.
  useLayoutEffect(() => {
    if (open && !frame.current.open) frame.current.showModal();
    if (!open && frame.current.open) frame.current.close();
  }, [open]);
  const Kind = open && KINDS[open.kind];
  return html`
    <dialog ref=${frame} class=${open?.kind} onClose=${() => frame.current.open || close()} onClick=${(event) => event.target === frame.current && close()}>
      ${Kind && html`<${Kind} ...${open} close=${close} key=${JSON.stringify(open)} />`}
    </dialog>`;
}

export const End = ({ name = "for_s", chosen = "2h", open = true }) => html`
  <${Field} name=${name} label=${t("drain.for")} control=${(own) => html`
    <select ...${own}>
      ${Object.entries(ENDS).map(([key, seconds]) => html`<option value=${seconds} selected=${key === chosen}>${t(`for.${key}`)}</option>`)}
      ${open && html`<option value="">${t("drain.until_enabled")}</option>`}
    </select>`} />`;

export const at = (site) => `sites/${encodeURIComponent(site)}`;

function Drain({ site, close }) {
  const send = ({ reason = "", for_s: forS, owner }, key) =>
    post(`${at(site)}/drain`, { reason, ...(forS && { for_s: Number(forS) }), ...(owner && { owner }) }, key);
  const done = (view) => {
    putSite(view);
    close();
    toast(t("drain.told", { site }), { act: { label: t("enable.do"), run: () => enable(site) } });
  };
  return html`
    <h2>${t("drain.title", { site })}</h2>
    <p>${t("drain.what")}</p>
    <${Form} send=${send} done=${done} submit=${t("drain.do")} cancel=${close}>
      <${Field} name="reason" label=${t("drain.reason")} maxlength="200" autofocus />
      <${End} />
      <${Field} name="owner" label=${t("drain.owner")} hint=${t("drain.owner_hint")} maxlength="200" />
    <//>`;
}

export function enable(site) {
  return post(`${at(site)}/enable`).then(
    (view) => (putSite(view), toast(t("enable.told", { site }))),
    (problem) => toast(problem.message, { kind: "refused" }),
  );
}
