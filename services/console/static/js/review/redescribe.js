/** Describing a video again from its corrected lines: what would run, the button, and how far it is. */

import { ApiError, get, post } from "../core/api.js";
import { h, icon, replace } from "../core/dom.js";
import { t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";
import { settled } from "./outbox.js";

const POLL_MS = 1000;
const WORKING = ["queued", "processing"];

/**
 * One panel a video; it stays the same element while the page around it is drawn anew.
 * @param {string} video
 * @param {{state: string, here: () => boolean, ready: () => void}} setup `state` is the video's, `here` says whether it
 *   is still shown, `ready` shows it anew
 */
export function makeRedescribe(video, setup) {
  const element = h("section", { class: "panel redescribe", id: "redescribe-panel", "aria-labelledby": "redescribe-title", hidden: true });
  const bar = h("i");
  const said = h("p", { class: "lanes", role: "status" });
  let working = WORKING.includes(setup.state);
  let drawn = "";

  const draw = (/** @type {{changes: number, runs: string[]} | null} */ due) => {
    const look = working ? "working" : JSON.stringify(due);
    if (look === drawn) return;
    drawn = look;
    element.hidden = !working && !due?.changes;
    const title = h("h2", { id: "redescribe-title" }, t("redescribe.title"));
    if (working) replace(element, title, said, h("div", { class: "bar" }, bar));
    else if (due?.changes) {
      replace(element, title, h("p", {}, t("redescribe.changes", { n: due.changes })),
        h("p", { class: "muted small", id: "redescribe-runs" }, t("redescribe.runs", { stages: due.runs.map((stage) => t(`stage.${stage}`)).join(t("redescribe.comma")) })),
        h("button", { type: "button", class: "button", id: "redescribe", "aria-describedby": "redescribe-runs", on: { click: ask } }, icon("retry"), t("redescribe.do")));
    }
  };

  const ask = async () => {
    try {
      await settled(video).catch(() => { throw new ApiError(0, "offline", t("error.offline")); });
      const answer = await post(`/v1/review/videos/${video}/redescribe`);
      if (answer.queued) await follow();
      else setup.ready();
    } catch (error) { complain(error); }
  };

  const follow = async () => {
    working = true;
    replace(said, t("redescribe.waiting"));
    draw(null);
    const runs = ["evidence", "describe", "annotate", "vectors"];
    while (setup.here()) {
      const detail = await get(`/v1/videos/${video}`).catch(passing);
      if (detail && !WORKING.includes(detail.state)) {
        working = false;
        draw(null);
        if (detail.state !== "ready") throw new ApiError(200, detail.state, detail.reason ?? t(`state.${detail.state}`));
        toast(t("redescribe.done"));
        setup.ready();
        return;
      }
      if (detail) {
        const place = Math.max(0, runs.indexOf(detail.progress?.stage));
        bar.style.width = `${((place + (detail.progress?.fraction ?? 0)) / runs.length) * 100}%`;
        replace(said, h("b", {}, t(`lane.${detail.lane}`)), detail.progress ? ` · ${t(`stage.${detail.progress.stage}`)}` : ` · ${t("redescribe.waiting")}`);
      }
      await new Promise((resolve) => window.setTimeout(resolve, POLL_MS));
    }
  };

  if (working) follow().catch(complain);
  return { element, draw };
}

/** A server that is away for a moment is asked again. @param {any} error */
function passing(error) {
  if (error instanceof ApiError && error.passing) return null;
  throw error;
}
