// The sites where they are. Sites that would cover each other step aside, with a line to where they belong.
import { html } from "./html.js";
import { boxOf, named, project, spread, WORLD } from "./layout.js";
import { dialog, explained, regions, sites } from "./state.js";
import { useEffect, useRef } from "./vendor/preact-hooks.js";
import { signal } from "./vendor/signals.js";
import { WORDS } from "./words.js";

const RADIUS = 7;

const size = signal({ width: 640, height: 262 });
const view = signal("world");

export function WorldMap() {
  const frame = useRef(null);
  useEffect(() => {
    const measure = new ResizeObserver(([{ contentRect }]) => {
      const width = Math.max(280, Math.round(contentRect.width));
      size.value = { width, height: Math.round((width * WORLD.height) / WORLD.width) };
    });
    measure.observe(frame.current);
    return () => measure.disconnect();
  }, []);
  const { width, height } = size.value;
  const scale = scaleOf(width, height);
  const marks = marksOf(scale, width, height);
  return html`
    <div class="map" ref=${frame}>
      <${Views} />
      <svg viewBox=${`0 0 ${width} ${height}`} role="group" aria-label="Map of the sites">
        <g class="land" transform=${`translate(${scale.x} ${scale.y}) scale(${scale.by})`}><use href="/static/map.svg#land" /></g>
        <${Client} scale=${scale} marks=${marks} />
        ${marks.map((mark) => html`<path class="stem" d=${`M${mark.home.join(" ")}L${mark.x} ${mark.y}`} />`)}
        ${marks.map((mark) => html`<${Marker} key=${mark.site.id} mark=${mark} />`)}
      </svg>
    </div>`;
}

const Views = () => html`
  <div class="views" role="group" aria-label="Part of the world">
    ${["world", ...regions.value.map(([region]) => region)].map(
      (name) => html`<button aria-pressed=${view.value === name} onClick=${() => (view.value = name)}>${name}</button>`,
    )}
  </div>`;

const Marker = ({ mark: { site, x, y, label } }) => html`
  <g
    class=${`marker ${site.condition}`}
    transform=${`translate(${x} ${y})`}
    role="button"
    tabindex="0"
    aria-label=${`${site.id}: ${WORDS[site.condition]}`}
    onClick=${() => (dialog.value = { kind: "detail", site: site.id })}
    onKeyDown=${(event) => event.key === "Enter" && (dialog.value = { kind: "detail", site: site.id })}
  >
    <title>${`${site.id}: ${WORDS[site.condition]}`}</title>
    <circle class="halo" r=${RADIUS + 1} />
    <use href=${`/static/marks.svg#${site.condition}`} x=${-RADIUS} y=${-RADIUS} width=${2 * RADIUS} height=${2 * RADIUS} />
    ${label && html`<text x=${label.dx} y=${label.dy} text-anchor=${label.anchor}>${site.id}</text>`}
  </g>`;

// Where the client of the last explanation is, and where it goes.
function Client({ scale, marks }) {
  const { client, sites: judged } = explained.value ?? {};
  if (!client?.location) return null;
  const [x, y] = scale.place({ latitude: client.location[0], longitude: client.location[1] });
  const first = marks.find(({ site }) => site.id === judged.find((each) => each.rank === 1)?.site);
  return html`
    <g class="client">
      ${first && html`<path d=${`M${x} ${y}Q${(x + first.x) / 2} ${Math.min(y, first.y) - 24} ${first.x} ${first.y}`} />`}
      <circle cx=${x} cy=${y} r="4"><title>${`${client.address} (${client.country ?? "?"})`}</title></circle>
    </g>`;
}

function marksOf(scale, width, height) {
  const marks = shown().map((site) => ({ site, text: site.id, home: scale.place(site.location) }));
  const placed = spread(marks, 2 * RADIUS + 3, width, height);
  return view.value === "world" ? placed : named(placed, RADIUS, width);
}

const shown = () => sites.value.filter((site) => view.value === "world" || site.region === view.value);

function scaleOf(width, height) {
  const box = view.value === "world" ? WORLD : boxOf(shown().map((site) => site.location), width / height);
  const by = width / box.width;
  const place = (location) => {
    const [x, y] = project(location);
    return [(x - box.x) * by, (y - box.y) * by];
  };
  return { x: -box.x * by, y: -box.y * by, by, place };
}
