// The stream of events. A browser reconnects by itself after a broken connection, and says which event it saw last; after a
// refusal it gives up, so then this does it.
import { addEvents, connection, events, putSite, services, sites, status } from "./state.js";
import { batch } from "./vendor/signals.js";

const RETRY_MS = 3000;

export async function start() {
  await page();
  connect();
}

async function page() {
  const answer = await fetch("/api/v1/events?limit=100");
  if (answer.ok) addEvents(await answer.json());
}

function connect() {
  const last = events.value[0]?.number;
  const source = new EventSource(`/api/v1/stream${last === undefined ? "" : `?after=${last}`}`);
  const on = (name, take) => source.addEventListener(name, (message) => batch(() => take(JSON.parse(message.data))));
  on("status", (data) => (status.value = data));
  on("sites", (data) => (sites.value = data));
  on("services", (data) => (services.value = data));
  on("site", putSite);
  on("event", (data) => addEvents([data]));
  on("reset", page);
  source.onopen = () => (connection.value = "live");
  source.onerror = () => {
    connection.value = "lost";
    if (source.readyState === EventSource.CLOSED) setTimeout(retry, RETRY_MS);
  };
}

async function retry() {
  const answer = await fetch("/api/v1/status").catch(() => null);
  if (answer?.status === 401) location.assign("/login");
  else connect();
}
