// Help: the keyboard, the marks and words, the views.
import { html } from "../html.js";
import { t } from "../i18n.js";
import { ROUTES } from "../routes.js";
import { Icon, Mark } from "../words.js";

const KEYS = [["/", "help.key.search"], ["e", "help.key.explain"], ["?", "help.key.help"], ["Esc", "help.key.close"]];
const STATES = ["up", "starting", "partial", "unknown", "down", "wrong", "drained"];
const NIGHT = ["what", "whom", "before", "act", "after"];

export default () => html`
  <h1>${t("nav.help")}</h1>
  <div class="two">
    <section class="panel"><h2>${t("help.night")}</h2><ol class="night">${NIGHT.map((each) => html`<li>${t(`help.night.${each}`)}</li>`)}</ol></section>
    <section class="panel"><h2>${t("help.marks")}</h2>
      <dl class="pairs">${STATES.map((state) => html`<div><dt><${Mark} state=${state} /> <b class=${state}>${t(`state.${state}`)}</b></dt><dd>${t(`help.state.${state}`)}</dd></div>`)}</dl>
    </section>
    <section class="panel"><h2>${t("help.keys")}</h2>
      <dl class="pairs">
        ${KEYS.map(([key, what]) => html`<div><dt><kbd>${key}</kbd></dt><dd>${t(what)}</dd></div>`)}
        ${ROUTES.map((route) => html`<div><dt><kbd>g</kbd> <kbd>${route.key}</kbd></dt><dd>${t(`nav.${route.name}`)}</dd></div>`)}
      </dl>
    </section>
    <section class="panel"><h2>${t("nav.label")}</h2>
      <dl class="pairs">${ROUTES.filter((route) => route.name !== "help").map((route) => html`<div><dt><a href=${route.path}><${Icon} name=${route.name} /> ${t(`nav.${route.name}`)}</a></dt><dd>${t(`help.view.${route.name}`)}</dd></div>`)}</dl>
    </section>
  </div>`;
