// Release sets: which site has which generation, and how a roll-out goes.
import { at } from "../dialogs.js";
import { post, useResource } from "../fetch.js";
import { html } from "../html.js";
import { t } from "../i18n.js";
import { When } from "../operate/parts.js";
import { siteIds, steers } from "../state.js";
import { toast } from "../toast.js";
import { duration, Mark, Unknown } from "../words.js";

const MARKS = { good: "up", wrong: "wrong", absent: "partial", unknown: "unknown" };
const BAD_FIRST = ["wrong", "absent", "unknown", "good"];

export default function Content() {
  const { data: sets, problem, loading, refresh } = useResource("content", 5);
  return html`
    <div class="title"><h1>${t("nav.content")}</h1></div>
    ${!sets && html`<${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />`}
    ${sets?.length === 0 && html`<section class="panel"><p class="note">${t("content.none")}</p></section>`}
    ${sets?.length > 0 && html`<section class="panel flush"><header class="heading"><h2>${t("content.matrix")}</h2><${Legend} /></header><${Matrix} sets=${sets} refresh=${refresh} /></section>`}
    ${sets?.map((set) => html`<${ReleaseSet} key=${`${set.service} ${set.content}`} set=${set} />`)}`;
}

const Legend = () => html`<span class="legend-of">${Object.entries(MARKS).map(([hold, mark]) => html`<span><${Mark} state=${mark} label=${t(`hold.${hold}`)} /> ${t(`hold.${hold}`)}</span>`)}<span><${Mark} state="starting" label=${t("now.behind")} /> ${t("now.behind")}</span></span>`;

function Matrix({ sets, refresh }) {
  const known = new Set(sets.flatMap((set) => set.places.map((place) => place.site)));
  return html`
    <div class="scrolls" tabindex="0" role="region" aria-label=${t("content.matrix")}>
      <table class="table matrix">
        <thead><tr><th scope="col">${t("now.site")}</th>${sets.map((set) => html`<th scope="col">${set.content}<small> ${set.service}</small></th>`)}<th scope="col"><span class="unseen">${t("now.acts")}</span></th></tr></thead>
        <tbody>
          ${siteIds.value.filter((id) => known.has(id)).map(
            (id) => html`
              <tr key=${id} data-site=${id}>
                <th scope="row"><a href=${`/sites/${encodeURIComponent(id)}`}>${id}</a></th>
                ${sets.map((set) => html`<td><${Cell} set=${set} places=${set.places.filter((place) => place.site === id)} /></td>`)}
                <td>${steers(id) && html`<button onClick=${() => scan(id, refresh)}>${t("content.scan")}</button>`}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`;
}

function Cell({ set, places }) {
  if (!places.length) return html`<small>–</small>`;
  const worst = places.reduce((a, b) => (BAD_FIRST.indexOf(b.hold) < BAD_FIRST.indexOf(a.hold) ? b : a));
  const behind = worst.hold === "good" && set.served !== "" && places.some((place) => place.generation !== set.served);
  const lag = Math.max(...places.map((place) => place.lag_s ?? 0));
  const label = behind ? t("now.behind") : t(`hold.${worst.hold}`);
  return html`
    <span class="cell" title=${worst.reason}>
      <${Mark} state=${behind ? "starting" : MARKS[worst.hold]} label=${label} />
      <code>${worst.generation.slice(0, 8) || "–"}</code>
      ${lag > 0 && html`<small>${t("content.lag", { time: duration(lag) })}</small>`}
      ${worst.wrong + worst.lacking > 0 && html`<small class="refused">${t("content.faults", { n: worst.wrong + worst.lacking })}</small>`}
      ${!worst.scanned && worst.hold === "good" && html`<small>${t("content.not_scanned")}</small>`}
    </span>`;
}

const scan = (site, refresh) =>
  post(`${at(site)}/scan`).then(
    ({ scans, held }) => (refresh(), toast(held ? t("content.scanning_held", { site, n: scans, held }) : t("content.scanning", { site, n: scans }))),
    (problem) => toast(problem.message, { kind: "refused" }),
  );

function ReleaseSet({ set }) {
  const bad = alike(set.places.filter((place) => place.hold === "wrong" || place.faults.length > 0));
  return html`
    <section class="panel" data-set=${set.content}>
      <header class="heading"><h2>${set.content} <small>${set.service}</small></h2>
        <span>${set.short && html`<span class="tag over">${t("content.short")}</span>`} ${set.rolling && html`<span class="tag">${t("content.rolling")}</span>`}</span></header>
      ${set.shortage && html`<p class="shortage">${set.shortage}</p>`}
      <${Generations} set=${set} />
      ${bad.length > 0 && html`<h3>${t("content.files")}</h3><ul class="faults">${bad.map((place) => html`<${Faulty} key=${`${place.site}${place.doors}${place.address}`} place=${place} />`)}</ul>`}
    </section>`;
}

// The same fault at the same address is one, by whichever door clients come.
function alike(places) {
  const found = new Map();
  for (const place of places) {
    const key = `${place.site} ${place.address} ${place.reason}`;
    const known = found.get(key);
    found.set(key, known ? { ...known, doors: `${known.doors}, ${place.door.toUpperCase()}` } : { ...place, doors: place.door.toUpperCase() });
  }
  return [...found.values()];
}

const Generations = ({ set }) => html`
  <ul class="generations">
    ${set.generations.map(
      (each) => html`
        <li key=${each.name} class=${each.name === set.served ? "served" : ""}>
          <span><code>${each.name.slice(0, 12)}</code> ${each.name === set.served && html`<span class="tag served">${t("content.served")}</span>`}</span>
          <span><progress class="share" max=${Math.max(1, set.carrying.length)} value=${each.sites.length} aria-label=${each.name.slice(0, 12)}></progress> ${t("content.held_by", { n: each.sites.length, all: set.carrying.length })}</span>
          <small>${each.files !== null && t("content.count", { n: each.files })}</small>
          <span><small>${t("content.seen")}</small> <${When} at=${each.first_seen} /></span>
        </li>`,
    )}
    ${set.generations.length === 0 && html`<li class="note">${t("not_known_yet")}</li>`}
  </ul>`;

const Faulty = ({ place }) => html`
  <li>
    <p><${Mark} state=${MARKS[place.hold]} label=${t(`hold.${place.hold}`)} /> <b>${place.site}</b> <small>${place.doors} ${place.address}</small> ${place.reason}</p>
    ${place.faults.length > 0 && html`<ul>${place.faults.map((fault) => html`<li><code>${fault.path}</code> ${fault.reason}</li>`)}</ul>`}
    ${place.curl && html`<pre tabindex="0">${place.curl}</pre>`}
  </li>`;
