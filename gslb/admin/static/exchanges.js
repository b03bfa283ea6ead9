// What was asked of a site and what came back: each address with its last results, in full, and how to repeat them by hand.
import { html } from "./html.js";
import { rich, t, word } from "./i18n.js";
import { now } from "./state.js";
import { useState } from "./vendor/preact-hooks.js";
import { Ago, ago, both, Copy, Mark, ms } from "./words.js";

const SHOWN = 8;

export const Target = ({ target }) => html`
  <section class="target">
    <h3><${Mark} state=${target.state} /> <code>${target.address}</code> <small>${t("site.checked_for", { service: target.service, door: target.door.toUpperCase(), family: target.family })}</small></h3>
    <p>
      ${rich("site.for", { state: html`<b class=${target.state}>${word("state", target.state)}</b>`, time: html`<${Ago} at=${target.since} />`, reason: target.reason })}
      ${" "}${target.last_good ? rich("site.last_good", { time: html`<${Ago} at=${target.last_good} />` }) : t("site.never_good")}
      ${" "}${target.results_to_change > 0 && t("site.to_change", { n: target.results_to_change })}
    </p>
    ${target.vantages.length > 1 && html`<${Vantages} vantages=${target.vantages} />`}
    ${target.results.length > 0 && html`<${Results} results=${target.results} />`}
    ${target.curl && html`<div class="command"><pre>${target.curl}</pre><${Copy} text=${target.curl} /></div>`}
  </section>`;

const Vantages = ({ vantages }) => html`
  <ul class="vantages">
    ${vantages.map((each) => html`<li><${Mark} state=${each.state} /> <b>${each.vantage}</b> <small>${each.fresh ? "" : t("site.stale")} ${each.reason}</small></li>`)}
  </ul>`;

function Results({ results }) {
  const [open, setOpen] = useState(null);
  const [whole, setWhole] = useState(false);
  const shown = whole ? results.toReversed() : results.toReversed().slice(0, SHOWN);
  return html`
    <div class="scrolls">
      <table class="table results">
        <thead><tr><th>${t("site.when")}</th><th>${t("site.verdict")}</th><th>${t("now.reason")}</th><th class="number">${t("site.connect")}</th><th class="number">${t("site.first_byte")}</th><th class="number">${t("site.total")}</th><th><span class="unseen">${t("site.exchange")}</span></th></tr></thead>
        <tbody>
          ${shown.map((each) => {
            const key = `${each.at} ${each.vantage}`;
            return html`
              <tr key=${key} class=${each.verdict === "ok" ? "good" : "bad"}>
                <td><time datetime=${each.at} title=${both(each.at)}>${t("time.ago", { time: ago(each.at, now.value) })}</time> <small>${each.vantage}</small></td>
                <td class="verdict">${each.verdict}${each.recheck && html` <span class="tag">${t("site.recheck")}</span>`}</td>
                <td>${each.reason}</td>
                <td class="number">${ms(each.timings.connect_ms)}</td><td class="number">${ms(each.timings.first_byte_ms)}</td><td class="number">${ms(each.timings.total_ms)}</td>
                <td class="number"><button aria-expanded=${open === key} onClick=${() => setOpen(open === key ? null : key)}>${t("site.exchange")}</button></td>
              </tr>
              ${open === key && html`<tr key=${`${key} open`}><td colspan="7"><${Exchange} exchange=${each.exchange} /></td></tr>`}`;
          })}
        </tbody>
      </table>
    </div>
    ${results.length > SHOWN && html`<button onClick=${() => setWhole(!whole)}>${whole ? t("site.fewer") : t("site.all_results", { n: results.length })}</button>`}`;
}

const Exchange = ({ exchange }) => html`
  <div class="exchange">
    <div><h4>${t("site.request")}</h4><pre>${exchange.request || "–"}</pre></div>
    <div><h4>${t("site.response")} <small>${t("site.read", { n: exchange.bytes_read })}</small></h4><pre>${exchange.response || exchange.error || "–"}</pre></div>
    ${exchange.error && exchange.response && html`<p class="refused">${exchange.error}</p>`}
    <div class="command"><pre>${exchange.command}</pre><${Copy} text=${exchange.command} /></div>
  </div>`;

const HOLDS = { wrong: "wrong", absent: "partial", unknown: "unknown", good: "up" };

export const Place = ({ place }) => html`
  <section class="set">
    <h3><${Mark} state=${HOLDS[place.hold]} label=${t(`hold.${place.hold}`)} /> ${place.content} <small>${t("site.checked_for", { service: place.service, door: place.door.toUpperCase(), family: place.family })} ${place.address}</small></h3>
    <p>${rich("site.for", { state: html`<b>${t(`hold.${place.hold}`)}</b>`, time: html`<${Ago} at=${place.since} />`, reason: place.reason })}</p>
    ${place.curl && html`<div class="command"><pre>${place.curl}</pre><${Copy} text=${place.curl} /></div>`}
  </section>`;
