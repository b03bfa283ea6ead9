// The dashboard. What the server drew stays until the stream has told how things are.
import { Dialog } from "./dialogs.js";
import { Events } from "./events.js";
import { Explain } from "./explain.js";
import { html } from "./html.js";
import { start } from "./live.js";
import { WorldMap } from "./map.js";
import { connection, me, now, status } from "./state.js";
import { Sites } from "./table.js";
import { render } from "./vendor/preact.js";
import { effect } from "./vendor/signals.js";
import { ago } from "./words.js";

const CONNECTION = { connecting: "connecting", live: "live", lost: "connection lost" };

const App = () => html`
  <${Bar} />
  <main class="board">
    <${Incident} />
    <section class="panel area-sites"><${Sites} /></section>
    <section class="panel area-map"><${WorldMap} /></section>
    <section class="panel area-explain"><h2>Where would a client land?</h2><${Explain} /></section>
    <section class="panel area-events"><h2>Events</h2><${Events} /></section>
  </main>
  <${Dialog} />`;

const Bar = () => html`
  <header class="bar">
    <b class="node"><img src="/static/icon.svg" alt="" width="20" height="20" />${status.value.node}</b>
    <span class=${`link ${connection.value}`} role="status">${CONNECTION[connection.value]}</span>
    <span title=${`World ${status.value.world_digest.slice(0, 12)}`}>World <b>${status.value.world}</b> for ${ago(status.value.world_at, now.value)}</span>
    ${status.value.workers_wanted > 0 && html`<span>${status.value.workers} of ${status.value.workers_wanted} workers</span>`}
    <span class="who"><${Who} /></span>
  </header>`;

const Who = () =>
  me.by === "session"
    ? html`<form method="post" action="/logout">${me.name} (${me.role}) <button>Log out</button></form>`
    : html`<a class="button" href="/login">Log in</a>`;

const Incident = () => {
  const { level, headline, details } = status.value.incident;
  return html`
    <section class=${`incident ${level}`} role="status">
      <p>${headline}</p>
      ${details.length > 0 && html`<ul>${details.map((each) => html`<li>${each}</li>`)}</ul>`}
    </section>`;
};

let drawn = false;
effect(() => {
  if (drawn || status.value === null) return;
  drawn = true;
  const root = document.getElementById("app");
  root.replaceChildren();
  render(html`<${App} />`, root);
});
start();
