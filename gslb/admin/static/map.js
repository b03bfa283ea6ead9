// The sites where they are, where client regions are sent, and how much flows. Sites that would cover each other step aside,
// with a line to where they belong.
import { html } from "./html.js";
import { t, word } from "./i18n.js";
import { arcs } from "./arcs.js";
import { boxOf, named, project, spread, WORLD } from "./layout.js";
import { go } from "./router.js";
import { explained, flows, regions, siteIds, siteOf } from "./state.js";
import { useEffect, useRef } from "./vendor/preact-hooks.js";
import { computed, signal, useComputed } from "./vendor/signals.js";
import { rate } from "./words.js";

const RADIUS = 7;

const size = signal({ width: 640, height: 262 });
const view = signal("world");

// So many marks more at a time, as the fleet does with its rows.
const STEP = 60;
const shown = signal(STEP);

// What places depend on, and nothing else: states come and go without moving anything.
const placed = computed(() => {
  const key = siteIds.value.map((id) => siteOf(id).value).map((site) => `${site.id} ${site.region} ${site.location.latitude} ${site.location.longitude}`);
  return key.join("\n");
});

const marks = computed(() => {
  placed.value;
  const { width, height } = size.value;
  const all = siteIds.peek().map((id) => siteOf(id).peek());
  const inside = all.filter((site) => view.value === "world" || site.region === view.value);
  const scale = scaleOf(inside, width, height);
  const found = inside.map((site) => ({ id: site.id, region: site.region, text: site.id, home: scale.place(site.location) }));
  const many = found.length > 60;
  const apart = many ? found.map((mark) => ({ ...mark, x: mark.home[0], y: mark.home[1] })) : spread(found, 2 * RADIUS + 3, width, height);
  const radius = many ? 4.5 : RADIUS;
  return { scale, radius, marks: view.value === "world" ? apart : named(apart, radius, width) };
});

export function WorldMap() {
  const frame = useRef(null);
  useEffect(() => {
    const measure = new ResizeObserver(([{ contentRect }]) => {
      const width = Math.max(280, Math.round(contentRect.width));
      const height = Math.round((width * WORLD.height) / WORLD.width);
      if (size.peek().width !== width) size.value = { width, height };
    });
    measure.observe(frame.current);
    return () => measure.disconnect();
  }, []);
  const { width, height } = size.value;
  const { scale, radius, marks: all } = marks.value;
  const some = all.slice(0, shown.value);
  useEffect(() => {
    if (some.length === all.length) return undefined;
    const timer = setTimeout(() => (shown.value += STEP), 30);
    return () => clearTimeout(timer);
  });
  return html`
    <div class="map" ref=${frame}>
      <svg viewBox=${`0 0 ${width} ${height}`} role="group" aria-label=${t("now.map")}>
        <g class="land" transform=${`translate(${scale.x} ${scale.y}) scale(${scale.by})`}><use href="/static/map.svg#land" /></g>
        <${Flows} />
        <${Client} />
        ${some.map((mark) => (mark.x - mark.home[0]) ** 2 + (mark.y - mark.home[1]) ** 2 > 4 && html`<path class="stem" d=${`M${mark.home.join(" ")}L${mark.x} ${mark.y}`} />`)}
        ${some.map((mark) => html`<${Marker} key=${mark.id} mark=${mark} radius=${radius} />`)}
        <${Homes} />
      </svg>
      <${Views} />
    </div>`;
}

const Views = () => html`
  <div class="views" role="group" aria-label=${t("now.part")}>
    ${["world", ...regions.value.map(([region]) => region)].map(
      (name) => html`<button aria-pressed=${view.value === name} onClick=${() => (view.value = name)}>${name === "world" ? t("now.world") : name}</button>`,
    )}
  </div>`;

function Marker({ mark: { id, x, y, label }, radius }) {
  const site = siteOf(id)?.value;
  if (!site) return null;
  const told = `${id}: ${word("state", site.condition)}`;
  return html`
    <a href=${`/sites/${encodeURIComponent(id)}`} aria-label=${told}>
      <g class=${`marker ${site.condition}`} transform=${`translate(${x} ${y})`} onClick=${(event) => (event.preventDefault(), go(`/sites/${encodeURIComponent(id)}`))}>
        <title>${told}</title>
        <circle class="halo" r=${radius + 1} />
        <use href=${`/static/marks.svg#${site.condition}`} x=${-radius} y=${-radius} width=${2 * radius} height=${2 * radius} />
        ${label && html`<text x=${label.dx} y=${label.dy} text-anchor=${label.anchor}>${id}</text>`}
      </g>
    </a>`;
}

const drawn = computed(() => (flows.value ? arcs(flows.value.flows, marks.value, size.value) : { lines: [], homes: [] }));

// From where clients are to where they are sent, as wide as there are many.
function Flows() {
  const { lines } = drawn.value;
  return html`
    <g class="flows">
      ${lines.map(
        (line) => html`<path key=${line.key} class=${line.away ? "away" : ""} d=${line.d} stroke-width=${line.width}><title>${t("now.arc", { from: line.from, to: line.to, rate: rate(line.per_s) })}</title></path>`,
      )}
    </g>`;
}

const Homes = () => html`
  <g class="homes">
    ${drawn.value.homes.map(
      (home) => html`
        <g key=${home.region} transform=${`translate(${home.x} ${home.y})`}>
          <text text-anchor="middle">${home.region}<tspan class="rate" dx="5">${rate(home.per_s)}</tspan></text>
        </g>`,
    )}
  </g>`;

// Where the client of the last explanation is, and where it goes.
function Client() {
  const told = useComputed(() => {
    const { client, sites: judged } = explained.value ?? {};
    if (!client?.location) return null;
    const { scale, marks: all } = marks.value;
    const [x, y] = scale.place({ latitude: client.location[0], longitude: client.location[1] });
    return { x, y, client, first: all.find(({ id }) => id === judged.find((each) => each.rank === 1)?.site) };
  }).value;
  if (!told) return null;
  const { x, y, client, first } = told;
  return html`
    <g class="client">
      ${first && html`<path d=${`M${x} ${y}Q${(x + first.x) / 2} ${Math.min(y, first.y) - 24} ${first.x} ${first.y}`} />`}
      <circle cx=${x} cy=${y} r="4"><title>${`${client.address} (${client.country ?? "?"})`}</title></circle>
    </g>`;
}

function scaleOf(shown, width, height) {
  const box = view.value === "world" || !shown.length ? WORLD : boxOf(shown.map((site) => site.location), width / height);
  const by = width / box.width;
  const place = (location) => {
    const [x, y] = project(location);
    return [(x - box.x) * by, (y - box.y) * by];
  };
  return { x: -box.x * by, y: -box.y * by, by, place };
}
