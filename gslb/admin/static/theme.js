// Light or dark: as the system has it, until somebody chooses. The cookie is for pages that the server draws.
import { signal } from "./vendor/signals.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const kept = localStorage.getItem("theme");

export const theme = signal(kept ?? (dark.matches ? "dark" : "light"));

show(kept);
dark.addEventListener("change", () => localStorage.getItem("theme") ?? (theme.value = dark.matches ? "dark" : "light"));

export function turn() {
  theme.value = theme.value === "dark" ? "light" : "dark";
  localStorage.setItem("theme", theme.value);
  document.cookie = `theme=${theme.value}; Path=/; Max-Age=31536000; SameSite=Strict`;
  show(theme.value);
}

function show(chosen) {
  if (chosen) document.documentElement.dataset.theme = chosen;
}
