// A month of what is planned, in the reader's own zone.
import { html } from "../html.js";
import { language, t } from "../i18n.js";
import { both } from "../words.js";
import { useState } from "../vendor/preact-hooks.js";

const DAY_MS = 86_400_000;

export function Month({ plans, open }) {
  const [shift, setShift] = useState(0);
  const today = new Date();
  const first = new Date(today.getFullYear(), today.getMonth() + shift, 1);
  const days = daysOf(first);
  const name = new Intl.DateTimeFormat(language.value, { month: "long", year: "numeric" }).format(first);
  return html`
    <div class="month">
      <header>
        <button onClick=${() => setShift(shift - 1)} aria-label=${t("plan.earlier")}>‹</button><b aria-live="polite">${name}</b><button onClick=${() => setShift(shift + 1)} aria-label=${t("plan.later")}>›</button>
        ${shift !== 0 && html`<button onClick=${() => setShift(0)}>${t("plan.today")}</button>`}
      </header>
      <table>
        <thead><tr>${days.slice(0, 7).map((day) => html`<th scope="col">${new Intl.DateTimeFormat(language.value, { weekday: "short" }).format(day)}</th>`)}</tr></thead>
        <tbody>
          ${[0, 1, 2, 3, 4, 5].map((week) => html`<tr>${days.slice(7 * week, 7 * week + 7).map((day) => html`<${Day} day=${day} month=${first.getMonth()} plans=${plans} open=${open} />`)}</tr>`)}
        </tbody>
      </table>
    </div>`;
}

// Six weeks that begin on a Monday.
function daysOf(first) {
  const begins = new Date(first.getFullYear(), first.getMonth(), 1 - ((first.getDay() + 6) % 7));
  return Array.from({ length: 42 }, (_, index) => new Date(begins.getFullYear(), begins.getMonth(), begins.getDate() + index));
}

function Day({ day, month, plans, open }) {
  const end = new Date(day.getFullYear(), day.getMonth(), day.getDate() + 1);
  const here = plans.filter((each) => Date.parse(each.start) < end && Date.parse(each.end) > day);
  const isToday = day.toDateString() === new Date().toDateString();
  return html`
    <td class=${`${day.getMonth() === month ? "" : "other"} ${isToday ? "today" : ""}`}>
      <button class="bare day" onClick=${() => open(day)} aria-label=${new Intl.DateTimeFormat(language.value, { dateStyle: "full" }).format(day)} disabled=${end.getTime() < Date.now() - DAY_MS}>${day.getDate()}</button>
      ${here.map((each) => html`<p class=${`plan plan-${each.state}`} key=${each.id} title=${`${each.reason} – ${each.owner ?? each.who}\n${both(each.start)} – ${both(each.end)}`}>${timeOf(each, day)} <b>${each.site}</b></p>`)}
    </td>`;
}

function timeOf(plan, day) {
  const start = new Date(plan.start);
  return start >= day ? new Intl.DateTimeFormat(language.value, { hour: "2-digit", minute: "2-digit", hour12: false }).format(start) : "…";
}
