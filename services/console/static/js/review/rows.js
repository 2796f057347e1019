/** An item under review as a row: its words, how sure the machine was, what was decided, and what can be done. */

import { h, icon } from "../core/dom.js";
import { when } from "../core/format.js";
import { inLanguage, names, page, t } from "../core/page.js";
import { cites, labelRow } from "../parts/labels.js";
import { diffView } from "./diff.js";
import { decided, idOf } from "./model.js";

/**
 * @typedef {import("./model.js").Item} Item
 * @typedef {{evidence: Map<string, any>, spotlight: import("../parts/labels.js").Spotlight,
 *   act: (action: string, item: Item) => void, current: string | null, form: HTMLElement | null}} Setting
 */

/** What an item is called, for buttons. @param {Item} item */
export function nameOf(item) {
  const said = item.effective ?? item.machine;
  if (!said) return item.target;
  if (said.label) return names(said)[0];
  if (said.category) return said.category;
  return said.text ?? t(`fields.${item.field}`);
}

/** The buttons of an item. @param {Item} item @param {Setting} setting */
function actions(item, setting) {
  const name = nameOf(item);
  const button = (/** @type {string} */ action, /** @type {string} */ picture, /** @type {boolean | null} */ pressed = null) =>
    h("button", { type: "button", class: `icon-button ${action === "reject" ? "no" : ""}`, "aria-label": t(`review.${action}.of`, { name }), title: t(`review.${action}`), "aria-pressed": pressed === null ? null : String(pressed), on: { click: () => setting.act(action, item) } }, icon(picture));
  return h("span", { class: "acts" },
    button("accept", "check", item.state === "accepted" || item.state === "added" || item.state === "edited"),
    button("reject", "cross", item.state === "rejected"),
    button("edit", "edit"),
    button("comment", "comment"),
    decided(item) ? button("undo", "undo") : null);
}

/** Who decided, with what comment, and how the words changed. @param {Item} item */
function below(item) {
  const lines = [];
  if (item.pending) lines.push(h("span", { class: "chip warn" }, t("review.saving")));
  else if (decided(item) && item.account) lines.push(h("span", {}, t("review.by", { who: item.account === page.account ? t("review.me") : item.account, when: item.at ? when(item.at) : "" })));
  if (item.orphaned) lines.push(h("span", { class: "chip warn", title: t("review.orphaned-why") }, t("review.orphaned")));
  if (item.comment) lines.push(h("span", {}, "“", item.comment, "”"));
  if (item.state === "suppressed") lines.push(h("span", { class: "chip" }, t("review.suppressed")));
  const changes = changesOf(item);
  return lines.length || changes.length ? h("div", { class: "sub" }, h("div", { class: "chips" }, lines), changes.length > 0 && h("div", { class: "diff" }, changes)) : null;
}

/** Machine's words, previous words and today's, field by field, where they differ. @param {Item} item */
function changesOf(item) {
  const { machine, previous, effective } = item;
  if (!effective || item.state !== "edited") return [];
  const rows = [];
  const parts = effective.label ? ["label", "label_zh"] : effective.category ? ["explanation", "severity"] : effective.text !== undefined ? ["text"] : ["zh", "en"];
  for (const part of parts) {
    if (machine && machine[part] !== effective[part]) rows.push(row("diff.machine", diffView(machine[part] ?? "", effective[part] ?? "")));
    if (previous && previous[part] !== effective[part] && previous[part] !== machine?.[part]) rows.push(row("diff.previous", diffView(previous[part] ?? "", effective[part] ?? "")));
  }
  return rows;
}

/** @param {string} key @param {any} content */
const row = (key, content) => h("div", { class: "row" }, h("b", {}, t(key)), content);

/** @param {Item} item @param {string} digit @param {Setting} setting */
export function labelItem(item, digit, setting) {
  const said = item.effective ?? item.machine;
  const id = idOf(item);
  const state = `${item.state} ${setting.current === id ? "current" : ""}`;
  const element = labelRow({ ...said, confidence: item.machine?.confidence ?? said.confidence }, setting.evidence, setting.spotlight, {
    digit, state, actions: actions(item, setting), below: [below(item), setting.form], confidence: item.state !== "added" && Boolean(item.machine),
  });
  element.dataset.item = id;
  return element;
}

/** @param {Item} item @param {Setting} setting */
export function sentenceItem(item, setting) {
  const said = item.effective ?? item.machine;
  const id = idOf(item);
  return h("div", { class: `label-row sentence-row ${item.state} ${setting.current === id ? "current" : ""}`, data: { item: id } },
    h("div", { class: "panel-head" }, h("h3", {}, t(`fields.${item.field}`)), actions(item, setting)),
    said && ["zh", "en"].map((language) => said[language] && h("p", { lang: language === "zh" ? "zh-CN" : "en" }, h("span", { class: "lang" }, language.toUpperCase()), said[language])),
    below(item), setting.form);
}

/** @param {Item} item @param {Setting} setting */
export function safetyItem(item, setting) {
  const said = item.effective ?? item.machine;
  const id = idOf(item);
  const why = page.language === "zh" ? said.explanation_zh || said.explanation : said.explanation;
  return h("li", { class: `label-row ${item.state} ${setting.current === id ? "current" : ""}`, data: { item: id } },
    h("span", {}), h("span", { class: "names" }, h("b", {}, said.category), " ", h("span", { class: "chip bad" }, t(`severity.${said.severity}`)), " ", cites(said.evidence, setting.evidence, setting.spotlight)),
    h("span", {}), actions(item, setting), h("div", { class: "sub" }, why), below(item), setting.form);
}

/** What can be done with a line of the transcript. @param {Item | undefined} item @param {Setting} setting */
export function lineActions(item, setting) {
  if (!item) return null;
  const name = nameOf(item);
  return h("span", { class: "acts" },
    item.pending && h("span", { class: "chip warn" }, t("review.saving")),
    decided(item) && h("button", { type: "button", class: "icon-button", "aria-label": t("review.undo.of", { name }), title: t("review.undo"), on: { click: () => setting.act("undo", item) } }, icon("undo")),
    h("button", { type: "button", class: "icon-button", "aria-label": t("review.edit.of", { name }), title: t("review.edit"), on: { click: () => setting.act("edit", item) } }, icon("edit")));
}

/** The words of a history entry. @param {any} words */
export function wordsOf(words) {
  if (!words) return "";
  if (words.label) return names(words).join(" ");
  if (words.category) return words.category;
  return words.text ?? inLanguage(words);
}
