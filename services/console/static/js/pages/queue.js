/** The queue: what most needs eyes first, filters, saved views, my progress, and bulk actions over a filter. */

import { get, post } from "../core/api.js";
import { $, h, icon, replace } from "../core/dom.js";
import { clock, languageName, number } from "../core/format.js";
import { bind } from "../core/keys.js";
import { inLanguage, page, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";
import { titleOf } from "../parts/card.js";
import { openBulk, showBulks } from "../review/bulk.js";
import { flush } from "../review/outbox.js";
import { drawViews, saveView } from "../review/views.js";

const PAGE = 50;
const SIGNALS = ["disputed", "reported", "safety", "uncertain", "disagreement", "reach", "copy", "orphaned", "copy", "audit"];
const form = /** @type {HTMLFormElement} */ ($("filters"));
let signal = new URLSearchParams(location.search).get("signal") ?? "";
let offset = 0;
let total = 0;
let asked = 0;

/** The filter as the API takes it. @returns {Record<string, string>} */
function filter() {
  const values = /** @type {Record<string, string>} */ (Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
  for (const day of ["since", "until"]) if (values[day]) values[day] = `${values[day]}T00:00:00Z`;
  return signal ? { ...values, signal } : values;
}

async function show() {
  const mine = ++asked;
  const wanted = filter();
  const address = new URLSearchParams(Object.entries(wanted).map(([name, value]) => [name, value.slice(0, name === "since" || name === "until" ? 10 : undefined)]));
  history.replaceState(null, "", `?${address}`);
  $("queue").setAttribute("aria-busy", "true");
  try {
    const [answer, progress] = await Promise.all([get("/v1/review/queue", { ...wanted, limit: PAGE }), get("/v1/review/progress")]);
    if (mine !== asked) return;
    offset = answer.items.length;
    total = answer.total;
    replace($("queue"), answer.items.length ? answer.items.map(task) : h("li", { class: "empty" }, icon("inbox"), h("p", {}, t("queue.empty"))));
    drawProgress(progress);
    $("queue-lead").textContent = t("queue.lead", { n: number(total) });
    $("bulk-count").textContent = t("bulk.count", { n: number(total) });
    $("more").hidden = offset >= total;
    drawSignals();
    drawViews($("views"), wanted, apply).catch(complain);
  } finally {
    if (mine === asked) $("queue").setAttribute("aria-busy", "false");
  }
}

/** @param {any} progress */
function drawProgress(progress) {
  const figure = (/** @type {string} */ name, /** @type {string} */ look = "") => h("div", { class: `tile ${look}` }, h("b", {}, number(progress[name] ?? 0)), h("span", {}, t(`progress.${name}`)));
  replace($("progress"), figure("open"), figure("done"), figure("disputed"), figure("mine_today", "good"), figure("mine"), figure("mine_claimed"));
}

function drawSignals() {
  const choice = (/** @type {string} */ value, /** @type {string} */ text) =>
    h("li", {}, h("button", { type: "button", "aria-pressed": String(signal === value), on: { click: () => { signal = value; show().catch(complain); } } }, text));
  replace($("signals"), choice("", t("queue.all")), SIGNALS.map((name) => choice(name, t(`signal.${name}`))));
}

/** A saved view. @param {Record<string, string>} wanted */
function apply(wanted) {
  form.reset();
  signal = wanted.signal ?? "";
  for (const [name, value] of Object.entries(wanted)) {
    const field = /** @type {any} */ (form.elements.namedItem(name));
    if (field) field.value = name === "since" || name === "until" ? value.slice(0, 10) : value;
  }
  show().catch(complain);
}

/** @param {any} item */
function task(item) {
  const { state: _, ...kept } = filter();
  const href = `/console/videos/${item.video_id}?${new URLSearchParams(kept)}`;
  const others = item.claimed_by.filter((/** @type {string} */ who) => who !== page.account);
  return h("li", { class: "task", data: { id: item.video_id } },
    h("span", { class: "muted num small", title: t("queue.score") }, item.score.toFixed(1)),
    h("div", { class: "thumb" }, h("img", { src: `/v1/videos/${item.video_id}/poster`, alt: "", loading: "lazy", on: { error: (/** @type {Event} */ event) => /** @type {HTMLElement} */ (event.target).remove() } })),
    h("div", {},
      h("h3", {}, h("a", { href }, titleOf({ id: item.video_id, title: item.title }))),
      h("div", { class: "small" }, (item.why ?? []).slice(0, 2).map((/** @type {any} */ one) => inLanguage(one)).join(" ")),
      h("div", { class: "small muted" }, [languageName(item.language), clock(item.duration_s), item.creator, t("queue.reviews", { n: item.finished, of: item.wanted })].filter(Boolean).join(" · "))),
    h("span", { class: "acts" }, others.length ? h("span", { class: "chip warn" }, t("queue.taken", { who: others.join(", ") })) : item.claimed_by.length ? h("span", { class: "chip good" }, t("queue.mine")) : null));
}

async function start() {
  const { state: _, ...kept } = filter();
  const { item } = await post(`/v1/review/next?${new URLSearchParams(kept)}`);
  if (item) location.assign(`/console/videos/${item.video_id}?${new URLSearchParams(kept)}`);
  else toast(t("queue.empty"));
}

async function fillTopics() {
  const taxonomy = await get("/v1/taxonomy");
  $("filter-topic").append(...taxonomy.topics.filter((/** @type {any} */ topic) => topic.parent).map((/** @type {any} */ topic) => h("option", { value: topic.slug }, page.language === "zh" ? topic.zh : topic.en)));
}

form.addEventListener("change", () => show().catch(complain));
form.addEventListener("submit", (event) => event.preventDefault());
$("start").addEventListener("click", () => start().catch(complain));
$("save-view").addEventListener("click", () => saveView(filter(), () => drawViews($("views"), filter(), apply).catch(complain)));
$("bulk-open").addEventListener("click", () => openBulk(filter(), () => show().catch(complain)).catch(complain));
$("bulk-past").addEventListener("click", () => showBulks(() => show().catch(complain)).catch(complain));
$("more").addEventListener("click", async () => {
  try {
    const answer = await get("/v1/review/queue", { ...filter(), limit: PAGE, offset });
    offset += answer.items.length;
    $("queue").append(...answer.items.map(task));
    $("more").hidden = offset >= answer.total;
  } catch (error) { complain(error); }
});
bind([{ id: "next", key: "n", act: () => start().catch(complain) }]);
await fillTopics().catch(complain);
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = /** @type {any} */ (form.elements.namedItem(name));
  if (field) field.value = value;
}
flush();
await show().catch(complain);
