// What the stream does not carry: asked for now and then, by whoever is on the first view.
import { fetchJson } from "./fetch.js";
import { t } from "./i18n.js";
import { flows } from "./state.js";
import { computed, signal } from "./vendor/signals.js";

const EVERY_MS = 30_000;
const FLOWS_MS = 5_000;

export const history = signal(null); // of all sites for an hour; null: not known
export const content = signal(null); // release sets; null: not known

const MARKS = { good: "up", wrong: "wrong", absent: "partial", unknown: "unknown" };

// By site: what it has of the release sets, the worst first.
export const generations = computed(() => {
  if (!content.value?.length) return null;
  const found = new Map();
  for (const set of content.value) {
    for (const place of set.places) {
      const behind = place.hold === "good" && set.served && place.generation !== set.served;
      const mark = behind ? "starting" : MARKS[place.hold];
      const known = found.get(place.site);
      if (known && RANK.indexOf(known.mark) <= RANK.indexOf(mark)) continue;
      const title = `${set.content}: ${behind ? t("now.behind") : t(`hold.${place.hold}`)}${place.reason ? ` – ${place.reason}` : ""}`;
      found.set(place.site, { mark, hold: place.hold, generation: place.generation, title });
    }
  }
  return found;
});
const RANK = ["wrong", "partial", "unknown", "starting", "up"];

// Until the function that it returns is called.
export function keepKnown() {
  const stops = [again("history?range=1h&series=latency&points=60", history, EVERY_MS), again("content", content, EVERY_MS), again("flows", flows, FLOWS_MS)];
  return () => stops.forEach((stop) => stop());
}

function again(path, signal, everyMs) {
  let timer;
  let stopped = false;
  const look = async () => {
    if (!document.hidden) {
      await fetchJson(path).then(
        (found) => stopped || (signal.value = found),
        (problem) => (stopped ||= problem.absent || problem.status === 403),
      );
    }
    if (!stopped) timer = setTimeout(look, everyMs);
  };
  look();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}
