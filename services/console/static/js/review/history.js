/** Who decided what and when, newest first; each entry can be taken back, an undo too. */

import { h, icon } from "../core/dom.js";
import { when } from "../core/format.js";
import { page, t } from "../core/page.js";
import { diffView } from "./diff.js";
import { wordsOf } from "./rows.js";

/** @param {any[]} history oldest first @param {(id: number) => void} undo */
export function historyPanel(history, undo) {
  const undone = new Set(history.filter((one) => one.action === "undo").map((one) => one.undoes));
  const list = history.length
    ? h("ol", { class: "history", reversed: true }, [...history].reverse().map((one) => entry(one, undone.has(one.id), undo)))
    : h("p", { class: "muted" }, t("history.none"));
  return h("section", { class: "panel" }, h("h2", {}, t("history.title")), list);
}

/** @param {any} one @param {boolean} undone @param {(id: number) => void} undo */
function entry(one, undone, undo) {
  const [before, after] = [wordsOf(one.before), wordsOf(one.after)];
  const changed = one.action === "edit" && before !== after ? diffView(before, after) : (after || before || one.target);
  return h("li", { class: undone ? "undone" : "" },
    h("span", {}, h("b", {}, t(`history.${one.action}`)), " ", h("span", { class: "muted" }, t(`field.${one.field}`)), " ", changed, one.comment && [" — “", one.comment, "”"]),
    undone ? h("span", { class: "chip" }, t("history.undone")) : h("button", { type: "button", class: "icon-button", "aria-label": t("history.undo-of", { what: `${t(`history.${one.action}`)} ${after || before || one.target}` }), title: t("review.undo"), on: { click: () => undo(one.id) } }, icon("undo")),
    h("span", { class: "small muted" }, one.account === page.account ? t("review.me") : one.account, " · ", when(one.at), one.bulk_id ? ` · ${t("history.bulk")}` : ""));
}
