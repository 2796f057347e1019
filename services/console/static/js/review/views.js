/** Saved views: filters of the queue with a name, kept with the editor's account. */

import { call, get } from "../core/api.js";
import { openDialog } from "../core/dialog.js";
import { h, icon, replace } from "../core/dom.js";
import { t } from "../core/page.js";
import { complain } from "../core/toast.js";

/** @typedef {Record<string, string>} Filter */

const address = (/** @type {string} */ name) => `/v1/review/views/${encodeURIComponent(name)}`;

/** @param {Record<string, any>} filters @returns {Filter} without what lets everything through */
const plain = (filters) => Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== null));
const same = (/** @type {Filter} */ one, /** @type {Filter} */ other) => JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());

/** @param {HTMLElement} root @param {Filter} now @param {(filter: Filter) => void} apply */
export async function drawViews(root, now, apply) {
  const { views } = await get("/v1/review/views");
  const forget = async (/** @type {string} */ name) => {
    try {
      await call(address(name), { method: "DELETE" });
      await drawViews(root, now, apply);
    } catch (error) { complain(error); }
  };
  const row = (/** @type {any} */ view) => h("li", { class: "panel-head view" },
    h("button", { type: "button", "aria-pressed": String(same(plain(view.filters), now)), on: { click: () => apply(plain(view.filters)) } }, view.name),
    h("button", { type: "button", class: "forget", "aria-label": t("queue.forget-view", { name: view.name }), on: { click: () => forget(view.name) } }, icon("cross")));
  replace(root, views.length ? views.map(row) : h("li", { class: "small muted" }, t("queue.no-views")));
}

/** Ask for a name and keep the filter under it. @param {Filter} filter @param {() => void} done */
export function saveView(filter, done) {
  const name = h("input", { name: "name", required: true, maxlength: "60", autocomplete: "off" });
  const save = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await call(address(name.value.trim()), { method: "PUT", json: filter });
      dialog.close();
      done();
    } catch (error) { complain(error); }
  };
  const form = h("form", { class: "form", on: { submit: save } }, h("label", { class: "field" }, h("span", {}, t("queue.view-name")), name), h("button", { class: "button primary" }, t("edit.save")));
  const dialog = openDialog(t("queue.save-view"), form);
  name.focus();
}
