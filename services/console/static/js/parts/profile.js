/** What the recommender believes a viewer likes: bars, what was wished for, and a way to correct it. */

import { call, get, post } from "../core/api.js";
import { h, icon, replace } from "../core/dom.js";
import { inLanguage, knows, t } from "../core/page.js";
import { complain } from "../core/toast.js";
import { bars } from "./chart.js";

const MOST = 10;

/** @param {HTMLElement} root @param {string} user @param {() => void} changed called when the profile was corrected */
export async function showProfile(root, user, changed) {
  const at = `/v1/users/${encodeURIComponent(user)}`;
  const profile = await get(`${at}/profile`, { limit: MOST });
  const change = async (/** @type {Promise<any>} */ work) => { try { await work; changed(); } catch (error) { complain(error); } };
  const interests = profile.interests.length
    ? bars(profile.interests.map((/** @type {any} */ one) => ({ name: nameOf(one), value: one.score, shown: one.score.toFixed(2) })), 1)
    : h("p", { class: "muted" }, t("profile.empty"));
  const wish = h("input", { name: "text", maxlength: "500", required: true, autocomplete: "off", placeholder: t("profile.say.placeholder") });
  const say = h("form", { class: "form", on: { submit: (/** @type {Event} */ event) => { event.preventDefault(); change(post(`${at}/wishes`, { text: wish.value })); } } },
    h("label", { class: "field" }, h("span", {}, t("profile.say")), wish), h("button", { class: "button" }, t("profile.tell")));
  const edits = profile.edits.filter((/** @type {any} */ one) => one.active);
  replace(root, interests, say, edits.length > 0 && [
    h("h3", {}, t("profile.edits")),
    h("ul", { class: "views" }, edits.map((/** @type {any} */ one) => h("li", { class: "panel-head view" },
      h("span", { class: "small" }, t(`edits.${one.kind}`), " ", one.value, one.text && ` “${one.text}”`),
      h("button", { type: "button", class: "forget", "aria-label": t("profile.take-back", { what: one.value }), on: { click: () => change(call(`${at}/profile/edits/${one.id}`, { method: "DELETE" })) } }, icon("cross")))))]);
}

/** @param {any} interest */
function nameOf(interest) {
  const kind = knows(`of.${interest.field}`) ? `${t(`of.${interest.field}`)} · ` : "";
  return kind + inLanguage(interest.name);
}
