// Before and after, side by side.
import { html } from "../html.js";
import { language, number, t } from "../i18n.js";
import { km, ms, percent } from "../words.js";
import { Bar } from "./parts.js";

export const Result = ({ found, stale }) => html`
  <section class=${`panel result ${stale ? "stale" : ""}`}>
    ${stale && html`<p class="tag stale-note">${t("whatif.stale")}</p>`}
    <p class="sentence">${sentenceFor(found)}</p>
    <dl class="facts">
      <${Fact} name="moved" value=${percent(found.moved)} />
      <${Fact} name="none" value=${pair(percent(found.none.before), percent(found.none.after))} bad=${found.none.after > 0} />
      <${Fact} name="overloaded" value=${overloaded(found.sites)} bad=${found.sites.some((site) => site.after.overloaded)} />
      ${found.total.after.fits_mbit_s != null && html`<${Fact} name="fits" value=${pair(...["before", "after"].map((when) => `${number(found.total[when].fits_mbit_s ?? 0)} Mbit/s`))} />`}
      <${Fact} name="distance" value=${pair(...["before", "after"].map((when) => km(found.total[when].distance_km?.p50)))} />
      <${Fact} name="distance95" value=${pair(...["before", "after"].map((when) => km(found.total[when].distance_km?.p95)))} />
      <${Fact} name="latency" value=${pair(...["before", "after"].map((when) => ms(found.total[when].latency_ms?.p50)))} />
    </dl>
    <p class="note">${t("whatif.counted", { source: found.population.source, seconds: number(found.seconds, 1), world: found.world })}</p>
  </section>
  <section class="panel flush"><header class="heading"><h2>${t("whatif.by_site")}</h2><${Legend} /></header><${Sites} sites=${found.sites} /></section>
  ${found.moves.length > 0 && html`<section class="panel flush"><header class="heading"><h2>${t("whatif.moves")}</h2></header><${Moves} moves=${found.moves} /></section>`}
  <section class="panel flush"><header class="heading"><h2>${t("whatif.by_region")}</h2></header><${Regions} regions=${found.regions} /></section>`;

// The node's own words are English; in other languages the same is said of the numbers.
function sentenceFor({ sentence, moved, moves, total, sites }) {
  if (language.value === "en") return sentence;
  if (moved < 0.0005) return t("whatif.told.nothing");
  const to = new Map();
  for (const { to: site, share } of moves) to.set(site, (to.get(site) ?? 0) + share);
  const first = [...to].sort((a, b) => b[1] - a[1]).slice(0, 3).map(([site, share]) => `${site ?? t("whatif.nobody")} (${percent(share)})`);
  const over = sites.filter((site) => site.after.overloaded && !site.before.overloaded).map((site) => site.site);
  const parts = [t("whatif.told.moved", { share: percent(moved), sites: first.join(t("comma")) })];
  if (over.length) parts.push(t("whatif.told.over", { sites: over.join(t("comma")) }));
  if (total.after.distance_km) parts.push(t("whatif.told.distance", { before: km(total.before.distance_km?.p50), after: km(total.after.distance_km.p50) }));
  return parts.join("");
}

// Nobody knows without a load, or where no site states a capacity: that is not none.
function overloaded(sites) {
  if (sites.every((site) => site.after.load === null)) return "–";
  return pair(...["before", "after"].map((when) => number(sites.filter((site) => site[when].overloaded).length)));
}

const pair = (before, after) => (before === after ? before : html`<span class="soft">${before}</span> → <b>${after}</b>`);

const Fact = ({ name, value, bad }) => html`<div class=${bad ? "bad" : ""}><dt>${t(`whatif.fact.${name}`)}</dt><dd>${value}</dd></div>`;

const Legend = () => html`<span class="note"><i class="swatch before"></i>${t("whatif.before")} <i class="swatch after"></i>${t("whatif.after")}</span>`;

function Sites({ sites }) {
  const most = Math.max(...sites.flatMap((site) => [site.before.share, site.after.share]));
  const loaded = sites.some((site) => site.after.load !== null);
  return html`
    <div class="scrolls" tabindex="0" role="region" aria-label=${t("whatif.by_site")}>
      <table class="table compare">
        <thead><tr>
          <th scope="col">${t("now.site")}</th><th scope="col" class="bars">${t("now.share")}</th>
          <th scope="col" class="number">${t("whatif.before")}</th><th scope="col" class="number">${t("whatif.after")}</th><th scope="col" class="number">${t("whatif.change")}</th>
          ${loaded && html`<th scope="col" class="number">${t("now.load")}</th>`}<th scope="col" class="number">${t("whatif.distance")}</th><th scope="col" class="number">${t("now.latency")}</th>
        </tr></thead>
        <tbody>${sites.map((site) => html`<${Site} key=${site.site} site=${site} most=${most} loaded=${loaded} />`)}</tbody>
      </table>
    </div>`;
}

function Site({ site: { site, before, after }, most, loaded }) {
  const change = after.share - before.share;
  const moved = Math.abs(change) >= 0.0005;
  return html`
    <tr data-site=${site} class=${moved ? "" : "same"}>
      <th scope="row">${site}</th>
      <td class="bars"><${Bar} value=${before.share} most=${most} tone="before" /><${Bar} value=${after.share} most=${most} tone=${after.overloaded ? "after over" : "after"} /></td>
      <td class="number">${percent(before.share)}</td>
      <td class="number"><b>${percent(after.share)}</b></td>
      <td class=${`number ${change > 0 ? "more" : "less"}`}>${moved ? `${change > 0 ? "+" : "−"}${percent(Math.abs(change))}` : "–"}</td>
      ${loaded && html`<td class="number"><${Load} before=${before} after=${after} /></td>`}
      <td class="number">${pair(km(before.distance_km?.p50), km(after.distance_km?.p50))}</td>
      <td class="number">${pair(ms(before.latency_ms?.p50), ms(after.latency_ms?.p50))}</td>
    </tr>`;
}

const Load = ({ before, after }) => html`
  ${pair(before.load === null ? "–" : percent(before.load), after.load === null ? "–" : percent(after.load))}
  ${after.overloaded && html` <span class="tag over">${t("whatif.overloaded")}</span>`}`;

const Moves = ({ moves }) => html`
  <ul class="moves">
    ${moves.slice(0, 12).map(
      ({ from, to, share }) => html`<li key=${`${from} ${to}`}><span>${from ?? t("whatif.nobody")} → <b>${to ?? t("whatif.nobody")}</b></span><${Bar} value=${share} most=${moves[0].share} tone="after" /><span class="number">${percent(share)}</span></li>`,
    )}
    ${moves.length > 12 && html`<li class="note">${t("whatif.more_moves", { n: moves.length - 12 })}</li>`}
  </ul>`;

const Regions = ({ regions }) => html`
  <table class="table">
    <thead><tr><th scope="col">${t("whatif.region")}</th><th scope="col" class="number">${t("whatif.before")}</th><th scope="col" class="number">${t("whatif.after")}</th></tr></thead>
    <tbody>${regions.map(({ region, before, after }) => html`<tr key=${region}><th scope="row">${region}</th><td class="number">${percent(before)}</td><td class="number"><b>${percent(after)}</b></td></tr>`)}</tbody>
  </table>`;
