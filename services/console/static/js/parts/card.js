/** A tile of the library: poster, frames under the pointer, title, labels, and why it is here. */

import { h } from "../core/dom.js";
import { clock } from "../core/format.js";
import { page, t } from "../core/page.js";
import { showFrame } from "./sprite.js";

/** @typedef {import("./sprite.js").Sprite} Sprite */
/**
 * @typedef {{en: string, zh: string, confidence: number}} CardLabel
 * @typedef {{id: string, state: string, reason: string | null, title: string | null, creator: string | null,
 *   duration_s: number | null, language: string | null, tags: CardLabel[], moods: CardLabel[], safety: string[],
 *   sprite: Sprite | null, created_at: string, updated_at: string}} Card
 */

/** What a video is called. @param {{title: string | null, id: string}} card */
export const titleOf = (card) => card.title || t("video.untitled", { id: card.id.slice(0, 8) });

/** @param {CardLabel} label */
const named = (label) => (page.language === "zh" ? label.zh : label.en);

/**
 * The picture of a video, a link to its page. Moving the pointer over it goes through its frames.
 * @param {Card} card @param {string} [href]
 */
export function cover(card, href = `/console/videos/${card.id}`) {
  const link = h("a", { class: "cover", href, tabindex: "-1", "aria-hidden": "true" });
  if (!card.sprite) {
    link.append(h("div", { class: "none" }, card.state === "ready" ? t("card.sound-only") : t(`state.${card.state}`)));
  } else {
    link.append(h("img", { src: `/v1/videos/${card.id}/poster`, alt: "", loading: "lazy", decoding: "async" }));
    scrubbing(link, card, card.sprite);
  }
  if (card.duration_s) link.append(h("span", { class: "length num" }, clock(card.duration_s)));
  return link;
}

/** @param {HTMLElement} link @param {Card} card @param {Sprite} sprite */
function scrubbing(link, card, sprite) {
  if (sprite.frames < 2) return;
  const frames = h("div", { class: "scrub" });
  const tick = h("i", { class: "tick" });
  link.addEventListener("pointermove", (event) => {
    if (event.pointerType === "touch") return;
    const box = link.getBoundingClientRect();
    const share = Math.min(0.999, Math.max(0, (event.clientX - box.left) / box.width));
    showFrame(frames, card.id, sprite, Math.floor(share * sprite.frames), box.width, box.height);
    tick.style.width = `${share * 100}%`;
    frames.classList.add("on");
    if (!frames.isConnected) link.append(frames, tick);
  });
  link.addEventListener("pointerleave", () => { frames.remove(); tick.remove(); });
}

/** @param {Card} card @param {{why?: any, href?: string}} [more] */
export function tile(card, more = {}) {
  const href = more.href ?? `/console/videos/${card.id}`;
  return h("article", { class: "card", data: { id: card.id } },
    cover(card, href),
    h("div", {},
      h("h3", {}, h("a", { href }, titleOf(card))),
      card.state !== "ready" && h("span", { class: `chip ${card.state === "failed" || card.state === "rejected" ? "bad" : "warn"}`, title: card.reason ?? "" }, t(`state.${card.state}`)),
      h("div", { class: "chips" },
        card.moods.map((mood) => h("span", { class: "chip mood" }, named(mood))),
        card.tags.slice(0, 3).map((tag) => h("span", { class: "chip" }, named(tag))),
        card.safety.length > 0 && h("span", { class: "chip bad" }, t("card.safety"))),
      more.why && h("p", { class: "why" }, more.why)));
}

/** Grey tiles while the real ones are on their way. @param {number} count */
export const skeletons = (count) => Array.from({ length: count }, () => h("div", { class: "skeleton", "aria-hidden": "true" }));
