// One field to find a site, a service, a view; and whatever looks like a client, to explain it.
import { html } from "./html.js";
import { t } from "./i18n.js";
import { go, url } from "./router.js";
import { ROUTES } from "./routes.js";
import { services, sites } from "./state.js";
import { useRef } from "./vendor/preact-hooks.js";
import { useComputed, useSignal } from "./vendor/signals.js";
import { Mark, Icon } from "./words.js";

const SHOWN = 9;
const CLIENT = /^(\d{1,3}(\.\d{1,3}){3}(\/\d+)?|[0-9a-f:]*:[0-9a-f:.]*(\/\d+)?|as\s?\d+)$/i;

export function Search() {
  const text = useSignal("");
  const chosen = useSignal(0);
  const open = useSignal(false);
  const field = useRef(null);
  const found = useComputed(() => (open.value ? matches(text.value.trim()) : []));
  const take = (each) => {
    open.value = false;
    text.value = "";
    field.current.blur();
    go(each.url);
  };
  const onKeyDown = (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && found.value.length) chosen.value = (chosen.value + step + found.value.length) % found.value.length;
    else if (event.key === "Enter" && found.value.length) take(found.value[chosen.value] ?? found.value[0]);
    else if (event.key === "Escape") field.current.blur();
    else return;
    event.preventDefault();
  };
  // Not at once, for a click on what was found; nor when somebody is back by then.
  const leave = () => setTimeout(() => document.activeElement !== field.current && (open.value = false), 150);
  const onInput = (event) => {
    text.value = event.target.value;
    chosen.value = 0;
    open.value = true;
  };
  return html`
    <div class="search" role="search">
      <${Icon} name="search" />
      <input
        id="search" ref=${field} type="text" role="combobox" placeholder=${t("search.placeholder")} aria-label=${t("search.label")}
        aria-expanded=${found.value.length > 0} aria-controls="found" aria-autocomplete="list" autocomplete="off" spellcheck="false"
        aria-activedescendant=${found.value.length ? `found-${chosen.value}` : undefined}
        value=${text} onInput=${onInput} onKeyDown=${onKeyDown} onFocus=${() => (open.value = true)} onBlur=${leave}
      />
      <kbd aria-hidden="true">/</kbd>
      <ul id="found" role="listbox" aria-label=${t("search.found")} hidden=${!found.value.length}>
        ${found.value.map(
          (each, index) => html`
            <li key=${each.url} id=${`found-${index}`} role="option" aria-selected=${index === chosen.value} onMouseDown=${() => take(each)}>
              ${each.state ? html`<${Mark} state=${each.state} />` : html`<${Icon} name=${each.icon} />`}
              <span>${each.name}</span><small>${each.what}</small>
            </li>`,
        )}
      </ul>
    </div>`;
}

function matches(text) {
  if (!text) return [];
  const wanted = text.toLowerCase();
  const fits = (...words) => words.some((each) => each?.toLowerCase().includes(wanted));
  const found = CLIENT.test(text) ? [{ name: text, what: t("search.explain"), icon: "explain", url: url("/explain", { address: text }) }] : [];
  for (const site of sites.value) {
    if (fits(site.id, site.region, site.country, ...site.checks.map((check) => check.address)))
      found.push({ name: site.id, what: t("search.site"), state: site.condition, url: `/sites/${encodeURIComponent(site.id)}` });
  }
  for (const route of ROUTES) if (fits(t(`nav.${route.name}`), route.name)) found.push({ name: t(`nav.${route.name}`), what: t("search.view"), icon: route.name, url: route.path });
  for (const { host } of services.value) if (fits(host)) found.push({ name: host, what: t("search.service"), icon: "coverage", url: url("/coverage", { service: host }) });
  return found.slice(0, SHOWN);
}
