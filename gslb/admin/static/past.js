// How a site was: its series over an hour to a year.
import { Chart, since, timesOf } from "./chart.js";
import { useResource } from "./fetch.js";
import { html } from "./html.js";
import { t } from "./i18n.js";
import { useState } from "./vendor/preact-hooks.js";
import { ms, octets, percent, rate, Unknown } from "./words.js";

const RANGES = ["1h", "24h", "7d", "30d", "1y"];
const EVERY_S = { "1h": 10, "24h": 60 };

// What is drawn together: series by name, how their labels are said, and the words for a value.
const CHARTS = [
  { name: "up", unit: percent, range: [0, 1.02], stepped: true, label: ({ service, door, family }) => [service, door?.toUpperCase(), family && `IPv${family}`].filter(Boolean).join(" ") },
  { name: "latency", unit: ms, label: ({ vantage }) => vantage },
  { name: "share", unit: percent, label: ({ service, door }) => [service, door?.toUpperCase()].filter(Boolean).join(" ") },
  { name: "requests", unit: rate, fill: true, label: ({ service, door }) => [service, door?.toUpperCase()].filter(Boolean).join(" ") },
  { name: "octets", unit: (value) => `${octets(value)}/s`, fill: true, label: ({ service }) => service ?? t("past.octets") },
];

export function Past({ site }) {
  const [range, setRange] = useState("1h");
  const { data, problem, loading } = useResource(`history/sites/${encodeURIComponent(site)}?range=${range}`, EVERY_S[range] ?? 300);
  return html`
    <section class="panel">
      <header>
        <h2>${t("past.title")}</h2>
        <div class="switch" role="group" aria-label=${t("range")}>
          ${RANGES.map((each) => html`<button aria-pressed=${each === range} onClick=${() => setRange(each)}>${t(`range.${each}`)}</button>`)}
        </div>
      </header>
      ${!data ? html`<${Unknown} problem=${problem} what=${loading ? t("loading") : undefined} />` : html`<${Charts} data=${data} />`}
    </section>`;
}

// The whole stands for its parts only where there are none.
function parts(found) {
  const labelled = found.filter((each) => Object.values(each.labels).some(Boolean));
  return labelled.length ? labelled : found;
}

function Charts({ data }) {
  const drawn = CHARTS.map((chart) => ({ ...chart, found: parts(data.series.filter((each) => each.name === chart.name && each.values.some((value) => value !== null))) }));
  const known = drawn.filter((each) => each.found.length);
  if (!known.length) return html`<${Unknown} />`;
  const from = since(known.flatMap((chart) => chart.found.map((each) => each.values)));
  const services = new Set(data.series.map((each) => each.labels.service).filter(Boolean)).size;
  return html`
    <div class="charts">
      ${known.map(
        (chart) => html`
          <figure key=${chart.name}>
            <figcaption>${t(`past.${chart.name}`)}</figcaption>
            <${Chart}
              label=${t(`past.${chart.name}`)} times=${timesOf(data, chart.found[0].values.length).slice(from)} unit=${chart.unit} range=${chart.range}
              series=${chart.found.map((each) => ({ label: chart.label(services > 1 ? each.labels : { ...each.labels, service: undefined }) || t(`past.${chart.name}`), values: each.values.slice(from), stepped: chart.stepped, fill: chart.fill && chart.found.length === 1 }))}
            />
          </figure>`,
      )}
    </div>`;
}
