/** Signing in: the session's cookie is set by the API, then the page that was asked for opens. */

import { call } from "../core/api.js";
import { $ } from "../core/dom.js";

const form = /** @type {HTMLFormElement} */ ($("sign-in"));

/** Only an address of this site is gone to. @param {string | null} wanted */
function safe(wanted) {
  const home = "/console/";
  if (!wanted) return home;
  const url = new URL(wanted, location.origin);
  return url.origin === location.origin ? url.pathname + url.search : home;
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const error = $("sign-in-error");
  error.hidden = true;
  try {
    await call("/v1/session", { method: "POST", json: Object.fromEntries(new FormData(form)) });
    location.assign(safe(new URLSearchParams(location.search).get("next")));
  } catch (told) {
    error.textContent = [/** @type {any} */ (told).message, /** @type {any} */ (told).remedy].filter(Boolean).join(" ");
    error.hidden = false;
    /** @type {HTMLInputElement} */ (form.elements.namedItem("password")).select();
  }
});
