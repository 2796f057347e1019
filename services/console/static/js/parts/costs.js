/** What the work cost, day by day. */

import { ApiError, get } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { number, seconds } from "../core/format.js";
import { t } from "../core/page.js";

const MOST_DAYS = 14;

/** @param {HTMLElement} panel hidden from those who may not see costs @param {HTMLElement} root */
export async function showCosts(panel, root) {
  let costs;
  try {
    costs = await get("/v1/costs");
  } catch (error) {
    if (error instanceof ApiError && error.status === 403) return;
    throw error;
  }
  panel.hidden = costs.lines.length === 0;
  const { currency } = costs.prices;
  const head = ["runs", "failed", "cpu", "gpu", "tokens", "cost"];
  const cells = (/** @type {any} */ line) => [number(line.runs), number(line.failed), seconds(line.cpu_seconds), seconds(line.gpu_seconds), number(line.prompt_tokens + line.completion_tokens), `${number(line.cost, 2)} ${currency}`];
  const row = (/** @type {any} */ name, /** @type {any} */ line) => h("tr", {}, h("td", {}, name), cells(line).map((text) => h("td", { class: "num" }, text)));
  replace(root, h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": t("costs.title") }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("costs.day")), head.map((name) => h("th", { class: "num", scope: "col" }, t(`costs.${name}`))))),
    h("tbody", {}, costs.lines.slice(-MOST_DAYS).reverse().map((/** @type {any} */ line) => row(line.key, line)), row(h("b", {}, t("costs.total")), costs.total)))));
}
