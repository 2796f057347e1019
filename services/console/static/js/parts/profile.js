/** What the recommender believes a viewer likes, as bars. */

import { ApiError, get } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { inLanguage, knows, t } from "../core/page.js";
import { bars } from "./chart.js";

const MOST = 10;

/** @param {HTMLElement} root @param {string} user */
export async function showProfile(root, user) {
  let profile;
  try {
    profile = await get(`/v1/users/${encodeURIComponent(user)}/profile`);
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    replace(root, h("p", { class: "muted" }, t("profile.empty")));
    return;
  }
  const interests = [...profile.interests].sort((one, other) => Math.abs(other.weight) - Math.abs(one.weight)).slice(0, MOST);
  replace(root, interests.length
    ? bars(interests.map((one) => ({ name: nameOf(one), value: one.weight, shown: one.weight.toFixed(2) })), 1)
    : h("p", { class: "muted" }, t("profile.empty")));
}

/** @param {any} interest */
function nameOf(interest) {
  const kind = knows(`field.${interest.field}`) ? `${t(`field.${interest.field}`)} · ` : "";
  return kind + (interest.name ? inLanguage(interest.name) : interest.value);
}
