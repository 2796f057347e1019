/** The video page: the player with its timeline, what is believed of the video and why, and for editors, the review. */

import { ApiError, get } from "../core/api.js";
import { $, h, icon, replace } from "../core/dom.js";
import { clock, languageName } from "../core/format.js";
import { bind } from "../core/keys.js";
import { page, t } from "../core/page.js";
import { complain } from "../core/toast.js";
import { showActions } from "../parts/actions.js";
import { showAlike } from "../parts/alike.js";
import { titleOf } from "../parts/card.js";
import { mountPlayer } from "../parts/player.js";
import { readOnlyFacts } from "../parts/facts.js";
import { makeSpotlight } from "../parts/spotlight.js";
import { mountTimeline } from "../parts/timeline.js";
import { mountTranscript } from "../parts/transcript.js";
import { Review } from "../review/review.js";

/** @type {import("../parts/player.js").Player | null} */
let player = null;
/** @type {Review | null} */
let review = null;

/** Everything a page shows of a video, in one go, so that the next one can be there before it is asked for. @param {string} id */
export async function load(id) {
  const [detail, pictures, understanding, reviewed] = await Promise.all([
    get(`/v1/videos/${id}`),
    get(`/v1/videos/${id}/pictures`),
    get(`/v1/videos/${id}/understanding`).catch(notReady),
    page.editor ? get(`/v1/review/videos/${id}`).catch(notReady) : null,
  ]);
  return { id, detail, pictures, understanding, reviewed };
}

/** @param {any} error */
function notReady(error) {
  if (error instanceof ApiError && [404, 409].includes(error.status)) return null;
  throw error;
}

/** @param {Awaited<ReturnType<typeof load>>} video @param {{at?: number, play?: boolean}} [options] */
export function open(video, options = {}) {
  const { id, detail, pictures, reviewed } = video;
  const document_ = reviewed?.document ?? video.understanding;
  const facts = document_?.video;
  const title = titleOf({ id, title: facts?.title ?? detail.title });
  document.title = `${title} · Reelwise`;
  $("video-title").textContent = title;
  $("video-facts").textContent = [facts?.creator, clock(facts?.duration_s), facts?.width && `${facts.width}×${facts.height}`, languageName(facts?.language), id.slice(0, 12)].filter(Boolean).join(" · ");
  replace($("stage"));
  replace($("facts"));
  showActions($("video-actions"), detail);
  if (!document_ || detail.state !== "ready") state(detail);
  player = mountPlayer($("stage"), { id, title, duration: facts?.duration_s ?? 0, hasPicture: Boolean(facts?.width) }, pictures);
  const evidence = document_?.evidence ?? [];
  const byId = new Map(evidence.map((/** @type {any} */ line) => [line.id, line]));
  const timeline = mountTimeline($("timeline"), { id, duration: facts?.duration_s ?? 0, shots: document_?.segments ?? [], evidence, pictures }, player);
  const own = player;
  const seek = (/** @type {string} */ line) => { const found = byId.get(line); if (found) own.seek(found.start); };
  if (document_) {
    const words = { light: (/** @type {string[]} */ _ids) => {} };
    const spotlight = makeSpotlight([timeline, { light: (ids) => words.light(ids) }], seek);
    const drawWords = (/** @type {any[]} */ lines, /** @type {any} */ more) => { words.light = mountTranscript($("transcript"), lines, own, more).light; };
    if (reviewed) {
      review?.close();
      review = new Review({ video: id, state: detail.state, reviewed, spotlight, drawWords, facts: $("facts"), load, open });
    } else {
      drawWords(evidence, {});
      replace($("facts"), readOnlyFacts(document_, byId, spotlight));
    }
  }
  if (options.at) player.seek(options.at);
  showAlike($("alike"), id).catch(complain);
}

/** Why there is nothing to see yet, or no more. @param {any} detail */
function state(detail) {
  const bad = detail.state === "failed" || detail.state === "rejected";
  $("facts").append(h("section", { class: "panel" }, h("p", { class: bad ? "error" : "note" }, h("b", {}, t(`state.${detail.state}`)), " ", detail.reason ?? (detail.lane ? t(`lane.${detail.lane}`) : ""))));
}

bind([
  { id: "play", key: " ", act: () => player?.toggle() },
  { id: "back", key: "ArrowLeft", act: () => player?.step(-2) },
  { id: "forward", key: "ArrowRight", act: () => player?.step(2) },
]);

const at = Number(new URLSearchParams(location.search).get("t") ?? 0);
try {
  open(await load(page.video_id), { at });
} catch (error) {
  replace($("facts"), h("div", { class: "empty" }, icon("alert"), h("p", {}, /** @type {Error} */ (error).message)));
  complain(error);
}
