// Charts over time by uPlot, in the colours of the page; and spark lines, which are one path each.
import { html } from "./html.js";
import { language, number } from "./i18n.js";
import { theme } from "./theme.js";
import uPlot from "./vendor/uplot.js";
import { useEffect, useRef } from "./vendor/preact-hooks.js";

const HEIGHT = 180;
// Dashes as well, for who can't tell the colours apart.
const DASHES = [[], [6, 3], [2, 3], [8, 3, 2, 3], [12, 4], [4, 4]];

// What a variable comes to in the theme that is on: a canvas knows nothing of variables, nor of light-dark().
function colour(name) {
  const probe = document.body.appendChild(document.createElement("i"));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

// `series` is [{label, values, colour?, fill?, stepped?}], all of the length of `times` (Unix seconds); null is a gap.
// `unit(value)` says a value in words. `range` is [least, most]; without it, from 0 to what there is.
export function Chart({ times, series, unit = (value) => number(value, 1), range, height = HEIGHT, label }) {
  const frame = useRef(null);
  const plot = useRef(null);
  const shape = `${theme.value} ${language.value} ${series.map((each) => each.label).join("|")}`;
  const data = [times, ...series.map((each) => each.values)];
  useEffect(() => {
    const options = optionsOf({ series, unit, range, height, width: frame.current.clientWidth });
    plot.current = new uPlot(options, data, frame.current);
    const measure = new ResizeObserver(([{ contentRect }]) => plot.current?.setSize({ width: Math.max(120, contentRect.width), height }));
    measure.observe(frame.current);
    return () => {
      measure.disconnect();
      plot.current.destroy();
      plot.current = null;
    };
  }, [shape, height]);
  useEffect(() => plot.current?.setData(data), [times, series]);
  return html`<div class="chart" ref=${frame} role="img" aria-label=${label}></div>`;
}

function optionsOf({ series, unit, range, height, width }) {
  const [soft, line] = [colour("--soft"), colour("--line")];
  const axis = { stroke: soft, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 }, font: "11px system-ui, sans-serif" };
  return {
    width: Math.max(120, width),
    height,
    cursor: { points: { size: 6 }, drag: { x: false, y: false } },
    legend: { live: true },
    hooks: { ready: [tellLast], setData: [tellLast], setCursor: [(plot) => plot.cursor.idx === null && tellLast(plot)] },
    scales: { y: { range: range ? () => range : (_, low, high) => [Math.min(0, low ?? 0), (high || 1) * 1.08] } },
    axes: [
      { ...axis, values: (_, ticks, __, ___, step) => ticks.map((each) => tick(each, step)) },
      { ...axis, size: 62, values: (_, ticks) => ticks.map((each) => unit(each)) },
    ],
    series: [{ value: (_, at) => (at === null ? "–" : moment(at)) }, ...series.map((each, index) => lineOf(each, index, unit))],
  };
}

function lineOf(each, index, unit) {
  const stroke = colour(each.colour ?? `--series-${(index % 6) + 1}`);
  return {
    label: each.label,
    stroke,
    width: 1.6,
    dash: DASHES[index % DASHES.length],
    fill: each.fill ? `color-mix(in srgb, ${stroke} 16%, transparent)` : undefined,
    paths: each.stepped ? uPlot.paths.stepped({ align: 1 }) : undefined,
    points: { show: false },
    spanGaps: false,
    value: (_, value) => (value === null || value === undefined ? "–" : unit(value)),
  };
}

// Where nobody points, the legend tells how it is now: the last that each series knows.
function tellLast(plot) {
  const idxs = plot.data.map((values, index) => (index ? values.findLastIndex((value) => value !== null && value !== undefined) : values.length - 1));
  plot.setLegend({ idxs: idxs.map((idx) => (idx < 0 ? null : idx)) });
}

const moment = (at) => new Date(at * 1000).toLocaleString(language.value, { dateStyle: "short", timeStyle: "short" });

function tick(at, step) {
  const shown = step >= 86400 ? { month: "numeric", day: "numeric" } : { hour: "2-digit", minute: "2-digit", hour12: false };
  return new Date(at * 1000).toLocaleString(language.value, shown);
}

// A small line without axes: `lines` are lists of numbers or null, on one scale from 0.
export function Spark({ lines: whole, label, width = 72, height = 20 }) {
  const from = since(whole);
  const lines = whole.map((values) => values.slice(from));
  const most = Math.max(...lines.flat().filter((each) => each !== null), 0);
  if (!most) return html`<span class="spark empty" aria-label=${label}></span>`;
  return html`
    <svg class="spark" viewBox=${`0 0 ${width} ${height}`} width=${width} height=${height} role="img" aria-label=${label}>
      <title>${label}</title>
      ${lines.map((values, index) => html`<path class=${`line-${index % 6}`} d=${sparkPath(values, most, width, height)} />`)}
    </svg>`;
}

function sparkPath(values, most, width, height) {
  const across = (width - 2) / Math.max(1, values.length - 1);
  let path = "", pen = "M";
  for (const [index, value] of values.entries()) {
    if (value !== null) path += `${pen}${(1 + index * across).toFixed(1)} ${(height - 1.5 - (value / most) * (height - 3)).toFixed(1)}`;
    pen = value === null ? "M" : "L";
  }
  return path;
}

// Without the time before anybody knew anything, but for a part of it: a node that has just begun has a short history.
export function since(series, least = 6) {
  const first = Math.min(...series.map((values) => values.findIndex((each) => each !== null)).filter((index) => index >= 0));
  const length = series[0]?.length ?? 0;
  const from = Math.max(0, Math.min(first - 1, length - Math.ceil(length / least)));
  return Number.isFinite(first) ? from : 0;
}

// The times of a history of the API: {start, step_s} and so many values.
export const timesOf = ({ start, step_s }, count) => Array.from({ length: count }, (_, index) => Date.parse(start) / 1000 + index * step_s);
