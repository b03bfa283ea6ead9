// What several views of operators are made of.
import { has, t } from "../i18n.js";
import { html } from "../html.js";
import { now, siteIds } from "../state.js";
import { both, local, utc } from "../words.js";

// A moment in the reader's own zone, and in UTC, which is what logs and colleagues abroad say.
export const When = ({ at }) => html`<time class="when" datetime=${at}><span>${local(at)}</span><small>${utc(at)}</small></time>`;

// How long until then, or how long ago, kept up to date.
export const Left = ({ until }) => {
  const seconds = (Date.parse(until) - now.value) / 1000;
  return html`<time datetime=${until} title=${both(until)}>${seconds > 0 ? t("op.in", { time: said(seconds) }) : t("time.ago", { time: said(-seconds) })}</time>`;
};

function said(seconds) {
  if (seconds < 60) return t("time.s", { n: Math.round(seconds) });
  if (seconds < 3600) return t("op.min_s", { n: Math.floor(seconds / 60), seconds: Math.floor(seconds % 60) });
  if (seconds < 48 * 3600) return t("time.h", { n: Math.floor(seconds / 3600), minutes: Math.floor((seconds % 3600) / 60) });
  return t("time.d", { n: Math.floor(seconds / 86400) });
}

export const Severity = ({ level }) => html`<span class=${`severity ${level}`}>${t(`severity.${level}`)}</span>`;

// One of a few, as buttons that look like one.
export const Switch = ({ label, options, value, choose }) => html`
  <div class="switch" role="group" aria-label=${label}>
    ${options.map(([code, text]) => html`<button type="button" key=${code} aria-pressed=${code === value} onClick=${() => choose(code)}>${text}</button>`)}
  </div>`;

export const SiteOptions = ({ chosen, blank }) => html`
  ${blank !== undefined && html`<option value="">${blank}</option>`}
  ${siteIds.value.map((id) => html`<option value=${id} selected=${id === chosen}>${id}</option>`)}`;

// `share` of the longest of what is compared; a mark at `target`.
export function Bar({ value, most, tone = "" }) {
  const width = most > 0 && value > 0 ? Math.max(1.5, (100 * value) / most) : 0;
  return html`
    <svg class=${`measure ${tone}`} viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
      <rect class="room" width="100" height="8" rx="2" /><rect class="part" width=${Math.min(100, width)} height="8" rx="2" />
    </svg>`;
}

// What the node tells in words of its own: a sentence of ours where there is one for its code.
export const told = (kind, code) => (has(`${kind}.${code}`) ? t(`${kind}.${code}`) : String(code));

export const Loading = () => html`<p class="note" role="status">${t("loading")}</p>`;
