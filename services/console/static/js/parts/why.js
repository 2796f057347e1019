/** "Why this?": what every source added to the score of one pick, as bars, beside its reasons. */

import { openDialog } from "../core/dialog.js";
import { h } from "../core/dom.js";
import { percent } from "../core/format.js";
import { inLanguage, knows, t } from "../core/page.js";
import { bars } from "./chart.js";

/**
 * @param {any} item a pick or a hit, with `sources`, `reasons` and `score`
 * @param {string} title
 * @param {Record<string, string>} wanted what was asked for
 */
export function whyThis(item, title, wanted) {
  const rows = Object.entries(item.sources)
    .map(([source, score]) => ({ name: sourceName(source), value: score.contribution, shown: score.contribution.toFixed(2) }))
    .sort((one, other) => other.value - one.value);
  openDialog(t("why.title", { title }), [
    h("p", {}, t("why.score", { score: percent(item.score), user: wanted.user })),
    bars(rows),
    h("h3", {}, t("why.reasons")),
    h("ul", {}, item.reasons.map((/** @type {any} */ reason) => h("li", {}, inLanguage(reason.text), " ", h("span", { class: "small muted" }, sourceName(reason.source))))),
  ]);
}

/** @param {string} source */
const sourceName = (source) => (knows(`source.${source}`) ? t(`source.${source}`) : source);
