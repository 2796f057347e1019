/** The bar over the review: how far it is, whether everything is saved, and what goes on from here. */

import { openDialog } from "../core/dialog.js";
import { h, icon } from "../core/dom.js";
import { keyOf, shown } from "../core/keys.js";
import { t } from "../core/page.js";
import { dropRefused, pending, retryAll, unreachable } from "./outbox.js";

/** Saved, on its way, or refused: always visible. */
export function saveState() {
  const waiting = pending();
  const refused = waiting.filter((entry) => entry.error);
  const look = refused.length ? "failed" : waiting.length ? "waiting" : "";
  const text = refused.length ? t("save.refused", { n: refused.length }) : waiting.length ? t(unreachable() ? "save.offline" : "save.saving", { n: waiting.length }) : t("save.saved");
  return h("span", { class: `savebar ${look}`, id: "save-state", role: "status", data: { state: look || "saved" } },
    h("i", { class: "dot", "aria-hidden": "true" }), text,
    refused.length > 0 && h("button", { type: "button", class: "button quiet", on: { click: () => showRefused(refused) } }, t("save.show")),
    waiting.length > 0 && h("button", { type: "button", class: "button quiet", on: { click: retryAll } }, icon("retry"), t("retry")));
}

/** @param {import("./outbox.js").Entry[]} refused */
function showRefused(refused) {
  const drop = h("button", { type: "button", class: "button danger", on: { click: () => { dropRefused(); dialog.close(); } } }, t("save.drop"));
  const again = h("button", { type: "button", class: "button primary", on: { click: () => { retryAll(); dialog.close(); } } }, t("retry"));
  const dialog = openDialog(t("save.refused", { n: refused.length }), h("ul", {}, refused.map(({ draft, error }) =>
    h("li", {}, h("b", {}, draft.action === "done" ? t("review.done") : `${t(`history.${draft.action}`)} ${draft.target ?? ""}`), ": ", error?.message, " ", error?.remedy))), [drop, again]);
}

/**
 * @param {{decided: number, all: number, blind: boolean, done: boolean}} state
 * @param {{acceptAll: () => void, undo: () => void, next: () => void, previous: () => void}} acts
 */
export function reviewBar(state, acts) {
  const button = (/** @type {string} */ id, /** @type {string} */ text, /** @type {() => void} */ act, /** @type {any} */ look = {}) =>
    h("button", { type: "button", class: `button ${look.class ?? ""}`, id: `bar-${id}`, title: `${text} (${shown(keyOf(id))})`, on: { click: act } }, text, look.key && h("kbd", { "aria-hidden": "true" }, shown(keyOf(id))));
  return h("div", { class: "reviewbar", role: "toolbar", "aria-label": t("review.bar") },
    h("b", { class: "num", id: "review-count" }, t("review.count", { n: state.decided, all: state.all })),
    state.blind && h("span", { class: "chip warn", title: t("review.blind-why") }, t("review.blind")),
    saveState(),
    h("span", { class: "spacer" }),
    button("undo", t("review.undo"), acts.undo),
    button("accept-all", t("review.accept-all"), acts.acceptAll),
    button("next", t(state.done ? "review.next" : "review.done-next"), acts.next, { class: "primary", key: true }));
}
