// Forms that send JSON, and show what the node finds wrong beside the field.
import { newKey } from "./fetch.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { createContext } from "./vendor/preact.js";
import { useContext, useId, useRef, useState } from "./vendor/preact-hooks.js";

const Faults = createContext({});

// `send(values, key)` gets the fields by name (empty ones are left out, type=number as numbers) and returns a promise; `key` stays
// the same until one was accepted, so a second try does nothing twice. `done(answer)` follows; `cancel` makes a second button.
export function Form({ send, done, submit, cancel, danger = false, children, class: name = "" }) {
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const frame = useRef(null);
  const key = useRef(newKey());
  const onSubmit = async (event) => {
    event.preventDefault();
    setBusy(true);
    try {
      const answer = await send(valuesOf(frame.current), key.current);
      key.current = newKey();
      setProblem(null);
      done?.(answer);
    } catch (error) {
      setProblem(error);
      const { elements } = frame.current ?? {};
      const first = Object.keys(error.fields ?? {}).find((name) => elements?.namedItem(name));
      if (first) elements.namedItem(first).focus?.();
    } finally {
      setBusy(false);
    }
  };
  const faults = problem?.fields ?? {};
  const shown = problem && !Object.keys(faults).some((field) => frame.current?.elements.namedItem(field));
  return html`
    <${Faults.Provider} value=${faults}>
      <form class=${`form ${name}`} ref=${frame} onSubmit=${onSubmit} novalidate>
        ${children}
        ${shown && html`<p class="refused" role="alert">${problem.message}</p>`}
        <div class="buttons">
          ${cancel && html`<button type="button" onClick=${cancel}>${t("cancel")}</button>`}
          <button class=${danger ? "danger" : "primary"} disabled=${busy}>${submit}</button>
        </div>
      </form>
    <//>`;
}

// A label, a control and what is wrong with it. `control(attributes)` makes the control, as
// (own) => html`<input ...${own} />`; without it, it is an input with the other properties.
export function Field({ name, label, hint, control, ...more }) {
  const fault = useContext(Faults)[name];
  const id = useId();
  const told = [hint && `${id}-hint`, fault && `${id}-fault`].filter(Boolean).join(" ");
  const own = { id, name, "aria-invalid": fault ? "true" : undefined, "aria-describedby": told || undefined };
  return html`
    <div class=${`field ${fault ? "faulty" : ""}`}>
      <label for=${id}>${label}</label>
      ${control ? control(own) : html`<input autocomplete="off" ...${own} ...${more} />`}
      ${hint && html`<small id=${`${id}-hint`}>${hint}</small>`}
      ${fault && html`<p class="refused" id=${`${id}-fault`} role="alert">${fault}</p>`}
    </div>`;
}

function valuesOf(form) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (value === "") continue;
    values[name] = form.elements.namedItem(name)?.type === "number" ? Number(value) : value;
  }
  return values;
}
