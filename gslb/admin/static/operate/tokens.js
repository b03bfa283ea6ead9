// Tokens: who has one, making one (shown once), taking one away.
import { post, remove, useResource } from "../fetch.js";
import { close, KINDS } from "../dialogs.js";
import { Field, Form } from "../form.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { dialog, operates, siteIds } from "../state.js";
import { toast } from "../toast.js";
import { Ago, Copy, Unknown } from "../words.js";
import { When } from "./parts.js";
import { useState } from "../vendor/preact-hooks.js";

const LIFETIMES = { "1d": 86400, "7d": 604800, "30d": 2592000, "1y": 31536000 };
let refreshTokens = () => {};

export function Tokens() {
  const { data, problem, loading, refresh } = useResource("tokens", 30);
  refreshTokens = refresh;
  const revoke = (token) => remove(`tokens/${encodeURIComponent(token.id)}`).then(() => (refresh(), toast(t("tokens.revoked", { name: token.name }))), (found) => toast(found.message, { kind: "refused" }));
  return html`
    <section class="panel">
      <header class="heading"><h2>${t("tokens.title")}</h2>${operates() && html`<button onClick=${() => (dialog.value = { kind: "token" })}>${t("tokens.new")}</button>`}</header>
      ${!data && html`<${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />`}
      ${data?.length > 0 &&
      html`<div class="scrolls" tabindex="0" role="region" aria-label=${t("tokens.title")}><table class="table tokens">
        <thead><tr>${["name", "role", "sites", "created", "expires", "last_used"].map((name) => html`<th scope="col">${t(`tokens.${name}`)}</th>`)}<th scope="col"><span class="unseen">${t("now.acts")}</span></th></tr></thead>
        <tbody>${data.map((each) => html`<${Row} key=${each.id} token=${each} revoke=${revoke} />`)}</tbody>
      </table></div>`}
    </section>`;
}

const Row = ({ token, revoke }) => html`
  <tr class=${token.revoked ? "over-and-done" : ""}>
    <th scope="row">${token.name}</th><td>${t(`role.${token.role}`)}</td><td>${token.sites.join(", ") || "–"}</td>
    <td>${token.from === "configuration" ? t("tokens.configured") : html`${token.created_by} <${When} at=${token.created} />`}</td>
    <td>${token.revoked ? html`<span class="tag">${t("tokens.is_revoked")}</span>` : token.expires ? html`<${When} at=${token.expires} />` : t("tokens.never")}</td>
    <td>${token.last_used ? html`<${Ago} at=${token.last_used} />` : "–"}</td>
    <td>${token.from === "api" && !token.revoked && operates() && html`<button onClick=${() => revoke(token)}>${t("tokens.revoke")}</button>`}</td>
  </tr>`;

KINDS.token = function NewToken() {
  const [role, setRole] = useState("viewer");
  const [made, setMade] = useState(null);
  if (made) {
    return html`
      <h2>${t("tokens.made", { name: made.name })}</h2><p>${t("tokens.once")}</p>
      <pre class="secret" tabindex="0">${made.token}</pre>
      <div class="buttons"><${Copy} text=${made.token} /><button class="primary" onClick=${close}>${t("tokens.kept")}</button></div>`;
  }
  const send = async ({ name = "", expires_in_s: expires, sites }, key) =>
    post("tokens", { name, role, sites: role === "owner" ? (sites ?? "").split(/[\s,]+/).filter(Boolean) : [], expires_in_s: expires ? Number(expires) : null }, key);
  return html`
    <h2>${t("tokens.new")}</h2>
    <${Form} send=${send} done=${(answer) => (setMade(answer), refreshTokens())} submit=${t("tokens.make")} cancel=${close}>
      <${Field} name="name" label=${t("tokens.name")} hint=${t("tokens.name_hint")} maxlength="200" autofocus />
      <${Field} name="role" label=${t("tokens.role")} control=${(own) => html`<select ...${own} onChange=${(event) => setRole(event.target.value)}>${["viewer", "owner", "operator"].map((each) => html`<option value=${each} selected=${each === role}>${t(`role.${each}`)}</option>`)}</select>`} />
      ${role === "owner" && html`<${Field} name="sites" label=${t("tokens.sites")} hint=${t("tokens.sites_hint")} list="owned-sites" /><datalist id="owned-sites">${siteIds.value.map((id) => html`<option value=${id}></option>`)}</datalist>`}
      <${Field} name="expires_in_s" label=${t("tokens.expires")} control=${(own) => html`<select ...${own}>${Object.entries(LIFETIMES).map(([name, seconds]) => html`<option value=${seconds} selected=${name === "30d"}>${t(`tokens.for.${name}`)}</option>`)}<option value="">${t("tokens.never")}</option></select>`} />
    <//>`;
};
