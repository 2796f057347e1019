/** The form that an item is edited, commented or added with. What is typed is kept as a draft from the first letter. */

import { h } from "../core/dom.js";
import { page, t } from "../core/page.js";
import { draftOf, dropDraft, keepDraft } from "./drafts.js";
import { LINES, SENTENCES, idOf } from "./model.js";

/**
 * @typedef {import("./model.js").Item} Item
 * @typedef {{item: Item, adding?: boolean, commenting?: boolean, taxonomy: any,
 *   save: (after: any, comment: string | null, action: string) => void, close: () => void}} Task
 */

/**
 * @param {string} video @param {Task} task
 * @returns {HTMLFormElement}
 */
export function editorForm(video, task) {
  const { item, adding, commenting } = task;
  const name = `${adding ? "add:" : commenting ? "comment:" : ""}${idOf(item)}`;
  const kept = draftOf(video, name) ?? {};
  const fields = commenting ? [] : inputs(item, task, kept);
  const comment = field("comment", t("edit.comment"), h("input", { name: "comment", maxlength: "2000", value: kept.comment ?? "", autocomplete: "off" }));
  const notice = h("span", { class: "small muted", role: "status" }, Object.keys(kept).length ? t("edit.draft") : "");
  const form = h("form", { class: "form editor", data: { item: name } }, fields, comment,
    h("div", { class: "panel-head" }, notice, h("span", { class: "chips" },
      h("button", { type: "button", class: "button quiet", on: { click: () => { dropDraft(video, name); task.close(); } } }, t("edit.discard")),
      commenting && h("button", { type: "button", class: "button danger", on: { click: () => finish("reject") } }, t("review.reject")),
      h("button", { type: "submit", class: "button primary" }, commenting ? t("review.accept") : t("edit.save")))));
  const texts = () => /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
  const finish = (/** @type {string} */ action) => {
    const typed = texts();
    task.save(commenting ? null : words(item, typed, task.taxonomy), typed.comment.trim() || null, action);
    dropDraft(video, name);
    task.close();
  };
  form.addEventListener("input", () => { keepDraft(video, name, texts()); notice.textContent = t("edit.draft"); });
  form.addEventListener("submit", (/** @type {Event} */ event) => { event.preventDefault(); finish(commenting ? "accept" : adding ? "add" : "edit"); });
  form.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.isComposing) return;
    if (event.key === "Escape") { event.stopPropagation(); task.close(); }
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); form.requestSubmit(); }
  });
  return form;
}

/** @param {string} name @param {string} label @param {any} input */
const field = (name, label, input) => h("label", { class: `field field-${name}` }, h("span", {}, label), input);

/** @param {Item} item @param {Task} task @param {Record<string, string>} kept */
function inputs(item, task, kept) {
  const now = item.effective ?? item.machine ?? {};
  if (SENTENCES.includes(item.field)) {
    return ["zh", "en"].map((language) => field(language, t(`edit.${language}`), h("textarea", { name: language, lang: language === "zh" ? "zh-CN" : "en", required: true, rows: "2" }, kept[language] ?? now[language] ?? "")));
  }
  if (LINES.includes(item.field)) return field("text", t("edit.text"), h("textarea", { name: "text", required: true, rows: "2" }, kept.text ?? now.text ?? ""));
  if (item.field === "tag") {
    return h("div", { class: "pair" },
      field("label", t("edit.en"), h("input", { name: "label", required: true, maxlength: "100", value: kept.label ?? now.label ?? "", autocomplete: "off" })),
      field("label_zh", t("edit.zh"), h("input", { name: "label_zh", maxlength: "100", lang: "zh-CN", value: kept.label_zh ?? now.label_zh ?? "", autocomplete: "off" })));
  }
  if (item.field === "safety") {
    return [field("explanation", t("edit.en"), h("textarea", { name: "explanation", rows: "2" }, kept.explanation ?? now.explanation ?? "")),
      field("severity", t("edit.severity"), h("select", { name: "severity" }, ["low", "medium", "high"].map((one) => h("option", { value: one, selected: one === (kept.severity ?? now.severity) }, t(`severity.${one}`)))))];
  }
  return field("slug", t(`field.${item.field}`), choice(item.field, task.taxonomy, kept.slug ?? now.slug));
}

/** A choice of the taxonomy's entries. @param {string} kind @param {any} taxonomy @param {string | undefined} chosen */
function choice(kind, taxonomy, chosen) {
  const name = (/** @type {any} */ entry) => (page.language === "zh" ? `${entry.zh} ${entry.en}` : `${entry.en} ${entry.zh}`);
  const option = (/** @type {any} */ entry) => h("option", { value: entry.slug, selected: entry.slug === chosen }, name(entry));
  if (kind !== "topic") return h("select", { name: "slug", required: true }, taxonomy[kind === "mood" ? "moods" : "occasions"].map(option));
  return h("select", { name: "slug", required: true }, taxonomy.topics.filter((/** @type {any} */ topic) => !topic.parent).map((/** @type {any} */ parent) =>
    h("optgroup", { label: name(parent) }, taxonomy.topics.filter((/** @type {any} */ topic) => topic.parent === parent.slug).map(option))));
}

/** What the form says, as the API takes it. @param {Item} item @param {Record<string, string>} typed @param {any} taxonomy */
function words(item, typed, taxonomy) {
  const now = item.effective ?? item.machine;
  if (SENTENCES.includes(item.field)) return { en: typed.en.trim(), zh: typed.zh.trim() };
  if (LINES.includes(item.field)) return { text: typed.text.trim() };
  if (item.field === "safety") return { ...now, explanation: typed.explanation.trim(), severity: typed.severity };
  const base = { confidence: 1, evidence: now?.evidence ?? [], source: "editor", topic: now?.topic ?? null };
  if (item.field === "tag") return { ...base, label: typed.label.trim(), label_zh: typed.label_zh.trim() || typed.label.trim(), slug: null };
  const entries = { topic: taxonomy.topics, mood: taxonomy.moods, occasion: taxonomy.occasions }[item.field];
  const entry = entries.find((/** @type {any} */ one) => one.slug === typed.slug);
  return { ...base, label: entry.en, label_zh: entry.zh, slug: entry.slug };
}
