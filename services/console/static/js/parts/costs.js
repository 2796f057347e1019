/** What the work cost, where the API tells it. */

import { ApiError, get } from "../core/api.js";
import { h, replace } from "../core/dom.js";
import { number } from "../core/format.js";
import { knows, t } from "../core/page.js";

/** @param {HTMLElement} panel hidden where there are no costs @param {HTMLElement} root */
export async function showCosts(panel, root) {
  let costs;
  try {
    costs = await get("/v1/costs");
  } catch (error) {
    if (error instanceof ApiError && [403, 404].includes(error.status)) return;
    throw error;
  }
  const days = costs.days ?? [];
  panel.hidden = days.length === 0;
  if (!days.length) return;
  const columns = Object.keys(days[0]).filter((name) => typeof days[0][name] === "number");
  const title = (/** @type {string} */ name) => (knows(`costs.${name}`) ? t(`costs.${name}`) : name.replaceAll("_", " "));
  replace(root, h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": t("costs.title") }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("costs.day")), columns.map((name) => h("th", { class: "num", scope: "col" }, title(name))))),
    h("tbody", {}, days.slice(0, 14).map((/** @type {any} */ day) => h("tr", {}, h("td", {}, day.day ?? day.date), columns.map((name) => h("td", { class: "num" }, number(day[name], 2)))))))));
}
