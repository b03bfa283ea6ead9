// Who boots here: by kind of boot loader, what succeeds, what comes back, what can't follow.
import { useResource } from "../fetch.js";
import { html } from "../html.js";
import { number, t } from "../i18n.js";
import { Bar, Switch } from "../operate/parts.js";
import { signal } from "../vendor/signals.js";
import { percent, Unknown } from "../words.js";

const range = signal("1h");
const COUNTS = ["requests", "redirected", "served_through", "scripts", "retries", "avoided", "refused", "errors"];

export default function Clients() {
  const { data, problem, loading } = useResource(`clients?range=${range.value}`, 15);
  const kinds = data?.kinds.filter((each) => COUNTS.some((name) => each[name] > 0)) ?? [];
  return html`
    <div class="title"><h1>${t("nav.clients")}</h1>
      <${Switch} label=${t("range")} options=${["1h", "24h"].map((each) => [each, t(`range.${each}`)])} value=${range.value} choose=${(each) => (range.value = each)} /></div>
    <p class="note">${t("clients.intro")}</p>
    ${!data && html`<${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />`}
    ${data && kinds.length === 0 && html`<section class="panel"><p class="note">${t("clients.none")}</p></section>`}
    ${kinds.length > 0 &&
    html`
      <div class="halves">
        <section class="panel"><h2>${t("clients.how")}</h2><${Outcomes} kinds=${kinds} /></section>
        <section class="panel"><h2>${t("clients.failures")}</h2><${Failures} failures=${data.failures} /></section>
      </div>
      <section class="panel flush"><header class="heading"><h2>${t("clients.kinds")}</h2></header><${Kinds} kinds=${kinds} /></section>`}`;
}

const PARTS = ["redirected", "served_through", "scripts", "refused", "errors"];

// What became of the requests of each kind: a bar as long as all of them, in parts.
function Outcomes({ kinds }) {
  const most = Math.max(...kinds.map((each) => each.requests), 1);
  return html`
    <p class="legend-of">${PARTS.map((part) => html`<span><i class=${`swatch of-${part}`}></i> ${t(`clients.${part}`)}</span>`)}</p>
    <ul class="outcomes">
      ${kinds.map(
        (each) => html`
          <li key=${each.kind}><span>${nameOf(each.kind)}</span>
            <svg viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label=${t("clients.bar", { kind: nameOf(each.kind), n: each.requests, success: percent(success(each)) })}><${Parts} kind=${each} most=${most} /></svg>
            <span class="number">${percent(success(each))}</span></li>`,
      )}
    </ul>`;
}

function Parts({ kind, most }) {
  let x = 0;
  return PARTS.map((part) => {
    const width = (100 * kind[part]) / most;
    x += width;
    return width > 0 && html`<rect class=${`of-${part}`} x=${x - width} width=${Math.max(0.4, width)} height="8" />`;
  });
}

// Answered as wanted, and not come back for another site.
const success = ({ requests, refused, errors, retries, avoided }) =>
  requests ? Math.max(0, requests - refused - errors - retries - avoided) / requests : null;

const NAMES = { ipxe: "iPXE", grub: "GRUB", uefi: "UEFI HTTP Boot", rpi: "Raspberry Pi", busybox: "BusyBox", wget: "Wget", wget2: "Wget2", curl: "curl", apt: "APT", aria2: "aria2" };
const nameOf = (kind) => NAMES[kind] ?? t(`clients.kind.${kind}`);

const Kinds = ({ kinds }) => html`
  <div class="scrolls" tabindex="0" role="region" aria-label=${t("clients.kinds")}>
    <table class="table">
      <thead><tr><th scope="col">${t("clients.kind")}</th>${COUNTS.map((name) => html`<th scope="col" class="number" title=${t(`clients.${name}_title`)}>${t(`clients.${name}`)}</th>`)}<th scope="col" class="number">${t("clients.success")}</th><th scope="col">${t("clients.follows")}</th></tr></thead>
      <tbody>
        ${kinds.map(
          (each) => html`
            <tr key=${each.kind}><th scope="row">${nameOf(each.kind)}</th>${COUNTS.map((name) => html`<td class=${`number ${["retries", "avoided", "errors"].includes(name) && each[name] > 0 ? "over" : ""}`}>${number(each[name])}</td>`)}
              <td class="number">${percent(success(each))}</td><td>${each.cannot_follow ? html`<span class="tag">${t("clients.cannot")}</span>` : t("clients.can")}</td></tr>`,
        )}
      </tbody>
    </table>
  </div>`;

function Failures({ failures }) {
  if (!failures.length) return html`<p class="note">${t("clients.no_failures")}</p>`;
  const most = Math.max(...failures.map((each) => each.retries + each.avoided));
  return html`
    <p class="note">${t("clients.failures_what")}</p>
    <ul class="moves">
      ${failures.map((each) => html`<li key=${each.site}><a href=${`/sites/${encodeURIComponent(each.site)}`}>${each.site}</a><${Bar} value=${each.retries + each.avoided} most=${most} tone="after over" /><span class="number">${number(each.retries + each.avoided)} <small>${percent(each.share)}</small></span></li>`)}
    </ul>`;
}
