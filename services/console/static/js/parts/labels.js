/** A label as a row: names, how sure, what it rests on; pointing at it lights up its evidence. */

import { h } from "../core/dom.js";
import { clock, sureness } from "../core/format.js";
import { names, t } from "../core/page.js";

/**
 * @typedef {{label: string, label_zh: string, slug: string | null, topic: string | null, confidence: number,
 *   evidence: string[], source: string}} Label
 * @typedef {import("./timeline.js").Evidence} Evidence
 * @typedef {{hover: (ids: string[]) => void, select: (ids: string[], go?: boolean) => void}} Spotlight
 */

/** Confidence as a bar and in words. @param {number} value */
export function sure(value) {
  const { words, level } = sureness(value);
  const bar = h("i", { style: { width: `${Math.round(value * 100)}%` } });
  return h("div", { class: `sure ${level}`, title: t("sure.exact", { n: Math.round(value * 100) }) }, h("div", { class: "bar", "aria-hidden": "true" }, bar), words);
}

/**
 * Buttons for the lines that something rests on; each goes there.
 * @param {string[]} ids @param {Map<string, Evidence>} evidence @param {Spotlight} spotlight
 */
export function cites(ids, evidence, spotlight) {
  return h("span", { class: "cites" }, ids.filter((id) => evidence.has(id)).map((id) => {
    const line = /** @type {Evidence} */ (evidence.get(id));
    return h("button", { type: "button", class: `cite K-${line.kind}`, title: `${clock(line.start)} ${line.text}`, "aria-label": t("cite.go", { id, at: clock(line.start), text: line.text }), on: { click: (/** @type {Event} */ event) => { event.stopPropagation(); spotlight.select([id]); } } }, id);
  }));
}

/**
 * @param {Label} label @param {Map<string, Evidence>} evidence @param {Spotlight} spotlight
 * @param {{digit?: string, actions?: any, below?: any, state?: string, confidence?: boolean}} [more]
 */
export function labelRow(label, evidence, spotlight, more = {}) {
  const [first, second] = names(label);
  const row = h("li", { class: `label-row ${more.state ?? ""}` },
    h("span", { class: "digit", "aria-hidden": "true" }, more.digit ?? ""),
    h("span", { class: "names" }, h("b", {}, first), second && h("span", { lang: /[\u4e00-\u9fff]/.test(second) ? "zh-CN" : "en" }, second), " ", cites(label.evidence, evidence, spotlight)),
    more.confidence === false ? h("span", {}) : sure(label.confidence),
    more.actions ?? h("span", {}),
    more.below);
  row.addEventListener("pointerenter", () => spotlight.hover(label.evidence));
  row.addEventListener("pointerleave", () => spotlight.hover([]));
  row.addEventListener("click", (/** @type {MouseEvent} */ event) => {
    if (!(event.target instanceof Element && event.target.closest("button, input, textarea, select, a"))) spotlight.select(label.evidence);
  });
  return row;
}
