// The stream of events. A browser reconnects by itself after a broken connection, and says which event it saw last; after a
// refusal it gives up, so then this does it. What comes within one frame is drawn in one go.
import { knowMe } from "./fetch.js";
import { addEvents, connection, events, flows, openIncidents, putSite, putSites, services, status } from "./state.js";
import { batch } from "./vendor/signals.js";

const RETRY_MS = 3000;
const HIDDEN_MS = 1000; // a page that nobody sees gets no frames

let waiting = [];

export async function start() {
  await page();
  connect();
}

async function page() {
  const answer = await fetch("/api/v1/events?limit=100").catch(() => null);
  if (answer?.ok) addEvents(await answer.json());
}

function connect() {
  const last = events.value[0]?.number;
  const source = new EventSource(`/api/v1/stream${last === undefined ? "" : `?after=${last}`}`);
  // Read now, drawn with the next frame: two short turns of the loop instead of a long one.
  const on = (name, take) =>
    source.addEventListener(name, (message) => {
      const data = JSON.parse(message.data);
      soon(() => take(data));
    });
  on("status", (data) => (status.value = data));
  on("sites", putSites);
  on("services", (data) => (services.value = data));
  on("site", putSite);
  on("event", (data) => addEvents([data]));
  on("flows", (data) => (flows.value = data));
  on("incidents", (data) => (openIncidents.value = data));
  on("reset", page);
  source.onopen = () => {
    if (connection.value === "lost") knowMe();
    connection.value = "live";
  };
  source.onerror = () => {
    connection.value = "lost";
    if (source.readyState === EventSource.CLOSED) setTimeout(retry, RETRY_MS);
  };
}

function soon(change) {
  waiting.push(change);
  if (waiting.length > 1) return;
  if (document.hidden) setTimeout(apply, HIDDEN_MS);
  else requestAnimationFrame(apply);
}

// A page that is hidden between the message and the frame gets the frame when it is seen again.
function apply() {
  const changes = waiting;
  waiting = [];
  batch(() => changes.forEach((change) => change()));
}

async function retry() {
  const answer = await fetch("/api/v1/status").catch(() => null);
  if (answer?.status === 401) location.assign("/login");
  else connect();
}
