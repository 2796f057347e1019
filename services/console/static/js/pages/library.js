/** The library: a grid of posters, search for videos and moments, upload. */

import { get } from "../core/api.js";
import { $, h, icon, replace } from "../core/dom.js";
import { clock } from "../core/format.js";
import { inLanguage, page, t } from "../core/page.js";
import { complain } from "../core/toast.js";
import { skeletons, tile, titleOf } from "../parts/card.js";
import { showFrame } from "../parts/sprite.js";
import { uploadAll } from "../parts/upload.js";

const PAGE = 48;
const HITS = 40;
const form = /** @type {HTMLFormElement} */ ($("search"));
let offset = 0;
let asked = 0;

/** The form as it stands; kept in the address, so that a search can be shared and gone back to. */
function values() {
  return /** @type {Record<string, string>} */ (Object.fromEntries([...new FormData(form)].filter(([, value]) => value)));
}

async function show() {
  const mine = ++asked;
  const wanted = values();
  const { kind, ...kept } = wanted;
  history.replaceState(null, "", `?${new URLSearchParams(kind === "moments" ? wanted : kept)}`);
  $("filter-state").disabled = Boolean(wanted.q);
  $("results").setAttribute("aria-busy", "true");
  $("more").hidden = true;
  try {
    if (wanted.q) await search(wanted, mine);
    else await browse(mine, 0);
  } catch (error) {
    if (mine !== asked) return;
    replace($("grid"), h("p", { class: "error" }, /** @type {Error} */ (error).message));
    complain(error);
  } finally {
    if (mine === asked) $("results").setAttribute("aria-busy", "false");
  }
}

/** @param {number} mine @param {number} from */
async function browse(mine, from) {
  if (from === 0) replace($("grid"), skeletons(12));
  $("grid").className = "grid";
  const wanted = values();
  const filters = { topic: wanted.topic, mood: wanted.mood, occasion: wanted.occasion, language: wanted.language, state: wanted.state };
  const answer = await get("/console/data/library", { ...filters, limit: PAGE, offset: from });
  if (mine !== asked) return;
  offset = from + answer.cards.length;
  if (from === 0) $("grid").replaceChildren();
  $("grid").append(...answer.cards.map((/** @type {any} */ card) => tile(card)));
  if (offset === 0) replace($("grid"), nothing());
  if (!offset) $("grid").className = "";
  $("library-count").textContent = t("library.count", { n: answer.total, working: (answer.counts.processing ?? 0) + (answer.counts.queued ?? 0) });
  $("more").hidden = offset >= answer.total;
}

function nothing() {
  return h("div", { class: "empty" }, icon("grid"), h("p", {}, t(Object.keys(values()).length > 1 ? "library.none" : "library.empty")));
}

/** @param {Record<string, string>} wanted @param {number} mine */
async function search(wanted, mine) {
  const { state: _, ...query } = wanted;
  $("grid").className = "grid";
  replace($("grid"), skeletons(8));
  const answer = await get("/v1/search", { ...query, limit: HITS });
  const hits = answer.moments ?? answer.videos;
  const ids = [...new Set(hits.map((/** @type {any} */ hit) => hit.video_id))];
  const { cards } = ids.length ? await get("/console/data/cards", { id: ids }) : { cards: [] };
  if (mine !== asked) return;
  const known = new Map(cards.map((/** @type {any} */ card) => [card.id, card]));
  const found = hits.filter((/** @type {any} */ hit) => known.has(hit.video_id));
  $("library-count").textContent = t(answer.moments ? "search.count-moments" : "search.count-videos", { n: found.length });
  if (!found.length) {
    $("grid").className = "";
    replace($("grid"), h("div", { class: "empty" }, icon("search"), h("p", {}, t("search.none"))));
  } else if (answer.moments) {
    $("grid").className = "moments";
    replace($("grid"), found.map((/** @type {any} */ hit) => moment(hit, known.get(hit.video_id))));
  } else {
    $("grid").className = "grid";
    replace($("grid"), found.map((/** @type {any} */ hit) => tile(known.get(hit.video_id), { why: inLanguage(hit.reasons[0]?.text) })));
  }
}

/** @param {any} hit @param {any} card */
function moment(hit, card) {
  const shot = h("div", { class: "shot" });
  if (card.sprite && card.duration_s) {
    const frame = Math.min(card.sprite.frames - 1, Math.floor((hit.start / card.duration_s) * card.sprite.frames));
    showFrame(shot, card.id, card.sprite, frame, 128, 80);
  }
  return h("a", { class: "moment", href: `/console/videos/${card.id}?t=${hit.start.toFixed(2)}` }, shot,
    h("div", {},
      h("div", {}, h("span", { class: "at num" }, `${clock(hit.start)} – ${clock(hit.end)}`), " ", h("b", {}, titleOf(card))),
      h("div", {}, hit.text),
      h("div", { class: "small muted" }, inLanguage(hit.reasons[0]?.text))));
}

async function fillFilters() {
  const taxonomy = await get("/v1/taxonomy");
  const name = (/** @type {any} */ entry) => (page.language === "zh" ? entry.zh : entry.en);
  for (const [field, entries] of [["mood", taxonomy.moods], ["occasion", taxonomy.occasions]]) {
    $(`filter-${field}`).append(...entries.map((/** @type {any} */ entry) => h("option", { value: entry.slug }, name(entry))));
  }
  const parents = taxonomy.topics.filter((/** @type {any} */ topic) => !topic.parent);
  $("filter-topic").append(...parents.map((/** @type {any} */ parent) => h("optgroup", { label: name(parent) },
    taxonomy.topics.filter((/** @type {any} */ topic) => topic.parent === parent.slug).map((/** @type {any} */ topic) => h("option", { value: topic.slug }, name(topic))))));
}

function acceptDrops() {
  let depth = 0;
  const hasFiles = (/** @type {DragEvent} */ event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  document.addEventListener("dragenter", (event) => { if (hasFiles(event)) { depth++; $("dropzone").hidden = false; } });
  document.addEventListener("dragleave", () => { depth = Math.max(0, depth - 1); if (!depth) $("dropzone").hidden = true; });
  document.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  document.addEventListener("drop", (event) => {
    depth = 0;
    $("dropzone").hidden = true;
    if (!event.dataTransfer?.files.length) return;
    event.preventDefault();
    uploadAll([...event.dataTransfer.files], $("uploads"), show);
  });
  const input = /** @type {HTMLInputElement} */ ($("upload-input"));
  $("upload-open").addEventListener("click", () => input.click());
  input.addEventListener("change", () => { uploadAll([...(input.files ?? [])], $("uploads"), show); input.value = ""; });
}

let waiting = 0;
form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
form.addEventListener("change", show);
$("search-q").addEventListener("input", () => { window.clearTimeout(waiting); waiting = window.setTimeout(show, 350); });
$("more").addEventListener("click", () => browse(asked, offset).catch(complain));
if (page.uploader) acceptDrops();
else $("upload-open").hidden = true;
await fillFilters().catch(complain);
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = /** @type {any} */ (form.elements.namedItem(name));
  if (field) field.value = value;
}
await show();
