/** Health: states, queue depth, throughput, failures with a way to try again, what the stages cost. */

import { get, post } from "../core/api.js";
import { $, h, icon, replace } from "../core/dom.js";
import { number, seconds, when } from "../core/format.js";
import { knows, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";
import { titleOf } from "../parts/card.js";
import { bars, columns } from "../parts/chart.js";
import { showCosts } from "../parts/costs.js";

const EVERY_MS = 5000;
const STATES = ["ready", "processing", "queued", "failed", "rejected"];
let drawn = "";

async function show() {
  const health = await get("/console/data/health");
  const fresh = JSON.stringify(health);
  if (fresh === drawn) return;
  drawn = fresh;
  $("health-lead").textContent = t(health.working ? "health.working" : "health.not-working");
  replace($("states"), STATES.map((state) => h("a", { class: `tile ${(state === "failed" || state === "rejected") && health.counts[state] ? "bad" : ""}`, href: `/console/?state=${state}` }, h("b", {}, number(health.counts[state] ?? 0)), h("span", {}, t(`state.${state}`)))));
  const hours = health.hours.map((/** @type {any} */ one) => ({ name: `${new Date(one.hour).getHours()}:00`, value: one.ready, bad: one.failed + one.rejected }));
  const done = hours.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.value, 0);
  replace($("throughput"), columns(hours, t("health.throughput-said", { n: done })), h("p", { class: "small muted" }, t("health.throughput-said", { n: done })));
  const waiting = Object.entries(health.waiting).map(([lane, count]) => ({ name: t(`lane.${lane}`), value: Number(count), shown: number(Number(count)) }));
  replace($("waiting"), waiting.length ? bars(waiting) : h("p", { class: "muted" }, t("health.nothing-waits")));
  drawFailures(health.failures);
  replace($("stages"), health.stages.length ? stageTable(health.stages) : h("p", { class: "muted" }, t("health.no-stages")));
}

/** @param {any[]} cards */
function drawFailures(cards) {
  $("retry-all").hidden = cards.length < 2;
  $("retry-all").onclick = () => again(cards);
  if (!cards.length) {
    replace($("failures"), h("p", { class: "muted" }, t("health.no-failures")));
    return;
  }
  replace($("failures"), h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": t("health.failures") }, h("table", {},
    h("thead", {}, h("tr", {}, [t("table.video"), t("table.reason"), t("table.when"), ""].map((text) => text ? h("th", { scope: "col" }, text) : h("td", {})))),
    h("tbody", {}, cards.map((card) => h("tr", {},
      h("td", {}, h("a", { href: `/console/videos/${card.id}` }, titleOf(card)), h("div", {}, h("span", { class: "chip bad" }, t(`state.${card.state}`)))),
      h("td", {}, card.reason ?? ""),
      h("td", { class: "small muted" }, when(card.updated_at)),
      h("td", {}, h("button", { type: "button", class: "button", "aria-label": t("health.retry-of", { title: titleOf(card) }), on: { click: () => again([card]) } }, icon("retry"), t("retry")))))))));
}

/** @param {any[]} cards */
async function again(cards) {
  try {
    for (const card of cards) await post(`/v1/videos/${card.id}/retry`);
    toast(t("health.retried", { n: cards.length }));
    await show();
  } catch (error) {
    complain(error);
  }
}

/** @param {any[]} stages */
function stageTable(stages) {
  return h("div", { class: "table-scroll", tabindex: "0", role: "region", "aria-label": t("health.stages") }, h("table", {},
    h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("table.stage")), ["runs", "mean", "longest"].map((name) => h("th", { class: "num", scope: "col" }, t(`table.${name}`))))),
    h("tbody", {}, stages.map((one) => h("tr", {},
      h("td", {}, knows(`stage.${one.stage}`) ? t(`stage.${one.stage}`) : one.stage),
      h("td", { class: "num" }, number(one.runs)), h("td", { class: "num" }, seconds(one.mean_s)), h("td", { class: "num" }, seconds(one.longest_s)))))));
}

await show().catch(complain);
showCosts($("costs-panel"), $("costs")).catch(complain);
window.setInterval(() => { if (!document.hidden) show().catch(() => { $("health-lead").textContent = t("error.offline"); }); }, EVERY_MS);
