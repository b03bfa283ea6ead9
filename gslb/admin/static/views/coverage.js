// Which parts of the world get which sites; and where what was measured and what the map says disagree.
import { close, End, KINDS } from "../dialogs.js";
import { post, useResource } from "../fetch.js";
import { Field, Form } from "../form.js";
import { html } from "../html.js";
import { number, t } from "../i18n.js";
import { go, url } from "../router.js";
import { dialog, operates, services, siteIds, siteOf } from "../state.js";
import { toast } from "../toast.js";
import { useMemo, useState } from "../vendor/preact-hooks.js";
import { country, km, ms, percent, Unknown } from "../words.js";

const BY = ["region", "country", "asn"];
const SHOWN = ["share", "latency", "distance"];
const FIRST = 60; // rows, until all are asked for
const COLUMNS = 40; // sites, those with most clients

export default function Coverage({ query }) {
  const asked = { by: BY.includes(query.by) ? query.by : "country", via: query.via === "http" ? "http" : "dns", family: query.family === "6" ? "6" : "4" };
  const service = query.service || services.value[0]?.host;
  const { data, problem, loading, refresh } = useResource(service ? url("coverage", { service, ...asked }) : null, 60);
  const [shown, setShown] = useState("share");
  const [text, setText] = useState("");
  const set = (change) => go(url("/coverage", { service: query.service, ...asked, ...change }), { replace: true });
  return html`
    <h1>${t("nav.coverage")}</h1>
    <section class="panel choose">
      ${services.value.length > 1 && html`<label>${t("explain.service")}<select value=${service} onChange=${(event) => set({ service: event.target.value })}>${services.value.map(({ host }) => html`<option selected=${host === service}>${host}</option>`)}</select></label>`}
      <${Choice} label=${t("coverage.by")} of=${BY} chosen=${asked.by} words="coverage.by" pick=${(by) => set({ by })} />
      <${Choice} label=${t("site.by_door")} of=${["dns", "http"]} chosen=${asked.via} pick=${(via) => set({ via })} />
      <${Choice} label=${t("explain.family")} of=${["4", "6"]} chosen=${asked.family} say=${(each) => `IPv${each}`} pick=${(family) => set({ family })} />
      <${Choice} label=${t("coverage.show")} of=${SHOWN} chosen=${shown} words="coverage.show" pick=${setShown} />
      <label class="filter">${t("coverage.find")}<input type="search" value=${text} onInput=${(event) => setText(event.target.value)} spellcheck="false" autocomplete="off" /></label>
    </section>
    ${!data
      ? html`<section class="panel"><${Unknown} problem=${problem} what=${loading ? t("coverage.working") : undefined} /></section>`
      : html`<${Disagreeing} data=${data} refresh=${refresh} /><${Heat} data=${data} shown=${shown} text=${text.trim().toLowerCase()} key=${asked.by} />`}`;
}

const Choice = ({ label, of, chosen, pick, words, say = (each) => (words ? t(`${words}.${each}`) : each.toUpperCase()) }) => html`
  <div class="choice"><span>${label}</span>
    <div class="switch" role="group" aria-label=${label}>${of.map((each) => html`<button aria-pressed=${each === chosen} onClick=${() => pick(each)}>${say(each)}</button>`)}</div>
  </div>`;

const labelOf = (row, by) => (row.key === "" ? t("nowhere") : by === "country" ? country(row.key) : by === "asn" ? `AS${row.key.replace(/^AS/, "")}` : row.key);

// One click, a reason and an end: a rule that sends them to what was measured faster.
function Disagreeing({ data, refresh }) {
  const rows = data.rows.filter((row) => row.disagrees);
  const measured = data.rows.some((row) => row.measured_networks > 0 || row.fastest_measured);
  if (!rows.length) return html`<p class="note">${measured ? t("coverage.agree") : t("coverage.unmeasured")}</p>`;
  return html`
    <section class="panel">
      <h2>${t("coverage.disagree")}</h2>
      <div class="scrolls"><table class="table">
        <thead><tr><th>${t("coverage.clients")}</th><th class="number">${t("now.share")}</th><th>${t("coverage.map_says")}</th><th>${t("coverage.measured_says")}</th><th class="number">${t("coverage.gain")}</th><th></th></tr></thead>
        <tbody>
          ${rows.map(
            (row) => html`
              <tr key=${row.key}>
                <th scope="row">${labelOf(row, data.by)}</th><td class="number">${percent(row.share)}</td><td>${row.chosen ?? "–"}</td>
                <td><b>${row.fastest_measured}</b> <small>${t("coverage.networks", { n: row.measured_networks })}</small></td><td class="number">${ms(row.gain_ms)}</td>
                <td class="number">${operates() && data.by !== "region" && row.key && html`<button onClick=${() => (dialog.value = { kind: "steer", row, by: data.by, service: data.service, refresh })}>${t("coverage.steer")}</button>`}</td>
              </tr>`,
          )}
        </tbody>
      </table></div>
    </section>`;
}

function Heat({ data, shown, text }) {
  const [whole, setWhole] = useState(false);
  const columns = useMemo(() => columnsOf(data), [data]);
  const fitting = data.rows.filter((row) => !text || labelOf(row, data.by).toLowerCase().includes(text) || row.key.toLowerCase() === text);
  const rows = whole || text ? fitting : fitting.slice(0, FIRST);
  return html`
    <section class="panel flush">
      <p class="note caption">${t("coverage.caption", { n: data.clients, world: data.world })} <small>${data.source}</small></p>
      <div class="scrolls heat" tabindex="0" role="region" aria-label=${t("nav.coverage")}>
        <table>
          <thead><tr><th scope="col">${t("coverage.clients")}</th><th scope="col" class="number">${t("now.share")}</th>
            ${columns.map((site) => html`<th scope="col" class="site"><span>${site}</span></th>`)}</tr></thead>
          <tbody>${rows.map((row) => html`<${Row} key=${row.key} row=${row} by=${data.by} columns=${columns} shown=${shown} />`)}</tbody>
        </table>
      </div>
      ${!whole && rows.length < fitting.length && html`<p class="more"><button onClick=${() => setWhole(true)}>${t("coverage.all", { n: fitting.length })}</button></p>`}
      <p class="note legend-line"><span><i class="heat-9"></i>${t(`coverage.legend.${shown}`)}</span><span>● ${t("coverage.chosen")}</span><span>▲ ${t("coverage.fastest")}</span></p>
    </section>`;
}

// In the order of the configuration, which is by region.
function columnsOf(data) {
  const weight = new Map();
  for (const row of data.rows) for (const reach of row.sites) weight.set(reach.site, (weight.get(reach.site) ?? 0) + row.share * reach.share);
  const most = [...weight].sort((a, b) => b[1] - a[1]).slice(0, COLUMNS).map(([site]) => site);
  const order = new Map(siteIds.peek().map((id, index) => [id, index]));
  return most.sort((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
}

function Row({ row, by, columns, shown }) {
  const reach = new Map(row.sites.map((each) => [each.site, each]));
  return html`
    <tr class=${row.disagrees ? "disagrees" : ""}>
      <th scope="row">${labelOf(row, by)}</th><td class="number">${percent(row.share)}</td>
      ${columns.map((site) => html`<${Cell} key=${site} reach=${reach.get(site)} shown=${shown} chosen=${row.chosen === site} fastest=${row.fastest_measured === site} />`)}
    </tr>`;
}

function Cell({ reach, shown, chosen, fastest }) {
  if (!reach) return html`<td class="heat-0"></td>`;
  const told = [percent(reach.share), ms(reach.latency_ms), km(reach.distance_km)].join(", ");
  return html`<td class=${`heat-${warmth(reach, shown)}`} title=${`${reach.site}: ${told}`}>${chosen ? "● " : ""}${fastest ? "▲ " : ""}${said(reach, shown)}</td>`;
}

function said(reach, shown) {
  if (shown === "share") return reach.share >= 0.005 ? number(reach.share * 100) : reach.share > 0 ? "<1" : "";
  if (shown === "latency") return reach.latency_ms === null ? "" : number(reach.latency_ms);
  return reach.distance_km === null ? "" : number(reach.distance_km / 1000, 1);
}

// 0 to 9; what is near or quick is warm.
function warmth(reach, shown) {
  if (shown === "share") return reach.share > 0 ? Math.max(1, Math.min(9, Math.round(reach.share * 9))) : 0;
  const [value, most] = shown === "latency" ? [reach.latency_ms, 300] : [reach.distance_km, 16_000];
  return value === null ? 0 : Math.max(1, Math.min(9, Math.round(9 * (1 - value / most))));
}

KINDS.steer = function Steer({ row, by, service, refresh }) {
  const who = labelOf(row, by);
  const match = by === "country" ? { country: row.key } : { asn: Number(row.key.replace(/^AS/, "")) };
  const sites = siteIds.value.map((id) => siteOf(id).value);
  const send = ({ prefer, reason = "", for_s: forS }, key) =>
    post("overrides", { kind: "rule", service, rule: { match, prefer: [prefer] }, reason, for_s: Number(forS) }, key);
  const done = () => {
    close();
    refresh();
    toast(t("coverage.steered", { who }));
  };
  return html`
    <h2>${t("coverage.steer_title", { who })}</h2>
    <p>${t("coverage.steer_what", { service })}</p>
    <${Form} send=${send} done=${done} submit=${t("coverage.steer_do")} cancel=${close}>
      <${Field} name="prefer" label=${t("coverage.prefer")} control=${(own) => html`<select ...${own}>${sites.map((site) => html`<option selected=${site.id === row.fastest_measured}>${site.id}</option>`)}</select>`} />
      <${Field} name="reason" label=${t("drain.reason")} defaultValue=${row.gain_ms ? t("coverage.reason", { site: row.fastest_measured, gain: Math.round(row.gain_ms), who }) : ""} maxlength="200" />
      <${End} chosen="7d" open=${false} />
    <//>`;
};
