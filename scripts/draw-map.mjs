#!/usr/bin/env node
// Draws gslb/admin/static/map.svg: the land of the world as one path, from Natural Earth (public domain), 1:50m.
//
//   scripts/draw-map.mjs
//
// Miller's cylindrical projection, in which shapes far from the equator keep theirs better than on a plain grid and need
// less room than on Mercator's: one unit is 0.05 degrees of longitude, and the dashboard projects sites by the same
// formula (gslb/admin/static/map.js). Small islands and small bends are left out: the file stays below 60 KB.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGES = [
  ["world-atlas", "2.0.2", "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"],
  ["topojson-client", "3.1.0", "889fadb422f6236d0f8337a236ce6499f258b75e44b81733b13bd971067322bf"],
  ["topojson-simplify", "3.0.3", "9454ce01d26b58835227bef9cb0f78308ca987545611cc9a405e667a7ce6e524"],
];
const UNIT = 20; // a degree of longitude
const WIDTH = 360 * UNIT;
const NORTH = 81, SOUTH = -57; // what is beyond is not drawn
const FAR_NORTH = vertical(64), FAR_SOUTH = vertical(-42);
const SMALLEST_BEND = 7; // square units
const SMALLEST_RING = 45;
const LARGEST_FILE = 60_000;

const out = join(dirname(fileURLToPath(import.meta.url)), "../gslb/admin/static/map.svg");
const work = mkdtempSync(join(tmpdir(), "map-"));
try {
  const { atlas, topojson } = fetched(work);
  const drawn = draw(topojson.simplified(atlas));
  if (drawn.length > LARGEST_FILE) throw new Error(`the map has ${drawn.length} bytes, more than ${LARGEST_FILE}`);
  writeFileSync(out, drawn);
} finally {
  rmSync(work, { recursive: true });
}

function fetched(folder) {
  const archives = PACKAGES.map(([name, version, sha256]) => {
    const archive = execFileSync("npm", ["pack", "--silent", `${name}@${version}`], { cwd: folder }).toString().trim();
    const found = createHash("sha256").update(readFileSync(join(folder, archive))).digest("hex");
    if (found !== sha256) throw new Error(`${archive} is not the ${name} that this script was written for`);
    return `./${archive}`;
  });
  execFileSync("npm", ["install", "--silent", "--no-audit", "--no-fund", ...archives], { cwd: folder });
  const require = createRequire(join(folder, "here.js"));
  const { feature } = require("topojson-client");
  const { presimplify, simplify } = require("topojson-simplify");
  const atlas = JSON.parse(readFileSync(join(folder, "node_modules/world-atlas/land-50m.json")));
  return { atlas, topojson: { simplified: (map) => feature(simplify(presimplify(unfolded(map), weight), SMALLEST_BEND), "land") } };

  // Weights are areas, so they are taken on the projected map: there the eye looks.
  function unfolded({ transform, arcs, objects }) {
    const { scale: [kx, ky], translate: [dx, dy] } = transform;
    const projected = arcs.map((arc) => {
      let x = 0, y = 0;
      return arc.map(([stepX, stepY]) => project((x += stepX) * kx + dx, (y += stepY) * ky + dy));
    });
    const land = objects.land;
    return { type: "Topology", arcs: projected, objects: { land } };
  }
}

// A bend counts by its area, and where nobody lives for little: fjords and arctic islands would be half of the file.
function weight([[ax, ay], [bx, by], [cx, cy]]) {
  const size = Math.abs((ax - cx) * (by - ay) - (ax - bx) * (cy - ay)) / 2;
  return size * (by < FAR_NORTH || by > FAR_SOUTH ? 0.1 : 1);
}

function project(longitude, latitude) {
  return [(longitude + 180) * UNIT, vertical(Math.max(SOUTH, Math.min(NORTH, latitude)))];
}

function vertical(latitude) {
  return (miller(NORTH) - miller(latitude)) * UNIT;
}

function miller(latitude) {
  return 1.25 * Math.log(Math.tan(Math.PI / 4 + 0.4 * latitude * (Math.PI / 180))) * (180 / Math.PI);
}

function draw(land) {
  const shapes = land.type === "FeatureCollection" ? land.features.map((each) => each.geometry) : [land.geometry];
  const rings = shapes.flatMap((shape) => (shape.type === "Polygon" ? [shape.coordinates] : shape.coordinates)).flat();
  const whole = rings.map(unrolled).flatMap(sides);
  const path = whole.filter((ring) => area(ring) >= SMALLEST_RING).map(outline).join("");
  const height = Math.round(vertical(SOUTH));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}">` +
    `<!-- Natural Earth, public domain; drawn by scripts/draw-map.mjs --><path id="land" d="${path}"/></svg>\n`;
}

// A ring that crosses the 180th meridian goes on beyond the edge, instead of right through the map.
function unrolled(ring) {
  let turn = 0;
  return ring.map(([x, y], index) => {
    const step = index ? x - ring[index - 1][0] : 0;
    if (Math.abs(step) > WIDTH / 2) turn -= Math.sign(step) * WIDTH;
    return [x + turn, y];
  });
}

// What goes on beyond one edge comes in at the other. A ring around a pole does not close, and is left out.
function sides(ring) {
  if (ring[0][0] !== ring.at(-1)[0]) return [];
  const xs = ring.map(([x]) => x);
  const shifts = [0, ...(Math.min(...xs) < 0 ? [WIDTH] : []), ...(Math.max(...xs) > WIDTH ? [-WIDTH] : [])];
  return shifts.map((shift) => ring.map(([x, y]) => [x + shift, y]));
}

function area(ring) {
  let sum = 0;
  for (let i = 0; i + 1 < ring.length; i++) sum += ring[i][0] * ring[i + 1][1] - ring[i + 1][0] * ring[i][1];
  return Math.abs(sum / 2);
}

// Whole numbers, each relative to the one before.
function outline(ring) {
  const points = ring.slice(0, -1).map(([x, y]) => [Math.round(x), Math.round(y)]);
  let [lastX, lastY] = points[0];
  let text = `M${lastX} ${lastY}l`;
  for (const [x, y] of points.slice(1)) {
    const dx = x - lastX, dy = y - lastY;
    if (dx === 0 && dy === 0) continue;
    text += `${text.endsWith("l") || dx < 0 ? "" : " "}${dx}${dy < 0 ? "" : " "}${dy}`;
    [lastX, lastY] = [x, y];
  }
  return `${text}z`;
}
