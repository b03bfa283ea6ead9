// Flips, drains, reloads, changes of databases, acts of people: one list, with filters, page by page.
import { fetchJson } from "../fetch.js";
import { html } from "../html.js";
import { t, word } from "../i18n.js";
import { events, siteIds } from "../state.js";
import { both, clock } from "../words.js";
import { useEffect, useState } from "../vendor/preact-hooks.js";

const PAGE = 100;
// What a kind is about, by how its name begins.
const GROUPS = {
  flips: ["site-", "service-", "vantage-", "all-down", "flap", "region-", "all-"],
  drains: ["drain", "enable", "maintenance", "override"],
  configuration: ["reload", "config", "geo", "zone", "dnssec", "notify", "content", "release", "transfer"],
};

const groupOf = (kind) => Object.keys(GROUPS).find((group) => GROUPS[group].some((begin) => kind.startsWith(begin))) ?? "other";
const keyOf = (each) => `${each.source ?? ""} ${each.number} ${each.at} ${each.kind}`;

export function Timeline() {
  const [found, setFound] = useState([]);
  const [more, setMore] = useState(true);
  const [problem, setProblem] = useState(null);
  const [filter, setFilter] = useState({ group: "", severity: "", subject: "" });
  const last = events.value[0]?.number;
  const load = async (before) => {
    const query = new URLSearchParams({ limit: PAGE, ...(before && { before }) });
    const page = await fetchJson(`timeline?${query}`).catch((error) => (setProblem(error), []));
    setFound((old) => merged(old, page));
    if (before || found.length === 0) setMore(page.length === PAGE);
  };
  useEffect(() => void load(), [last]);
  const put = (name) => (event) => setFilter({ ...filter, [name]: event.target.value });
  const fits = (each) =>
    (!filter.group || groupOf(each.kind) === filter.group || (filter.group === "acts" && each.who)) &&
    (!filter.severity || each.severity === filter.severity) &&
    (!filter.subject || each.subject === filter.subject || (each.message ?? "").includes(filter.subject));
  const shown = found.filter(fits);
  return html`
    <div class="filters" role="group" aria-label=${t("timeline.filters")}>
      <${Choice} label=${t("timeline.group")} value=${filter.group} put=${put("group")} options=${["flips", "drains", "configuration", "acts", "other"].map((each) => [each, t(`timeline.${each}`)])} />
      <${Choice} label=${t("incident.severity")} value=${filter.severity} put=${put("severity")} options=${["info", "warning", "error"].map((each) => [each, t(`severity.${each}`)])} />
      <${Choice} label=${t("now.site")} value=${filter.subject} put=${put("subject")} options=${siteIds.value.map((each) => [each, each])} />
    </div>
    ${problem && html`<p class="note">${problem.message}</p>`}
    <ol class="events timeline" tabindex="0" aria-label=${t("incident.timeline")}>
      ${shown.map((each) => html`<${Line} key=${keyOf(each)} each=${each} />`)}
    </ol>
    ${shown.length === 0 && html`<p class="note">${t("events.none")}</p>`}
    ${more && found.length > 0 && html`<button onClick=${() => load(cursor(found.at(-1)))}>${t("timeline.more")}</button>`}`;
}

const cursor = (last) => last.before ?? last.number ?? last.at;

function merged(old, page) {
  const known = new Map(old.map((each) => [keyOf(each), each]));
  for (const each of page) known.set(keyOf(each), each);
  return [...known.values()].sort((a, b) => Date.parse(b.at) - Date.parse(a.at) || (b.number ?? 0) - (a.number ?? 0));
}

const Choice = ({ label, value, put, options }) => html`
  <label class="choice"><span>${label}</span>
    <select onChange=${put} value=${value}><option value="">${t("timeline.all")}</option>${options.map(([code, text]) => html`<option value=${code}>${text}</option>`)}</select>
  </label>`;

export const Line = ({ each }) => html`
  <li class=${each.severity ?? "info"}>
    <time datetime=${each.at} title=${both(each.at)}>${clock(each.at, Date.now())}</time>
    <span class="kind" title=${each.kind}>${word("event", each.kind)}</span>
    <p>${each.message}${each.who && html` <em>${t("events.by", { who: each.who })}</em>`}</p>
  </li>`;
