// Geometry of the map: pure functions of numbers.
export const UNIT = 20; // of map.svg, a degree of longitude
export const WORLD = { x: 0, y: 250, width: 7200, height: 2950 };
const NARROWEST = 9 * UNIT;

const miller = (latitude) => (1.25 * Math.log(Math.tan(Math.PI / 4 + (0.4 * latitude * Math.PI) / 180)) * 180) / Math.PI;
const NORTH = miller(81);

// As scripts/draw-map.mjs does.
export const project = ({ latitude, longitude }) => [(longitude + 180) * UNIT, (NORTH - miller(latitude)) * UNIT];

// Around these places, with room at the edges, in the shape of the frame.
export function boxOf(locations, shape) {
  const points = locations.map(project);
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const width = 1.35 * Math.max(right - left, (bottom - top) * shape, NARROWEST);
  const height = width / shape;
  return { x: (left + right - width) / 2, y: (top + bottom - height) / 2, width, height };
}

// A few rounds of pushing apart what is too near; deterministic, so that nothing dances.
export function spread(marks, apart, width, height) {
  const edge = apart / 2 + 1;
  const placed = marks.map((mark, index) => ({ ...mark, x: mark.home[0] + index * 0.01, y: mark.home[1] + index * 0.017 }));
  // With hundreds of sites this is what takes longest of the whole page: no copies, and no more rounds than it takes.
  for (let round = 0, moved = true; round < 60 && moved; round++) {
    moved = false;
    for (let i = 0; i < placed.length; i++) {
      for (let j = i + 1; j < placed.length; j++) moved = push(placed[i], placed[j], apart) || moved;
    }
  }
  for (const mark of placed) {
    mark.x = Math.max(edge, Math.min(width - edge, mark.x));
    mark.y = Math.max(edge, Math.min(height - edge, mark.y));
  }
  return placed;
}

function push(a, b, apart) {
  const dx = b.x - a.x;
  if (dx >= apart || dx <= -apart) return false;
  const dy = b.y - a.y;
  if (dy >= apart || dy <= -apart) return false;
  const distance = Math.hypot(dx, dy) || 0.01;
  if (distance >= apart) return false;
  const shift = (apart - distance) / 2 / distance;
  a.x -= dx * shift;
  a.y -= dy * shift;
  b.x += dx * shift;
  b.y += dy * shift;
  return true;
}

// Where the name of each mark fits without covering another name or mark: beside it, above or below; nowhere, if need be.
export function named(marks, radius, width) {
  const taken = marks.map(({ x, y }) => ({ left: x - radius, right: x + radius, top: y - radius, bottom: y + radius }));
  return marks.map((mark) => {
    const spot = spots(mark, radius).find(({ box }) => box.left > 0 && box.right < width && !taken.some((other) => covers(box, other)));
    if (spot) taken.push(spot.box);
    return { ...mark, label: spot };
  });
}

const LETTER = 6.4, LINE = 13; // pixels of a label

function spots({ x, y, text }, radius) {
  const long = text.length * LETTER, gap = radius + 4;
  const spot = (dx, dy, anchor) => {
    const left = x + dx - { start: 0, middle: long / 2, end: long }[anchor];
    return { dx, dy, anchor, box: { left, right: left + long, top: y + dy - 10, bottom: y + dy - 10 + LINE } };
  };
  return [
    spot(gap, 4, "start"),
    spot(-gap, 4, "end"),
    spot(0, -gap, "middle"),
    spot(0, gap + 9, "middle"),
    spot(gap, 16, "start"),
    spot(gap, -8, "start"),
    spot(-gap, 16, "end"),
    spot(-gap, -8, "end"),
  ];
}

const covers = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
