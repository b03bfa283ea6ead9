// What happened, the newest first. One cause often makes an event for every address and door: those are one line.
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { events, now } from "./state.js";
import { both, clock } from "./words.js";
import { useComputed } from "./vendor/signals.js";

const TOGETHER_MS = 5000;

// `of` chooses events; without it, all. `more` are others, from before those that the page has kept.
export const Events = ({ of = () => true, more = [] }) => {
  const live = events.value.filter(of);
  const known = new Set(live.map((event) => event.number));
  const shown = groups([...live, ...more.filter((event) => !known.has(event.number))].sort((a, b) => b.number - a.number));
  return html`
    <ol class="events" aria-label=${t("events.label")} tabindex="0">
      ${shown.map(({ event, count }) => html`<${Line} key=${event.number} event=${event} count=${count} />`)}
    </ol>
    ${shown.length === 0 && html`<p class="note">${t("events.none")}</p>`}`;
};

const Line = ({ event, count }) => {
  const time = useComputed(() => clock(event.at, now.value));
  return html`
    <li class=${event.severity} data-number=${event.number}>
      <time datetime=${event.at} title=${both(event.at)}>${time}</time>
      <span class="kind" title=${event.kind}>${word("event", event.kind)}</span>
      <p>
        ${event.message}${count > 1 && html` <span class="tag">${t("events.more", { n: count - 1 })}</span>`}
        ${event.who && html` <em>${t("events.by", { who: event.who })}</em>`}
      </p>
    </li>`;
};

export function groups(all) {
  const found = [];
  for (const event of all) {
    const alike = found.findLast((group) => like(group.event, event));
    if (alike) alike.count += 1;
    else found.push({ event, count: 1 });
  }
  return found;
}

const like = (a, b) =>
  a.kind === b.kind && a.subject === b.subject && Math.abs(Date.parse(a.at) - Date.parse(b.at)) < TOGETHER_MS;
