// What is around every view: the menu, the search, how the node is, and who looks.
import { Dialog } from "./dialogs.js";
import { html } from "./html.js";
import { LANGUAGES, language, rich, setLanguage, t } from "./i18n.js";
import { place } from "./router.js";
import { ROUTES, routeOf } from "./routes.js";
import { Search } from "./search.js";
import { connection, me, openIncidents, status } from "./state.js";
import { theme, turn } from "./theme.js";
import { Toasts } from "./toast.js";
import { useEffect, useErrorBoundary, useRef, useState } from "./vendor/preact-hooks.js";
import { signal } from "./vendor/signals.js";
import { Ago, Icon } from "./words.js";

const menu = signal(false);

export const Shell = () => html`
  <a class="skip" href="#main">${t("skip")}</a>
  <${Rail} />
  <div class="page">
    <${Bar} />
    <${View} />
    <${Foot} />
  </div>
  <${Dialog} />
  <${Toasts} />`;

const Rail = () => html`
  <header class=${`rail ${menu.value ? "open" : "closed"}`}>
    <a class="node" href="/"><img src="/static/icon.svg" alt="" width="24" height="24" /><b>${status.value.node}</b></a>
    <button class="menu bare" aria-expanded=${menu.value} aria-controls="menu" onClick=${() => (menu.value = !menu.value)}>
      <${Icon} name=${menu.value ? "close" : "menu"} /><span>${t("menu")}</span>
    </button>
    <nav id="menu" aria-label=${t("nav.label")}>
      <ul>${ROUTES.map((route) => html`<${Item} key=${route.name} route=${route} />`)}</ul>
    </nav>
    <div class="ways"><${Language} /><${Theme} /></div>
  </header>`;

function Item({ route }) {
  const now = routeOf(place.value.path)?.route;
  const here = now && (now.name === route.name || now.under === route.name);
  const open = route.name === "incidents" && openIncidents.value ? openIncidents.value.length : 0;
  return html`
    <li>
      <a href=${route.path} aria-current=${here ? "page" : undefined} onClick=${() => (menu.value = false)}>
        <${Icon} name=${route.name} /><span>${t(`nav.${route.name}`)}</span>
        ${open > 0 && html`<b class="count" title=${t("incidents.open", { n: open })}>${open}</b>`}
      </a>
    </li>`;
}

const Language = () => html`
  <div class="switch" role="group" aria-label=${t("language")}>
    ${Object.entries(LANGUAGES).map(
      ([code, name]) => html`<button lang=${code} aria-pressed=${language.value === code} onClick=${() => setLanguage(code)}>${name}</button>`,
    )}
  </div>`;

const Theme = () => html`
  <button class="bare theme" onClick=${turn} aria-label=${t(`theme.${theme.value}`)} title=${t(`theme.${theme.value}`)}>
    <${Icon} name=${theme.value === "dark" ? "sun" : "moon"} />
  </button>`;

const Bar = () => html`
  <div class="bar">
    <${Search} />
    <span class=${`link ${connection.value}`} role="status">${t(`link.${connection.value}`)}</span>
    <${Level} />
    <span class="world" title=${status.value.world_digest}>
      ${rich("world.for", { world: html`<b>${status.value.world}</b>`, time: html`<${Ago} at=${status.value.world_at} />` })}
    </span>
    ${status.value.workers_wanted > 0 &&
    html`<span class="workers">${t("workers", { n: status.value.workers_wanted, there: status.value.workers })}</span>`}
    <span class="who"><${Who} /></span>
  </div>`;

// On other views than the first, whether anything is the matter.
function Level() {
  const { level, headline } = status.value.incident;
  if (place.value.path === "/" || level === "info") return null;
  return html`<a class=${`level ${level}`} href="/" title=${headline}>${headline}</a>`;
}

const Who = () =>
  me.value.by === "session" || me.value.by === "oidc"
    ? html`<form method="post" action="/logout"><span>${me.value.name} <small>${t(`role.${me.value.role}`)}</small></span><button>${t("log_out")}</button></form>`
    : html`<a class="button" href="/login">${t("log_in")}</a>`;

function View() {
  const found = routeOf(place.value.path);
  const [loaded, setLoaded] = useState({});
  const frame = useRef(null);
  const name = found?.route.name ?? "";
  useEffect(() => {
    if (!found) return;
    found.route.load().then(
      (module) => setLoaded({ name, Component: module.default }),
      (error) => (console.error(error), setLoaded({ name, Component: () => html`<${Broken} error=${error} again=${() => location.reload()} />` })),
    );
  }, [name]);
  useEffect(() => {
    document.title = `${found ? t(`nav.${found.route.under ?? name}`) : t("not_found")} – ${status.value.node}`;
  }, [name, language.value]);
  useEffect(() => {
    // Whoever reads with a screen reader is told that the view is another; the first one is read by itself.
    if (frame.current.dataset.seen) frame.current.focus({ preventScroll: true });
    frame.current.dataset.seen = "yes";
  }, [name]);
  const Component = !found ? NotThere : loaded.name === name ? loaded.Component : null;
  return html`
    <main id="main" tabindex="-1" ref=${frame} class=${`view view-${name || "none"}`} aria-busy=${Component === null}>
      ${Component && html`<${Guarded} key=${name}><${Component} params=${found?.params ?? {}} query=${place.value.query} /><//>`}
    </main>`;
}

// A fault in one view leaves the others, and says so.
function Guarded({ children }) {
  const [error, again] = useErrorBoundary((found) => console.error(found));
  if (!error) return children;
  return html`<${Broken} error=${error} again=${again} />`;
}

const Broken = ({ error, again }) => html`
  <section class="panel"><h1>${t("broken")}</h1><p class="refused">${String(error)}</p><button onClick=${again}>${t("try_again")}</button></section>`;

const NotThere = () => html`<section class="panel"><h1>${t("not_found")}</h1><p><a href="/">${t("nav.now")}</a></p></section>`;

// The licence of the database asks for this link (CC BY 4.0).
const Foot = () => html`
  <footer>
    <a href="/docs">API</a><a href="/metrics">${t("metrics")}</a>
    <a href="https://db-ip.com" rel="noreferrer">IP Geolocation by DB-IP</a><span>${t("map.source")}</span>
  </footer>`;
