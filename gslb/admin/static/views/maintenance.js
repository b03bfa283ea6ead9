import { html } from "../html.js";
import { t } from "../i18n.js";

export default () => html`<h1>${t("nav.maintenance")}</h1>`;
