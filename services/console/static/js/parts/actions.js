/** What can be done with a video as a whole: report it, send it through again. */

import { post } from "../core/api.js";
import { openDialog } from "../core/dialog.js";
import { h, icon, replace } from "../core/dom.js";
import { page, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";

const FINAL = ["ready", "failed", "rejected"];

/** @param {HTMLElement} root @param {{id: string, state: string}} video */
export function showActions(root, video) {
  const again = async () => {
    try {
      await post(`/v1/videos/${video.id}/retry`);
      toast(t("health.retried", { n: 1 }));
    } catch (error) { complain(error); }
  };
  replace(root,
    page.uploader && FINAL.includes(video.state) && h("button", { type: "button", class: "button quiet", title: t("action.again-why"), on: { click: again } }, icon("retry"), t("action.again")),
    page.account && h("button", { type: "button", class: "button quiet", on: { click: () => report(video.id) } }, icon("alert"), t("action.report")));
}

/** @param {string} id */
function report(id) {
  const reason = h("textarea", { name: "reason", required: true, maxlength: "2000" });
  const send = async (/** @type {Event} */ event) => {
    event.preventDefault();
    try {
      await post(`/v1/videos/${id}/reports`, { reason: reason.value.trim() });
      dialog.close();
      toast(t("action.reported"));
    } catch (error) { complain(error); }
  };
  const form = h("form", { class: "form", on: { submit: send } }, h("label", { class: "field" }, h("span", {}, t("action.report-what")), reason), h("button", { class: "button primary" }, t("action.report")));
  const dialog = openDialog(t("action.report"), form);
  reason.focus();
}
