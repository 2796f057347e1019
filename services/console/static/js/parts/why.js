/** "Why this?": what every source added to the score of a pick, its reasons, and where it would stand without each. */

import { get } from "../core/api.js";
import { openDialog } from "../core/dialog.js";
import { h, replace } from "../core/dom.js";
import { percent } from "../core/format.js";
import { inLanguage, knows, t } from "../core/page.js";
import { bars } from "./chart.js";

/**
 * @param {any} item a pick, with `sources`, `reasons` and `score`
 * @param {string} title
 * @param {{request_id: string, user: string}} feed the answer that it was in
 */
export function whyThis(item, title, feed) {
  const rows = Object.entries(item.sources)
    .map(([source, score]) => ({ name: sourceName(source), value: score.contribution, shown: score.contribution.toFixed(2) }))
    .filter((row) => Math.abs(row.value) >= 0.005)
    .sort((one, other) => other.value - one.value);
  const without = h("div", { "aria-live": "polite" }, h("p", { class: "muted" }, t("why.working")));
  openDialog(t("why.title", { title }), [
    h("p", {}, t("why.score", { score: percent(item.score), user: feed.user })),
    bars(rows),
    h("h3", {}, t("why.reasons")),
    h("ul", {}, item.reasons.map((/** @type {any} */ reason) => h("li", {}, inLanguage(reason.text), " ", h("span", { class: "small muted" }, sourceName(reason.source))))),
    h("h3", {}, t("why.without")),
    without,
  ]);
  counterfactuals(item, feed).then((lines) => replace(without, lines), (error) => replace(without, h("p", { class: "muted" }, error.message)));
}

/** "Without your interest in cats it would be 37th." @param {any} item @param {{request_id: string}} feed */
async function counterfactuals(item, feed) {
  const answer = await get(`/v1/recommendations/${feed.request_id}/why/${item.video_id}`);
  if (!answer.without.length) return h("p", { class: "muted" }, answer.note ?? t("why.nothing"));
  return h("ul", {}, answer.without.map((/** @type {any} */ one) => h("li", {}, t("why.place", { cause: one.causes.join(", "), before: one.before, after: one.after }))));
}

/** @param {string} source */
const sourceName = (source) => (knows(`source.${source}`) ? t(`source.${source}`) : source);
