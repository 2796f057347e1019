/** The frame around every page: theme, language, the keymap's overlay, signing out. */

import { call } from "./api.js";
import { icon, replace } from "./dom.js";
import { bind, showKeys } from "./keys.js";
import { page, t } from "./page.js";

const YEAR = 31536000;
const THEMES = ["auto", "light", "dark"];

/** @param {string} name @param {string} value */
function remember(name, value) {
  document.cookie = `${name}=${value}; path=/; max-age=${YEAR}; samesite=lax`;
}

const theme = document.getElementById("theme-switch");
theme?.addEventListener("click", () => {
  const next = THEMES[(THEMES.indexOf(theme.dataset.themeNow ?? "auto") + 1) % THEMES.length];
  theme.dataset.themeNow = next;
  document.documentElement.dataset.theme = next;
  theme.setAttribute("aria-label", t(`shell.theme.${next}`));
  theme.title = t(`shell.theme.${next}`);
  replace(theme, icon(`theme-${next}`));
  remember("reelwise_theme", next);
});

document.getElementById("language-switch")?.addEventListener("click", () => {
  remember("reelwise_language", page.language === "zh" ? "en" : "zh");
  location.reload();
});

document.getElementById("help-switch")?.addEventListener("click", showKeys);

document.getElementById("sign-out")?.addEventListener("click", async () => {
  await call("/v1/session", { method: "DELETE" });
  location.assign("/console/sign-in");
});

bind([
  { id: "help", key: "?", act: showKeys },
  { id: "find", key: "/", act: () => { const box = document.getElementById("search-q"); if (box) box.focus(); else location.assign("/console/?find=1"); } },
]);

if (new URLSearchParams(location.search).has("find")) document.getElementById("search-q")?.focus();
