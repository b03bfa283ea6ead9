// The views, in the order of the menu. A view is a module whose default is a component of {params, query}; it is fetched
// when it is first looked at. `key` follows a `g` on the keyboard.
import { fits } from "./router.js";

export const ROUTES = [
  { name: "now", path: "/", key: "n", load: () => import("./views/now.js") },
  { name: "incidents", path: "/incidents", key: "i", load: () => import("./views/incidents.js") },
  { name: "explain", path: "/explain", key: "e", load: () => import("./views/explain.js") },
  { name: "what-if", path: "/what-if", key: "w", load: () => import("./views/what-if.js") },
  { name: "maintenance", path: "/maintenance", key: "m", load: () => import("./views/maintenance.js") },
  { name: "content", path: "/content", key: "c", load: () => import("./views/content.js") },
  { name: "coverage", path: "/coverage", key: "l", load: () => import("./views/coverage.js") },
  { name: "clients", path: "/clients", key: "k", load: () => import("./views/clients.js") },
  { name: "configuration", path: "/configuration", key: "a", load: () => import("./views/configuration.js") },
  { name: "help", path: "/help", key: "h", load: () => import("./views/help.js") },
];

// Not in the menu, but under one of it.
const UNDER = [
  { name: "site", path: "/sites/{id}", under: "now", load: () => import("./views/site.js") },
  { name: "incident", path: "/incidents/{number}", under: "incidents", load: () => import("./views/incident.js") },
];

export function routeOf(path) {
  for (const route of [...ROUTES, ...UNDER]) {
    const params = fits(route.path, path);
    if (params) return { route, params };
  }
  return null;
}
