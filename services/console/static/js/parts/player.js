/** The player: the browser's own, or, where it can't play the file, the kept frames on the same clock. */

import { h } from "../core/dom.js";
import { t } from "../core/page.js";
import { showFrame } from "./sprite.js";

/**
 * @typedef {{seek: (at: number) => void, toggle: () => void, step: (by: number) => void, now: () => number,
 *   onTime: (listener: (at: number) => void) => void}} Player
 */

/**
 * @param {HTMLElement} stage
 * @param {{id: string, title: string, duration: number, hasPicture: boolean}} video
 * @param {{poster: string | null, tile_width: number, tile_height: number, columns: number, times: number[]}} pictures
 * @returns {Player}
 */
export function mountPlayer(stage, video, pictures) {
  /** @type {((at: number) => void)[]} */
  const listeners = [];
  const tell = (/** @type {number} */ at) => listeners.forEach((listener) => listener(at));
  const media = h("video", {
    controls: true, playsinline: true, preload: "metadata", src: `/v1/videos/${video.id}/media`,
    poster: pictures.poster ? `/v1/videos/${video.id}/poster` : null, "aria-label": video.title,
  });
  let at = 0;
  let still = false;
  media.addEventListener("timeupdate", () => tell(media.currentTime));
  media.addEventListener("seeking", () => tell(media.currentTime));
  // timeupdate comes four times a second; the line over the timeline should glide.
  const glide = () => { if (!media.paused && !still) { tell(media.currentTime); requestAnimationFrame(glide); } };
  media.addEventListener("play", glide);
  media.addEventListener("error", () => {
    still = true;
    const frame = h("div", { class: "still", role: "img", "aria-label": t("player.still") });
    media.replaceWith(frame);
    stage.append(h("p", { class: "note" }, t("player.cannot")));
    listeners.unshift((time) => {
      if (!pictures.times.length) return;
      const number = Math.max(0, pictures.times.findLastIndex((one) => one <= time + 0.01));
      const box = frame.getBoundingClientRect();
      showFrame(frame, video.id, { ...pictures, frames: pictures.times.length }, number, box.width, box.height, "contain");
    });
    tell(at);
  });
  stage.append(media);
  const seek = (/** @type {number} */ time) => {
    at = Math.max(0, Math.min(video.duration || time, time));
    if (!still) media.currentTime = at;
    tell(at);
  };
  const now = () => (still ? at : media.currentTime);
  return {
    seek,
    now,
    toggle: () => { if (!still) { if (media.paused) media.play().catch(() => {}); else media.pause(); } },
    step: (by) => seek(now() + by),
    onTime: (listener) => { listeners.push(listener); },
  };
}
