/** Saved views: filters of the queue with a name, kept in this browser. */

import { openDialog } from "../core/dialog.js";
import { h, icon, replace } from "../core/dom.js";
import { page, t } from "../core/page.js";

const STORE = `reelwise.views.${page.account}`;

/** @typedef {Record<string, string>} Filter */

/** @returns {{name: string, filter: Filter}[]} */
const read = () => JSON.parse(localStorage.getItem(STORE) ?? "[]");

/** @param {HTMLElement} root @param {Filter} now @param {(filter: Filter) => void} apply */
export function drawViews(root, now, apply) {
  const views = read();
  const same = (/** @type {Filter} */ filter) => JSON.stringify(Object.entries(filter).sort()) === JSON.stringify(Object.entries(now).sort());
  replace(root, views.length ? views.map((view) => h("li", { class: "panel-head view" },
    h("button", { type: "button", "aria-pressed": String(same(view.filter)), on: { click: () => apply(view.filter) } }, view.name),
    h("button", { type: "button", class: "forget", "aria-label": t("queue.forget-view", { name: view.name }), on: { click: () => { localStorage.setItem(STORE, JSON.stringify(read().filter((one) => one.name !== view.name))); drawViews(root, now, apply); } } }, icon("cross")))) : h("li", { class: "small muted" }, t("queue.no-views")));
}

/** Ask for a name and keep the filter under it. @param {Filter} filter @param {() => void} done */
export function saveView(filter, done) {
  const name = h("input", { name: "name", required: true, maxlength: "60", autocomplete: "off" });
  const form = h("form", { class: "form", on: { submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    localStorage.setItem(STORE, JSON.stringify([...read().filter((one) => one.name !== name.value), { name: name.value, filter }]));
    dialog.close();
    done();
  } } }, h("label", { class: "field" }, h("span", {}, t("queue.view-name")), name), h("button", { class: "button primary" }, t("edit.save")));
  const dialog = openDialog(t("queue.save-view"), form);
  name.focus();
}
