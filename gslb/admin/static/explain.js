// Where would this client land, and why.
import { explain } from "./act.js";
import { html } from "./html.js";
import { explained, services } from "./state.js";
import { signal } from "./vendor/signals.js";

const refusal = signal("");

async function ask(event) {
  event.preventDefault();
  const question = Object.fromEntries([...new FormData(event.target)].filter(([, value]) => value !== ""));
  try {
    explained.value = await explain(question);
    refusal.value = "";
  } catch (error) {
    explained.value = null;
    refusal.value = error.message;
  }
}

export const Explain = () => html`
  <form class="explain" onSubmit=${ask} action="/api/v1/explain">
    <label>Address of a client<input name="address" placeholder="133.11.0.1" required size="18" spellcheck="false" autocomplete="off" /></label>
    <label>by<select name="via"><option>dns</option><option>http</option><option>https</option></select></label>
    ${services.value.length > 1 &&
    html`<label>of<select name="service">${services.value.map((each) => html`<option>${each.host}</option>`)}</select></label>`}
    <button class="primary">Explain</button>
  </form>
  <div aria-live="polite">
    ${refusal.value && html`<p class="refused">${refusal.value}</p>`}
    ${explained.value && html`<${Answer} found=${explained.value} />`}
  </div>`;

const Answer = ({ found }) => html`
  <p class="answer">
    <strong>${found.answers.join(", ") || "no answer"}</strong> – ${found.why}; holds for ${found.ttl_s} s and for
    <code> /${found.scope}</code> around ${found.client.network}
    ${found.client.country ? ` (${found.client.country}${found.client.home ? `, home region ${found.client.home}` : ""})` : " (nobody knows where)"}.
  </p>
  <ol class="trace">
    ${found.sites.map(
      (each) => html`
        <li class=${each.rank ? "kept" : "dropped"} key=${each.site}>
          <span class="rank">${each.rank ?? "–"}</span><b>${each.site}</b><span>${each.reason}</span>
        </li>`,
    )}
  </ol>`;
