// What happened, the newest first. One cause often makes an event for every address and door: those are one line.
import { html } from "./html.js";
import { events, now } from "./state.js";
import { clock, utc } from "./words.js";

const TOGETHER_MS = 5000;

export const Events = () => html`
  <ol class="events" aria-label="Events, the newest first">
    ${groups(events.value).map(({ event, count }) => html`<${Line} key=${event.number} event=${event} count=${count} />`)}
  </ol>
  ${events.value.length === 0 && html`<p class="note">Nothing has happened yet.</p>`}`;

const Line = ({ event, count }) => html`
  <li class=${event.severity} data-number=${event.number}>
    <time datetime=${event.at} title=${utc(event.at)}>${clock(event.at, now.value)}</time>
    <span class="kind">${event.kind}</span>
    <p>${event.message}${count > 1 && html` <span class="tag">and ${count - 1} more like it</span>`}${event.who && html` <em>by ${event.who}</em>`}</p>
  </li>`;

function groups(all) {
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
