// Short news of what an act came to, read out too.
import { html } from "./html.js";
import { t } from "./i18n.js";
import { signal } from "./vendor/signals.js";

const SHOWN_MS = 8000;
const shown = signal([]);
let last = 0;

// `kind` is done or refused; `act` is {label, run}, as for taking something back.
export function toast(text, { kind = "done", act = null } = {}) {
  const each = { number: (last += 1), text, kind, act };
  shown.value = [...shown.value.slice(-3), each];
  setTimeout(() => drop(each), SHOWN_MS);
}

const drop = (each) => (shown.value = shown.value.filter((other) => other !== each));

export const Toasts = () => html`
  <div class="toasts" role="status" aria-live="polite">
    ${shown.value.map(
      (each) => html`
        <p class=${`toast ${each.kind}`} key=${each.number}>
          <span>${each.text}</span>
          ${each.act && html`<button onClick=${() => (drop(each), each.act.run())}>${each.act.label}</button>`}
          <button class="bare" aria-label=${t("close")} onClick=${() => drop(each)}>✕</button>
        </p>`,
    )}
  </div>`;
