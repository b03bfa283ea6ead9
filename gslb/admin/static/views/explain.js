// Where would a client land, and why: both doors beside each other.
import { fetchJson } from "../fetch.js";
import { html } from "../html.js";
import { t, word } from "../i18n.js";
import { WorldMap } from "../map.js";
import { read } from "../paste.js";
import { go, url } from "../router.js";
import { explained, services, status } from "../state.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";
import { country, Copy, Icon, km, ms, percent } from "../words.js";

const EXAMPLES = ["133.11.0.1", "18.0.0.0/16", "141.20.0.1", "8.8.8.8 133.11.0.0/24", "2001:200::1"];

export default function Explain({ query }) {
  const found = useExplained(query);
  return html`
    <h1>${t("explain.title")}</h1>
    <section class="panel"><${Ask} query=${query} faults=${found ? faultsOf(found) : {}} /></section>
    ${found === null
      ? html`<section class="panel"><p class="note">${t("explain.examples")}</p><p class="examples">
          ${EXAMPLES.map((each) => html`<a class="button" href=${url("/explain", read(each))}>${each}</a>`)}</p></section>`
      : html`
          <${Moved} query=${query} found=${found} />
          <div class="doors" aria-busy=${found.loading}>
            <${Door} title="DNS" told=${found.dns} /><${Door} title=${found.via.toUpperCase()} told=${found.http} />
          </div>
          <section class="panel flush"><${WorldMap} /></section>`}`;
}

// Both answers to what the address of the page asks; {document} or {problem} each.
function useExplained(query) {
  const [found, setFound] = useState(null);
  const asked = JSON.stringify(query);
  useEffect(() => {
    if (!query.address && !query.subnet) {
      setFound(null);
      return undefined;
    }
    const abort = new AbortController();
    const via = query.via === "https" ? "https" : "http";
    const ask = (door) => fetchJson(url("explain", { ...question(query), via: door }), { signal: abort.signal }).then((document) => ({ document }), (problem) => ({ problem }));
    setFound((last) => last && { ...last, loading: true });
    Promise.all([ask("dns"), ask(via)]).then(([dns, http]) => {
      if (abort.signal.aborted) return;
      setFound({ dns, http, via, loading: false });
      explained.value = dns.document ?? http.document ?? null;
    });
    return () => abort.abort();
  }, [asked, status.value.world]);
  return found;
}

const question = ({ address, subnet, resolver, service, path, family }) => ({ address: subnet || address, resolver, service, path, family });

// What is wrong with what was asked, by field: both doors say the same.
function faultsOf({ dns, http }) {
  const faults = { ...http.problem?.fields, ...dns.problem?.fields };
  return faults.subnet ? { ...faults, address: faults.subnet } : faults;
}

const Fault = ({ of }) => of && html`<span class="refused" role="alert">${of}</span>`;

// Fields are the reader's once drawn: `defaultValue`, as `value` would take back what is being typed whenever the World changes.
function Ask({ query, faults }) {
  useEffect(() => {
    if (!query.address && !query.subnet) requestAnimationFrame(() => document.getElementById("explain-client")?.focus());
  }, []);
  const [client, path] = [query.subnet || query.address || "", query.path ?? ""];
  const take = (event) => {
    event.preventDefault();
    const said = Object.fromEntries(new FormData(event.target));
    const pasted = read(said.client);
    go(url("/explain", { address: pasted.address, resolver: said.resolver || pasted.resolver, path: said.path || pasted.path, service: known(pasted.service) ?? said.service, family: said.family, via: said.via }));
  };
  return html`
    <form class="ask" onSubmit=${take} key=${JSON.stringify(query)}>
      <label class="client">${t("explain.client")}<input id="explain-client" name="client" defaultValue=${client} placeholder=${t("explain.paste")} required spellcheck="false" autocomplete="off" aria-invalid=${faults.address ? "true" : undefined} /><${Fault} of=${faults.address} /></label>
      <label>${t("explain.resolver")}<input name="resolver" defaultValue=${query.resolver ?? ""} placeholder=${t("explain.optional")} spellcheck="false" autocomplete="off" aria-invalid=${faults.resolver ? "true" : undefined} /><${Fault} of=${faults.resolver} /></label>
      <label class="path">${t("explain.path")}<input name="path" defaultValue=${path} placeholder="/" spellcheck="false" autocomplete="off" aria-invalid=${faults.path ? "true" : undefined} /><${Fault} of=${faults.path} /></label>
      ${services.value.length > 1 &&
      html`<label>${t("explain.service")}<select name="service">${services.value.map(({ host }) => html`<option selected=${host === query.service}>${host}</option>`)}</select></label>`}
      <label>${t("explain.family")}<select name="family">
        ${["", "4", "6"].map((each) => html`<option value=${each} selected=${each === (query.family ?? "")}>${each ? `IPv${each}` : t("explain.own")}</option>`)}
      </select></label>
      <label>${t("explain.scheme")}<select name="via">${["http", "https"].map((each) => html`<option selected=${each === query.via}>${each}</option>`)}</select></label>
      <button class="primary">${t("explain.do")}</button>
    </form>`;
}

// A name that is pasted may be another name of a service, which the node knows better than this page.
const known = (host) => (host && services.value.some((each) => each.host === host || each.http_hosts.includes(host)) ? host : undefined);

function Moved({ query, found }) {
  const world = (found.dns.document ?? found.http.document)?.world;
  if (!world) return null;
  const link = new URL(url(location.pathname, { ...query, world }), location.href).href;
  const moved = query.world && Number(query.world) !== world;
  return html`
    <p class=${moved ? "moved" : "note"} role="status">
      ${moved ? t("explain.moved", { then: Number(query.world), world }) : t("explain.in_world", { world })}
      <${Copy} text=${link} label=${t("explain.link")} />
    </p>`;
}

function Door({ title, told }) {
  if (told.problem) return html`<section class="panel door"><h2>${title}</h2>${told.problem.errors.length ? html`<p class="note">–</p>` : html`<p class="refused">${told.problem.message}</p>`}</section>`;
  const found = told.document;
  return html`
    <section class="panel door">
      <header><h2>${title}</h2><${Copy} text=${found.command} label=${title === "DNS" ? "dig" : "curl"} /></header>
      <p class="answer">${found.answers.join(", ") || t("explain.no_answer")}</p>
      <p><b>${word("why", found.why)}</b> <span class="note">${t("explain.holds", { ttl: found.ttl_s, scope: `/${found.scope}`, network: found.client.network })}</span></p>
      <${Who} client=${found.client} slot=${found.slot} service=${found.service} />
      <${Waterfall} found=${found} />
      <${Kept} sites=${found.sites.filter((each) => each.rank)} />
      <${Dropped} sites=${found.sites.filter((each) => !each.rank)} />
      <pre>${found.command}</pre>
    </section>`;
}

const Who = ({ client, slot, service }) => html`
  <dl class="facts">
    <div><dt>${t("explain.seen_as")}</dt><dd><code>${client.network}</code></dd></div>
    <div><dt>${t("explain.where")}</dt><dd>${client.country ? country(client.country) : t("nowhere")}${client.location && html` <small>${client.location.map((each) => each.toFixed(1)).join(", ")}</small>`}</dd></div>
    ${client.asn && html`<div><dt>AS</dt><dd>AS${client.asn}</dd></div>`}
    <div><dt>${t("explain.home")}</dt><dd>${client.home ?? "–"}</dd></div>
    ${client.resolver && html`<div><dt>${t("explain.asked_by")}</dt><dd><code>${client.resolver}</code></dd></div>`}
    <div><dt>${t("explain.slot")}</dt><dd>${slot} <small>${service}</small></dd></div>
  </dl>`;

// What each filter left; those that only put in order leave all.
function Waterfall({ found }) {
  const total = found.sites.length;
  const dropping = new Map(found.stages.map((stage) => [stage.filter, stage]));
  const before = found.stages.filter((stage) => !found.policy.includes(stage.filter) && stage.filter !== "avoid").map((stage) => stage.filter);
  let left = total;
  const steps = [...before, ...found.policy, ...(dropping.has("avoid") ? ["avoid"] : [])].map((name) => {
    left = dropping.get(name)?.left ?? left;
    return { name, left, dropped: dropping.get(name)?.dropped ?? [] };
  });
  return html`
    <ol class="waterfall" aria-label=${t("explain.waterfall")}>
      <li><b>${t("explain.all")}</b><span class="room"><i ref=${widen(1)}></i></span><span class="left">${total}</span></li>
      ${steps.map(
        (step) => html`
          <li key=${step.name} class=${step.dropped.length ? "drops" : "keeps"} title=${word("filter_does", step.name)}>
            <b>${word("filter", step.name)}</b>
            <span class="room"><i ref=${widen(step.left / total)}></i></span>
            <span class="left">${step.left}</span>
            ${step.dropped.length > 0 && html`<small class="gone">− ${step.dropped.join(", ")}</small>`}
          </li>`,
      )}
    </ol>`;
}

// A style by the object model: the policy of the page forbids style attributes.
const widen = (part) => (bar) => bar && (bar.style.width = `${Math.max(part * 100, part > 0 ? 1 : 0)}%`);

const Kept = ({ sites }) => html`
  <div class="scrolls">
    <table class="table kept">
      <thead><tr><th class="number">#</th><th>${t("now.site")}</th><th>${t("now.share")}</th><th class="number">${t("explain.distance")}</th><th class="number">${t("now.latency")}</th><th class="number weight">${t("explain.weight")}</th></tr></thead>
      <tbody>
        ${sites.map(
          (each) => html`
            <tr key=${each.site} class=${each.rank === 1 ? "first" : ""}>
              <td class="number">${each.rank}</td>
              <th scope="row"><a href=${`/sites/${encodeURIComponent(each.site)}`}>${each.site}</a> <span class="tag" title=${each.filter}>${word("filter", each.filter)}</span></th>
              <td class="shares">${each.share > 0 ? html`<progress class="share" max="1" value=${each.share} aria-hidden="true"></progress> ${percent(each.share)}` : "–"}</td>
              <td class="number">${km(each.distance_km)}</td>
              <td class="number" title=${each.vantage ?? ""}>${ms(each.latency_ms)}</td>
              <td class="number weight">${each.weight}</td>
            </tr>
            <tr key=${`${each.site} why`} class=${`reason ${each.rank === 1 ? "first" : ""}`}><td></td><td colspan="5"><small title=${each.reason}>${each.reason}</small></td></tr>`,
        )}
      </tbody>
    </table>
  </div>`;

const Dropped = ({ sites }) =>
  sites.length > 0 &&
  html`
    <h3>${t("explain.dropped", { n: sites.length })}</h3>
    <ul class="dropped">
      ${sites.map((each) => html`<li key=${each.site}><${Icon} name="close" /><a href=${`/sites/${encodeURIComponent(each.site)}`}>${each.site}</a> <span class="tag" title=${each.filter}>${word("filter", each.filter)}</span> <small>${each.reason}</small></li>`)}
    </ul>`;
