// Geometry of flows: pure functions. A flow goes from the middle of its clients' home region to the site it is sent to.
const THIN = 1, THICK = 9; // pixels
const MOST = 60; // lines: more are a tangle

// `flows` as the API gives them; `marks` of the map. {lines: [{d, width, …}], homes: [{region, x, y, per_s}]}
export function arcs(flows, { marks }, { width, height }) {
  const at = new Map(marks.map((mark) => [mark.id, mark]));
  const homes = homesOf(flows, marks, width, height);
  const together = new Map();
  for (const flow of flows) {
    const key = `${flow.region}→${flow.site}`;
    const known = together.get(key) ?? { key, from: flow.region, to: flow.site, per_s: 0 };
    together.set(key, { ...known, per_s: known.per_s + flow.per_s });
  }
  const drawn = [...together.values()].filter((each) => at.has(each.to) && homes.has(each.from));
  drawn.sort((a, b) => b.per_s - a.per_s);
  const most = drawn[0]?.per_s || 1;
  const lines = drawn.slice(0, MOST).map((each) => {
    const [home, site] = [homes.get(each.from), at.get(each.to)];
    return { ...each, d: bow(home, site), width: (THIN + (THICK - THIN) * Math.sqrt(each.per_s / most)).toFixed(1), away: site.region !== each.from };
  });
  return { lines, homes: [...homes.values()] };
}

// The middle of a region's sites, a little below them, where its name has room.
function homesOf(flows, marks, width, height) {
  const sums = new Map();
  for (const { region, per_s } of flows) sums.set(region, (sums.get(region) ?? 0) + per_s);
  const homes = new Map();
  for (const [region, per_s] of sums) {
    const own = marks.filter((mark) => mark.region === region);
    if (!own.length) continue;
    const x = own.reduce((sum, mark) => sum + mark.x, 0) / own.length;
    const low = Math.max(...own.map((mark) => mark.y));
    homes.set(region, { region, per_s, x: Math.max(60, Math.min(width - 60, x)), y: Math.min(height - 8, low + 34) });
  }
  return homes;
}

function bow(from, to) {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const lift = Math.min(90, Math.hypot(dx, dy) * 0.28);
  return `M${from.x.toFixed(1)} ${(from.y - 12).toFixed(1)}Q${(from.x + dx / 2).toFixed(1)} ${(from.y + dy / 2 - lift).toFixed(1)} ${to.x.toFixed(1)} ${to.y.toFixed(1)}`;
}
