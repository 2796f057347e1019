/** The timeline under the player: a lane each for shots, frames, speech, text on screen, captions and sound. */

import { h, replace } from "../core/dom.js";
import { clock } from "../core/format.js";
import { t } from "../core/page.js";
import { showFrame } from "./sprite.js";

/** @typedef {{id: string, kind: string, start: number, end: number, text: string}} Evidence */

const LANES = /** @type {const} */ (["S", "T", "C", "A"]);

/**
 * @param {HTMLElement} root
 * @param {{id: string, duration: number, shots: {start: number, end: number}[], evidence: Evidence[],
 *   pictures: {tile_width: number, tile_height: number, columns: number, times: number[], sprite: string | null}}} video
 * @param {import("./player.js").Player} player
 * @returns {{light: (ids: string[]) => void}} `light` marks these lines of evidence, none for []
 */
export function mountTimeline(root, video, player) {
  const duration = video.duration || 1;
  const share = (/** @type {number} */ at) => `${Math.min(100, (at / duration) * 100)}%`;
  const bit = (/** @type {string} */ kind, /** @type {number} */ start, /** @type {number} */ end, /** @type {string} */ text, /** @type {string | null} */ id = null) =>
    h("div", {
      class: `bit K-${kind}`, title: `${clock(start)} ${text}`, data: id ? { evidence: id } : {},
      style: { left: share(start), width: `calc(${share(Math.max(0, end - start))} - 1px)` },
      on: { click: (/** @type {Event} */ event) => { event.stopPropagation(); player.seek(start); } },
    }, text);
  const lane = (/** @type {string} */ name, /** @type {string} */ label, /** @type {any[]} */ bits) =>
    h("div", { class: `lane ${name}` }, h("b", {}, label), h("div", { class: "track" }, bits));

  const rows = [];
  if (video.shots.length) rows.push(lane("shots", t("lane.shots"), video.shots.map((shot, number) => bit("shot", shot.start, shot.end, t("timeline.shot", { n: number + 1 })))));
  const frames = frameBits();
  if (frames.length) rows.push(lane("frames", t("lane.frames"), frames));
  for (const kind of LANES) {
    const lines = video.evidence.filter((line) => line.kind === kind);
    if (lines.length) rows.push(lane(`kind-${kind}`, t(`kind.${kind}`), lines.map((line) => bit(kind, line.start, line.end, line.text, line.id))));
  }

  /** A thumbnail at every kept frame; it stands for the lines of evidence that were seen there. */
  function frameBits() {
    const { times, sprite } = video.pictures;
    if (!sprite) return [];
    const height = 44;
    const width = height * (video.pictures.tile_width / video.pictures.tile_height);
    return times.map((at, number) => {
      const seen = video.evidence.filter((line) => line.kind === "F" && line.start - 0.05 <= at && at <= line.end + 0.05);
      const picture = h("div", {
        class: "bit K-F", title: `${clock(at)} ${seen.map((line) => line.text).join(", ")}`,
        data: { evidence: seen.map((line) => line.id).join(" ") },
        style: { left: `min(${share(at)}, calc(100% - ${width}px))`, width: `${width}px`, height: `${height}px`, top: "0px" },
        on: { click: (/** @type {Event} */ event) => { event.stopPropagation(); player.seek(at); } },
      });
      showFrame(picture, video.id, { ...video.pictures, frames: times.length }, number, width, height);
      return picture;
    });
  }

  const line = h("i");
  const scale = h("div", { class: "scale", role: "slider", tabindex: "0", "aria-label": t("timeline.position"), "aria-valuemin": "0", "aria-valuemax": String(Math.round(duration)), "aria-valuenow": "0" }, ticks(duration).map((at) => h("span", { style: { left: share(at) } }, clock(at))));
  const seekTo = (/** @type {PointerEvent} */ event) => {
    const box = scale.getBoundingClientRect();
    player.seek(((event.clientX - box.left) / box.width) * duration);
  };
  scale.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => { scale.setPointerCapture(event.pointerId); seekTo(event); });
  scale.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => scale.hasPointerCapture(event.pointerId) && seekTo(event));
  scale.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const by = { ArrowLeft: -1, ArrowRight: 1, PageDown: -5, PageUp: 5 }[event.key];
    if (by === undefined && event.key !== "Home" && event.key !== "End") return;
    event.preventDefault();
    event.stopPropagation();
    if (by === undefined) player.seek(event.key === "Home" ? 0 : duration);
    else player.step(by);
  });
  replace(root, scale, h("div", { class: "lanes-box" }, rows, h("div", { class: "head-line" }, line)));
  player.onTime((at) => {
    line.style.left = share(at);
    scale.setAttribute("aria-valuenow", String(Math.round(at)));
    scale.setAttribute("aria-valuetext", clock(at));
  });
  return {
    light: (ids) => {
      root.classList.toggle("lit", ids.length > 0);
      for (const one of root.querySelectorAll(".bit")) {
        const own = (/** @type {HTMLElement} */ (one).dataset.evidence ?? "").split(" ");
        one.classList.toggle("lit", own.some((id) => ids.includes(id)));
      }
    },
  };
}

/** Round times for the scale, at most eight. @param {number} duration */
function ticks(duration) {
  const step = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600].find((one) => duration / one <= 8) ?? 1200;
  return Array.from({ length: Math.floor(duration / step) + 1 }, (_, number) => number * step);
}
