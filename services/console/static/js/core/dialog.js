/** Dialogs on the browser's own <dialog>: focus is kept inside and given back. */

import { h } from "./dom.js";
import { t } from "./page.js";

/**
 * Show a dialog until it is closed.
 * @param {string} title
 * @param {any} content
 * @param {any[]} [buttons] default: one that closes
 * @returns {HTMLDialogElement}
 */
export function openDialog(title, content, buttons) {
  const id = `dialog-${Math.random().toString(36).slice(2)}`;
  const close = h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("dialog.close"));
  const dialog = h("dialog", { "aria-labelledby": id }, h("h2", { id }, title), content, h("div", { class: "buttons" }, buttons ?? close));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Ask, and answer whether the person agreed.
 * @param {string} title @param {any} content @param {string} yes
 * @returns {Promise<boolean>}
 */
export function confirmDialog(title, content, yes) {
  return new Promise((resolve) => {
    let agreed = false;
    const cancel = h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("dialog.cancel"));
    const agree = h("button", { type: "button", class: "button primary", on: { click: () => { agreed = true; dialog.close(); } } }, yes);
    const dialog = openDialog(title, content, [cancel, agree]);
    dialog.addEventListener("close", () => resolve(agreed));
    agree.focus();
  });
}
