/** Short notices in the corner, with at most one thing to do about them. */

import { $, h } from "./dom.js";

/**
 * @param {string} text
 * @param {{bad?: boolean, action?: string, act?: () => void, stay?: number}} [options] `stay` in milliseconds
 */
export function toast(text, options = {}) {
  const { bad = false, action, act, stay = bad || action ? 9000 : 3500 } = options;
  const notice = h("div", { class: bad ? "toast bad" : "toast" }, h("span", {}, text));
  const remove = () => notice.remove();
  if (action && act) {
    notice.append(h("button", { type: "button", on: { click: () => { remove(); act(); } } }, action));
  }
  $("toasts").append(notice);
  window.setTimeout(remove, stay);
}

/** Say what failed and what to do. @param {any} error */
export function complain(error) {
  if (error?.name === "AbortError") return;
  toast([error.message, error.remedy].filter(Boolean).join(" "), { bad: true });
  if (!("status" in error)) throw error;
}
