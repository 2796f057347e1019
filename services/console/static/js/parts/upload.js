/** Uploads by drag and drop, each followed through its lanes until it is ready. */

import { ApiError, get } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { page, t } from "../core/page.js";

const LANES = ["prepare", "perceive", "describe", "publish"];
const SUBTITLES = /\.(srt|vtt|ass|ssa)$/i;
const POLL_MS = 1000;

/**
 * Hand files in; subtitle files go along with the video of the same name.
 * @param {File[]} files @param {HTMLElement} list where the progress is shown @param {() => void} done called when one is ready
 */
export function uploadAll(files, list, done) {
  list.hidden = false;
  const videos = files.filter((file) => !SUBTITLES.test(file.name));
  for (const file of videos) {
    const stem = file.name.replace(/\.[^.]+$/, "");
    const subtitles = files.filter((other) => SUBTITLES.test(other.name) && other.name.startsWith(stem));
    uploadOne(file, subtitles, list, done);
  }
}

/** @param {File} file @param {File[]} subtitles @param {HTMLElement} list @param {() => void} done */
async function uploadOne(file, subtitles, list, done) {
  const bar = h("i");
  const said = h("div", { class: "lanes", "aria-live": "polite" }, t("upload.sending"));
  const row = h("article", { class: "upload" }, h("b", {}, file.name), said, h("div", { class: "bar" }, bar));
  list.prepend(row);
  try {
    const answer = await send(file, subtitles, (share) => { bar.style.width = `${share * 100}%`; });
    await follow(answer.id, said, bar);
    done();
  } catch (error) {
    const told = /** @type {any} */ (error);
    const again = h("button", { type: "button", class: "button", on: { click: () => { row.remove(); uploadOne(file, subtitles, list, done); } } }, t("retry"));
    replace(said, h("span", { class: "chip bad" }, [told.message, told.remedy].filter(Boolean).join(" ")), again);
  }
}

/** XMLHttpRequest, because fetch tells nothing of what was sent so far. @returns {Promise<any>} */
function send(/** @type {File} */ file, /** @type {File[]} */ subtitles, /** @type {(share: number) => void} */ progress) {
  const form = new FormData();
  form.append("file", file);
  for (const one of subtitles) form.append("subtitles", one);
  form.append("title", file.name.replace(/\.[^.]+$/, "").replace(/[_-]+/g, " "));
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", "/v1/videos");
    if (page.csrf) request.setRequestHeader("X-CSRF-Token", page.csrf);
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => event.lengthComputable && progress(event.loaded / event.total));
    request.addEventListener("error", () => reject(new ApiError(0, "offline", t("error.offline"))));
    request.addEventListener("load", () => {
      if (request.status < 300) return resolve(request.response);
      const told = request.response?.error ?? {};
      return reject(new ApiError(request.status, told.code, told.message ?? request.statusText, told.remedy));
    });
    request.send(form);
  });
}

/** @param {string} id @param {HTMLElement} said @param {HTMLElement} bar */
async function follow(id, said, bar) {
  for (;;) {
    const detail = await get(`/v1/videos/${id}`);
    if (detail.state === "ready") {
      bar.style.width = "100%";
      replace(said, h("a", { href: `/console/videos/${id}` }, t("upload.ready")));
      return;
    }
    if (detail.state === "failed" || detail.state === "rejected") throw new ApiError(200, detail.state, detail.reason ?? t(`state.${detail.state}`));
    const lane = Math.max(0, LANES.indexOf(detail.lane));
    const share = detail.progress?.fraction ?? 0;
    bar.style.width = `${((lane + share) / LANES.length) * 100}%`;
    replace(said, LANES.map((name, number) => number === lane
      ? h("b", {}, t(`lane.${name}`), detail.progress ? ` · ${t(`stage.${detail.progress.stage}`)}` : "")
      : h("span", { class: number < lane ? "done" : "" }, t(`lane.${name}`))));
    await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
  }
}
