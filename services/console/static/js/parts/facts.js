/** What is believed of a video, for people who look and don't decide. */

import { h } from "../core/dom.js";
import { percent } from "../core/format.js";
import { t } from "../core/page.js";
import { cites, labelRow } from "./labels.js";

/** @param {any} document @param {Map<string, any>} evidence @param {import("./labels.js").Spotlight} spotlight */
export function readOnlyFacts(document, evidence, spotlight) {
  const panels = [sentencePanel(document)];
  for (const field of ["tags", "topics", "moods", "occasions"]) {
    if (!document[field].length) continue;
    panels.push(h("section", { class: "panel" }, h("h2", {}, t(`fields.${field}`)), h("ul", { class: "labels" }, document[field].map((/** @type {any} */ label) => labelRow(label, evidence, spotlight)))));
  }
  if (document.safety.length) panels.push(safetyPanel(document.safety, evidence, spotlight));
  if (document.sound) panels.push(h("section", { class: "panel" }, h("h2", {}, t("kind.A")), h("p", {}, soundWords(document.sound))));
  return panels;
}

/** @param {any} document */
function sentencePanel(document) {
  const sentence = (/** @type {string} */ name, /** @type {any} */ both) => both && h("div", { class: "sentence" }, h("h3", {}, t(`fields.${name}`)), ["zh", "en"].map((language) => both[language] && h("p", { lang: language === "zh" ? "zh-CN" : "en" }, h("span", { class: "lang" }, language.toUpperCase()), both[language])));
  return h("section", { class: "panel" }, sentence("summary", document.summary), sentence("why", document.why));
}

/** @param {any[]} labels @param {Map<string, any>} evidence @param {import("./labels.js").Spotlight} spotlight */
function safetyPanel(labels, evidence, spotlight) {
  return h("section", { class: "panel" }, h("h2", {}, t("fields.safety")), labels.map((label) => h("p", {}, h("span", { class: "chip bad" }, label.category, " · ", t(`severity.${label.severity}`)), " ", label.explanation, " ", cites(label.evidence, evidence, spotlight))));
}

/** @param {any} sound */
export const soundWords = (sound) => t("sound.words", { speech: percent(sound.speech_ratio), music: percent(sound.music_ratio), energy: percent(sound.energy) }) + (sound.tempo_bpm ? ` · ${Math.round(sound.tempo_bpm)} bpm` : "");
