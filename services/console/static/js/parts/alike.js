/** More like this: the nearest videos, each with what the two share. */

import { get } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { inLanguage, t } from "../core/page.js";
import { tile } from "./card.js";

/** @param {HTMLElement} root @param {string} videoId */
export async function showAlike(root, videoId) {
  const { videos } = await get(`/v1/videos/${videoId}/similar`, { limit: 8 });
  if (!videos.length) {
    replace(root, h("p", { class: "muted" }, t("alike.none")));
    return;
  }
  const { cards } = await get("/console/data/cards", { id: videos.map((/** @type {any} */ hit) => hit.video_id) });
  const known = new Map(cards.map((/** @type {any} */ card) => [card.id, card]));
  replace(root, videos.filter((/** @type {any} */ hit) => known.has(hit.video_id)).map((/** @type {any} */ hit) =>
    tile(known.get(hit.video_id), { why: hit.reasons.slice(0, 2).map((/** @type {any} */ reason) => inLanguage(reason.text)).join(" ") })));
}
