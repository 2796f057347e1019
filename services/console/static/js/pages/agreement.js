/** The model's report card (how often editors let its words stand), and how often editors agree with each other. */

import { get } from "../core/api.js";
import { $, h, replace } from "../core/dom.js";
import { number, percent } from "../core/format.js";
import { knows, t } from "../core/page.js";
import { complain } from "../core/toast.js";
import { bars, columns } from "../parts/chart.js";
import { showRules } from "../review/rules.js";

const DAY_MS = 86400000;
const MOST_LABELS = 40;

/** @typedef {{name: string, accepted: number, rejected: number, edited: number, all: number, rate: number}} Sum */

/** Rows of one kind, summed over the months. @param {any[]} rows @param {string} by @returns {Sum[]} most verdicts first */
function summed(rows, by) {
  /** @type {Map<string, Sum>} */
  const sums = new Map();
  for (const row of rows.filter((one) => one.by === by)) {
    const sum = sums.get(row.name) ?? { name: row.name, accepted: 0, rejected: 0, edited: 0, all: 0, rate: 0 };
    for (const verdict of /** @type {const} */ (["accepted", "rejected", "edited"])) sum[verdict] += row[verdict];
    sum.all = sum.accepted + sum.rejected + sum.edited;
    sum.rate = sum.accepted / sum.all;
    sums.set(row.name, sum);
  }
  return [...sums.values()].sort((one, other) => other.all - one.all);
}

const fieldName = (/** @type {string} */ name) => (knows(`field.${name}`) ? t(`field.${name}`) : name);

/** @param {Sum[]} sums @param {(name: string) => string} [title] */
function card(sums, title = (name) => name) {
  if (!sums.length) return h("p", { class: "muted" }, t("agreement.none"));
  return bars(sums.map((sum) => ({ name: title(sum.name), value: sum.rate, shown: percent(sum.rate) })), 1);
}

/** @param {Sum[]} sums */
function labelTable(sums) {
  if (!sums.length) return h("p", { class: "muted" }, t("agreement.none"));
  const head = ["accepted", "edited", "rejected", "rate"];
  const name = (/** @type {Sum} */ sum) => { const [field, ...rest] = sum.name.split(":"); return [rest.join(":"), " ", h("span", { class: "muted small" }, fieldName(field))]; };
  return table(t("agreement.labels"), [t("table.label"), ...head.map((one) => t(`agreement.${one}`))], sums.slice(0, MOST_LABELS).map((sum) => [name(sum), number(sum.accepted), number(sum.edited), number(sum.rejected), percent(sum.rate)]));
}

/** @param {string} title @param {string[]} head @param {any[][]} rows the first column is words, the others are numbers */
function table(title, head, rows) {
  return h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", {},
    h("thead", {}, h("tr", {}, head.map((text, place) => h("th", { scope: "col", class: place ? "num" : "" }, text)))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, place) => h("td", { class: place ? "num" : "" }, cell)))))));
}

/** @param {any[]} rows */
function overTime(rows) {
  /** @type {Map<string, {accepted: number, other: number}>} */
  const months = new Map();
  for (const row of rows.filter((one) => one.by === "field")) {
    const month = months.get(row.period) ?? { accepted: 0, other: 0 };
    month.accepted += row.accepted;
    month.other += row.rejected + row.edited;
    months.set(row.period, month);
  }
  if (!months.size) return h("p", { class: "muted" }, t("agreement.none"));
  const found = [...months.entries()].sort().map(([name, month]) => ({ name, value: month.accepted, bad: month.other }));
  return [columns(found, t("agreement.over-time-said")), h("p", { class: "small muted" }, t("agreement.over-time-said"))];
}

async function show() {
  const days = Number($("since").value);
  const since = days ? new Date(Date.now() - days * DAY_MS).toISOString() : undefined;
  $("export").href = since ? `/v1/review/export?since=${encodeURIComponent(since)}` : "/v1/review/export";
  const [report, agreement] = await Promise.all([get("/v1/review/report-card", { since }), get("/v1/review/agreement", { since })]);
  const fields = summed(report.rows, "field");
  const verdicts = fields.reduce((sum, one) => sum + one.all, 0);
  const accepted = fields.reduce((sum, one) => sum + one.accepted, 0);
  const whole = agreement.rows.filter((/** @type {any} */ row) => row.label === null);
  const [items, agreed] = whole.reduce((/** @type {number[]} */ sum, /** @type {any} */ row) => [sum[0] + row.items, sum[1] + row.agreed], [0, 0]);
  const figure = (/** @type {string} */ value, /** @type {string} */ name) => h("div", { class: "tile" }, h("b", {}, value), h("span", {}, t(`agreement.${name}`)));
  replace($("figures"), figure(number(verdicts), "verdicts"), figure(percent(verdicts ? accepted / verdicts : null), "acceptance"), figure(number(items), "double"), figure(percent(items ? agreed / items : null), "agree"));
  replace($("over-time"), overTime(report.rows));
  replace($("fields"), card(fields, fieldName));
  replace($("models"), card(summed(report.rows, "model")));
  replace($("prompts"), card(summed(report.rows, "prompt")));
  replace($("labels"), labelTable(summed(report.rows, "label")));
  const figures = (/** @type {number | null} */ value) => (value === null ? "–" : value.toFixed(2));
  replace($("pairs"), agreement.rows.length ? table(t("agreement.pairs"), [t("table.label"), t("agreement.items"), t("agreement.agreed"), "Cohen κ", "Krippendorff α"],
    agreement.rows.map((/** @type {any} */ row) => [[row.label ?? h("b", {}, fieldName(row.field)), row.label && h("span", { class: "muted small" }, ` ${fieldName(row.field)}`)], number(row.items), percent(row.agreed / row.items), figures(row.kappa), figures(row.alpha)])) : h("p", { class: "muted" }, t("agreement.no-pairs")));
}

$("since").addEventListener("change", () => show().catch(complain));
await Promise.all([show().catch(complain), showRules($("rules")).catch(complain)]);
