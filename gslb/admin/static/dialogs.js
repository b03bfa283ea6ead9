// Draining a site, and all there is to know of one.
import { detail, drain } from "./act.js";
import { html } from "./html.js";
import { dialog, now, putSite, sites } from "./state.js";
import { useEffect, useLayoutEffect, useRef } from "./vendor/preact-hooks.js";
import { signal } from "./vendor/signals.js";
import { ago, Mark, milliseconds, utc, WORDS } from "./words.js";

const refusal = signal("");
const known = signal(null);
const REFRESH_MS = 5000;
const ENDS = [["1 hour", 3600], ["2 hours", 7200], ["8 hours", 28800], ["1 day", 86400], ["until enabled", 0]];

export function Dialog() {
  const frame = useRef(null);
  const open = dialog.value;
  // Before the browser gets to tell of the last one's end: that must not end the next one.
  useLayoutEffect(() => {
    if (open && !frame.current.open) frame.current.showModal();
    if (!open && frame.current.open) frame.current.close();
  }, [open]);
  return html`
    <dialog ref=${frame} class=${open?.kind} onClose=${() => frame.current.open || close()} onClick=${(event) => event.target === frame.current && close()}>
      ${open?.kind === "drain" && html`<${Drain} site=${open.site} />`}
      ${open?.kind === "detail" && html`<${Detail} id=${open.site} key=${open.site} />`}
    </dialog>`;
}

function close() {
  dialog.value = null;
  refusal.value = "";
}

function Drain({ site }) {
  const send = (event) => {
    event.preventDefault();
    const fields = new FormData(event.target);
    const done = (view) => (putSite(view), close());
    drain(site, fields.get("reason"), Number(fields.get("for"))).then(done, (error) => (refusal.value = error.message));
  };
  return html`
    <form onSubmit=${send}>
      <h2>Drain ${site}</h2>
      <p>New clients are sent elsewhere; those that are there finish. Answers given before hold for their TTL.</p>
      <label>Reason, for whoever looks at this tonight<input name="reason" required maxlength="200" autofocus autocomplete="off" /></label>
      <label>For<select name="for">${ENDS.map(([words, value]) => html`<option value=${value} selected=${value === 7200}>${words}</option>`)}</select></label>
      ${refusal.value && html`<p class="refused" role="alert">${refusal.value}</p>`}
      <div class="buttons"><button type="button" onClick=${close}>Cancel</button><button class="primary">Drain</button></div>
    </form>`;
}

function Detail({ id }) {
  useEffect(() => {
    const look = () => detail(id).then((found) => (known.value = found), (error) => (refusal.value = error.message));
    known.value = null;
    look();
    const timer = setInterval(look, REFRESH_MS);
    return () => clearInterval(timer);
  }, [id]);
  const site = sites.value.find((each) => each.id === id);
  if (!site) return null;
  return html`
    <header><h2><${Mark} state=${site.condition} /> ${id}</h2><button onClick=${close} aria-label="Close">✕</button></header>
    <p><b>${WORDS[site.condition]}</b> for ${ago(site.since, now.value)}: ${site.reason}</p>
    <p class="note">${site.url} · weight ${site.weight}${site.capacity ? ` · ${site.capacity} Mbit/s` : ""} · region ${site.region}</p>
    ${refusal.value && html`<p class="refused">${refusal.value}</p>`}
    ${known.value?.content.filter((place) => place.hold !== "good").map((place) => html`<${Place} place=${place} />`)}
    ${known.value?.targets.map((target) => html`<${Target} key=${`${target.service}${target.door}${target.address}`} target=${target} />`)}`;
}

const HOLDS = { wrong: ["wrong", "wrong files"], absent: ["partial", "not in good order"], unknown: ["unknown", "unknown"] };

const Place = ({ place }) => html`
  <section class="set">
    <h3><${Mark} state=${HOLDS[place.hold][0]} label=${HOLDS[place.hold][1]} /> ${place.content} <small>${place.service} by ${place.door} at ${place.address}</small></h3>
    <p>${HOLDS[place.hold][1]} for ${ago(place.since, now.value)}: ${place.reason}.</p>
    ${place.curl && html`<pre>${place.curl}</pre>`}
  </section>`;

const Target = ({ target }) => html`
  <section class="target">
    <h3><${Mark} state=${target.state} /> ${target.address} <small>${target.service} by ${target.door}</small></h3>
    <p>
      ${WORDS[target.state]} for ${ago(target.since, now.value)}: ${target.reason}.
      ${" "}Last good: ${target.last_good ? `${ago(target.last_good, now.value)} ago` : "never"}.
      ${" "}${target.results_to_change ? `${target.results_to_change} more ${target.results_to_change === 1 ? "result" : "results"} could change that.` : ""}
    </p>
    ${target.results.length > 0 && html`<${Results} results=${target.results} />`}
    ${target.curl && html`<pre>${target.curl}</pre>`}
  </section>`;

const Results = ({ results }) => html`
  <table class="results">
    <tbody>
      ${results.toReversed().map(
        (each) => html`
          <tr class=${each.verdict === "ok" ? "good" : "bad"}>
            <td><time datetime=${each.at} title=${utc(each.at)}>${ago(each.at, now.value)} ago</time></td>
            <td>${each.verdict}</td>
            <td>${each.reason}</td>
            <td class="number">${each.timings.total_ms === null ? "" : `${milliseconds(each.timings.total_ms)} ms`}</td>
          </tr>`,
      )}
    </tbody>
  </table>`;
