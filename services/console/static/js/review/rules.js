/** Labels that are hidden or called otherwise on every video, at once. */

import { call, get, post } from "../core/api.js";
import { h, icon, replace } from "../core/dom.js";
import { number, when } from "../core/format.js";
import { t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";

const KINDS = ["tag", "topic", "mood", "occasion"];

/** @param {HTMLElement} root */
export async function showRules(root) {
  const { rules } = await get("/v1/review/label-rules");
  const change = async (/** @type {Promise<any>} */ work) => {
    try {
      const answer = await work;
      toast(t("rules.touched", { n: number(answer.videos) }));
      await showRules(root);
    } catch (error) { complain(error); }
  };
  const input = (/** @type {string} */ name, /** @type {boolean} */ required) => h("label", { class: "field" }, h("span", {}, t(`rules.${name}`)), h("input", { name, required, maxlength: "200", autocomplete: "off" }));
  const action = h("select", { name: "action" }, ["suppress", "rename"].map((one) => h("option", { value: one }, t(`rules.${one}`))));
  const naming = h("div", { class: "pair", hidden: true }, input("en", false), input("zh", false));
  action.addEventListener("change", () => { naming.hidden = action.value !== "rename"; });
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const values = Object.fromEntries(new FormData(form));
    change(post("/v1/review/label-rules", values.action === "rename" ? values : { field: values.field, key: values.key, action: values.action }));
  };
  const form = h("form", { class: "form", on: { submit: add } },
    h("div", { class: "pair" }, h("label", { class: "field" }, h("span", {}, t("bulk.action")), action), h("label", { class: "field" }, h("span", {}, t("bulk.field")), h("select", { name: "field" }, KINDS.map((kind) => h("option", { value: kind }, t(`field.${kind}`)))))),
    input("key", true), naming, h("div", {}, h("button", { class: "button" }, t("rules.add"))));
  replace(root, h("ul", { class: "history" }, rules.map((/** @type {any} */ rule) => h("li", {},
    h("span", {}, h("b", {}, t(`rules.${rule.action}`)), " ", h("span", { class: "muted" }, t(`field.${rule.field}`)), " ", rule.key, rule.to_en && ` → ${rule.to_en} ${rule.to_zh}`),
    h("button", { type: "button", class: "icon-button", "aria-label": t("rules.end", { key: rule.key }), title: t("review.undo"), on: { click: () => change(call(`/v1/review/label-rules/${rule.id}`, { method: "DELETE" })) } }, icon("undo")),
    h("span", { class: "small muted" }, rule.account, " · ", when(rule.at))))), form);
}
