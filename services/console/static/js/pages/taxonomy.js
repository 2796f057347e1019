/** The taxonomy: names and descriptions in both languages, merges and moves; seen before they are published. */

import { get, post } from "../core/api.js";
import { openDialog } from "../core/dialog.js";
import { $, h, icon, replace } from "../core/dom.js";
import { number, when } from "../core/format.js";
import { page, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";

const STORE = `reelwise.taxonomy.${page.account}`;
const TEXTS = ["en", "zh", "description_en", "description_zh"];

/**
 * @typedef {{op: string, kind: string, slug: string, into?: string, parent?: string, [text: string]: any}} Edit
 * @typedef {{slug: string, en: string, zh: string, description_en: string, description_zh: string, parent?: string | null}} Entry
 */

/** @type {any} */
let taxonomy = null;
let current = 0;
let chosen = "";
/** Edits that are not published yet; kept in this browser. @type {Edit[]} */
let edits = JSON.parse(localStorage.getItem(STORE) ?? "[]");

const kind = () => /** @type {HTMLInputElement} */ (document.querySelector("[name=kind]:checked")).value;
const name = (/** @type {Entry} */ entry) => (page.language === "zh" ? `${entry.zh} ${entry.en}` : `${entry.en} ${entry.zh}`);
/** @returns {Entry[]} */
const entries = (/** @type {string} */ of = kind()) => taxonomy[`${of}s`];

/** @param {Edit[]} changed */
function keep(changed) {
  edits = changed;
  localStorage.setItem(STORE, JSON.stringify(edits));
  draw();
}

/** Put an edit in place of an earlier one of the same kind about the same entry. @param {Edit} edit */
const put = (edit) => keep([...edits.filter((one) => one.op !== edit.op || one.kind !== edit.kind || one.slug !== edit.slug), edit]);

function draw() {
  if (!taxonomy) return; // what was typed before it came is heeded when it is there
  const wanted = $("filter").value.trim().toLowerCase();
  const fits = (/** @type {Entry} */ entry) => !wanted || `${entry.slug} ${entry.en} ${entry.zh}`.toLowerCase().includes(wanted);
  const node = (/** @type {Entry} */ entry) => h("button", { type: "button", class: edits.some((one) => one.kind === kind() && one.slug === entry.slug) ? "changed" : "", "aria-pressed": String(chosen === entry.slug), on: { click: () => { chosen = entry.slug; draw(); drawEntry(); } } }, name(entry));
  if (kind() === "topic") {
    replace($("tree"), entries().filter((one) => !one.parent).map((parent) => {
      const leaves = entries().filter((one) => one.parent === parent.slug && (fits(one) || fits(parent)));
      return leaves.length || fits(parent) ? h("li", {}, node(parent), h("ul", {}, leaves.map((leaf) => h("li", {}, node(leaf))))) : null;
    }));
  } else replace($("tree"), entries().filter(fits).map((entry) => h("li", {}, node(entry))));
  replace($("changes"), edits.length ? h("ul", { class: "history" }, edits.map((edit, place) => h("li", {}, h("span", {}, words(edit)), h("button", { type: "button", class: "icon-button", "aria-label": t("history.undo-of", { what: edit.slug }), on: { click: () => keep(edits.filter((_, other) => other !== place)) } }, icon("undo"))))) : h("p", { class: "muted" }, t("taxonomy.no-changes")));
  $("publish").disabled = edits.length === 0;
  $("discard").hidden = edits.length === 0;
  $("taxonomy-lead").textContent = t("taxonomy.lead", { version: current, topics: taxonomy.topics.filter((/** @type {Entry} */ one) => one.parent).length, moods: taxonomy.moods.length, occasions: taxonomy.occasions.length });
}

/** An edit in words. @param {Edit} edit */
function words(edit) {
  const to = edit.op === "describe" ? TEXTS.filter((text) => edit[text]).map((text) => edit[text]).join(" · ") : (edit.into ?? edit.parent ?? "");
  return [h("b", {}, t(`taxonomy.op.${edit.op}`)), " ", edit.slug, " → ", to];
}

function drawEntry() {
  if (!taxonomy) return undefined;
  const entry = entries().find((one) => one.slug === chosen);
  if (!entry) return replace($("entry"), h("p", { class: "muted" }, t("taxonomy.choose")));
  const described = edits.find((one) => one.op === "describe" && one.kind === kind() && one.slug === entry.slug);
  const field = (/** @type {string} */ text) => h("label", { class: "field" }, h("span", {}, t(`taxonomy.${text}`)), text.startsWith("description") ? h("textarea", { name: text, required: true }, described?.[text] ?? entry[/** @type {"en"} */ (text)]) : h("input", { name: text, required: true, autocomplete: "off", value: described?.[text] ?? entry[/** @type {"en"} */ (text)] }));
  const form = h("form", { class: "form", on: { submit: (/** @type {Event} */ event) => event.preventDefault(), input: () => {
    const typed = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    const changed = TEXTS.filter((text) => typed[text].trim() && typed[text].trim() !== entry[/** @type {"en"} */ (text)]);
    const others = edits.filter((one) => one.op !== "describe" || one.kind !== kind() || one.slug !== entry.slug);
    keep(changed.length ? [...others, { op: "describe", kind: kind(), slug: entry.slug, ...Object.fromEntries(changed.map((text) => [text, typed[text].trim()])) }] : others);
  } } }, h("div", { class: "pair" }, field("en"), field("zh")), h("div", { class: "pair" }, field("description_en"), field("description_zh")));
  const choice = (/** @type {string} */ label, /** @type {Entry[]} */ options, /** @type {(slug: string) => void} */ act, /** @type {string} */ button) => {
    const select = h("select", { "aria-label": label }, options.map((one) => h("option", { value: one.slug }, name(one))));
    return h("div", { class: "panel-head" }, h("label", { class: "field" }, h("span", {}, label), select), h("button", { type: "button", class: "button", on: { click: () => act(select.value) } }, button));
  };
  const peers = entries().filter((one) => one.slug !== entry.slug && Boolean(one.parent) === Boolean(entry.parent));
  const leaf = kind() !== "topic" || entry.parent;
  return replace($("entry"), h("div", { class: "panel-head" }, h("h2", {}, name(entry)), h("code", { class: "muted" }, entry.slug)), form,
    leaf && choice(t("taxonomy.merge-into"), peers, (into) => put({ op: "merge", kind: kind(), slug: entry.slug, into }), t("taxonomy.op.merge")),
    entry.parent && choice(t("taxonomy.move-under"), entries().filter((one) => !one.parent && one.slug !== entry.parent), (parent) => put({ op: "move", kind: "topic", slug: entry.slug, parent }), t("taxonomy.op.move")));
}

async function preview() {
  const found = await post("/v1/review/taxonomy/preview", { edits });
  const note = h("input", { name: "note", maxlength: "2000", autocomplete: "off" });
  const publish = h("button", { type: "button", class: "button primary", on: { click: async () => {
    publish.disabled = true;
    try {
      const done = await post("/v1/review/taxonomy", { edits, base: current, note: note.value });
      dialog.close();
      toast(t("taxonomy.published", { version: done.version, n: number(done.videos) }));
      keep([]);
      await load();
    } catch (error) { publish.disabled = false; complain(error); }
  } } }, t("taxonomy.publish", { version: found.version }));
  const dialog = openDialog(t("taxonomy.preview"), [
    h("p", { class: "note" }, t("taxonomy.touches", { n: number(found.videos) })),
    h("ul", { class: "history" }, found.effects.map((/** @type {any} */ one) => h("li", {}, h("span", {}, words(one.edit)), h("span", { class: "chip" }, t("bulk.videos", { n: one.videos })), h("span", { class: "small muted" }, one.at_once, one.needs_annotate && [" ", t("taxonomy.needs"), " ", one.needs_annotate])))),
    h("label", { class: "field" }, h("span", {}, t("taxonomy.note")), note),
  ], [h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("dialog.cancel")), publish]);
}

async function showVersions() {
  const { versions } = await get("/v1/review/taxonomy");
  openDialog(t("taxonomy.versions"), versions.length ? h("ol", { class: "history" }, versions.map((/** @type {any} */ one) => h("li", {}, h("span", {}, h("b", {}, t("taxonomy.version", { n: one.version })), " ", one.note), h("span", { class: "chip" }, t("taxonomy.edits", { n: one.edits.length })), h("span", { class: "small muted" }, one.account, " · ", when(one.at))))) : h("p", { class: "muted" }, t("taxonomy.no-versions")));
}

async function load() {
  const [entries_, versions] = await Promise.all([get("/v1/taxonomy"), get("/v1/review/taxonomy")]);
  taxonomy = entries_;
  current = versions.current;
  draw();
  drawEntry();
}

for (const radio of document.querySelectorAll("[name=kind]")) radio.addEventListener("change", () => { chosen = ""; draw(); drawEntry(); });
$("filter").addEventListener("input", draw);
$("publish").addEventListener("click", () => preview().catch(complain));
$("discard").addEventListener("click", () => { keep([]); drawEntry(); });
$("versions-open").addEventListener("click", () => showVersions().catch(complain));
await load().catch(complain);
