/** One decision about a label on every video of the view: seen before it is done, and undone as one. */

import { get, post } from "../core/api.js";
import { openDialog } from "../core/dialog.js";
import { h, icon, replace } from "../core/dom.js";
import { number, when } from "../core/format.js";
import { page, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";
import { tile } from "../parts/card.js";

const KINDS = ["tag", "topic", "mood", "occasion"];

/** @param {Record<string, string>} where the queue's filter @param {() => void} done */
export async function openBulk(where, done) {
  const taxonomy = await get("/v1/taxonomy");
  const shown = h("div", { "aria-live": "polite" });
  const target = h("span", {});
  const field = h("select", { name: "field" }, KINDS.map((kind) => h("option", { value: kind }, t(`field.${kind}`))));
  const action = h("select", { name: "action" }, ["reject", "accept", "edit"].map((one) => h("option", { value: one }, t(`review.${one}`))));
  const after = h("label", { class: "field", hidden: true }, h("span", {}, t("bulk.after")), h("span", {}));
  const draw = () => {
    replace(target, labelInput("target", field.value, taxonomy));
    // A field that is hidden must not be there: a required one would keep the form from being sent, unseen.
    const edits = action.value === "edit";
    replace(after.lastElementChild, edits && labelInput("after", field.value, taxonomy));
    after.hidden = !edits;
    replace(shown);
    run.disabled = true;
  };
  const form = h("form", { class: "form", on: { submit: (/** @type {Event} */ event) => { event.preventDefault(); preview().catch(complain); } } },
    h("p", { class: "muted" }, t("bulk.how")),
    h("div", { class: "pair" }, h("label", { class: "field" }, h("span", {}, t("bulk.action")), action), h("label", { class: "field" }, h("span", {}, t("bulk.field")), field)),
    h("label", { class: "field" }, h("span", {}, t("bulk.label")), target), after,
    h("label", { class: "field" }, h("span", {}, t("edit.comment")), h("input", { name: "comment", maxlength: "2000" })),
    h("button", { class: "button", type: "submit" }, t("bulk.preview")), shown);
  const request = () => {
    const values = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)));
    return { field: values.field, target: values.target, action: values.action, where, comment: values.comment || null, after: values.action === "edit" ? labelOf(values.field, values.after, taxonomy) : null };
  };
  const preview = async () => {
    const found = await post("/v1/review/bulk/preview", request());
    const { cards } = found.sample.length ? await get("/console/data/cards", { id: found.sample }) : { cards: [] };
    replace(shown, h("p", { class: "note" }, t("bulk.touches", { n: number(found.count) })), h("div", { class: "strip" }, cards.map((/** @type {any} */ card) => tile(card))));
    run.disabled = found.count === 0;
  };
  const key = crypto.randomUUID();
  const run = h("button", { type: "button", class: "button primary", disabled: true, on: { click: async () => {
    run.disabled = true;
    try {
      const { bulk } = await post("/v1/review/bulk", { ...request(), key });
      dialog.close();
      toast(t("bulk.did", { n: number(bulk.decisions) }), { action: t("review.undo"), act: () => undoBulk(bulk.id, done) });
      done();
    } catch (error) { run.disabled = false; complain(error); }
  } } }, t("bulk.run"));
  const dialog = openDialog(t("bulk.title"), form, [h("button", { type: "button", class: "button", on: { click: () => dialog.close() } }, t("dialog.cancel")), run]);
  form.addEventListener("input", () => { run.disabled = true; });
  field.addEventListener("change", draw);
  action.addEventListener("change", draw);
  draw();
}

/** @param {number} id @param {() => void} done */
async function undoBulk(id, done) {
  try {
    const { bulk } = await post(`/v1/review/bulk/${id}/undo`);
    toast(t("bulk.undone", { n: number(bulk.decisions) }));
    done();
  } catch (error) { complain(error); }
}

/** Past bulk actions, each with its undo. @param {() => void} done */
export async function showBulks(done) {
  const { bulks } = await get("/v1/review/bulk");
  const dialog = openDialog(t("bulk.past"), bulks.length ? h("ul", { class: "history" }, bulks.map((/** @type {any} */ bulk) => h("li", {},
    h("span", {}, h("b", {}, t(`history.${bulk.request.action}`)), " ", h("span", { class: "muted" }, t(`field.${bulk.request.field}`)), " ", bulk.request.target, " · ", t("bulk.videos", { n: bulk.decisions })),
    bulk.undone_at ? h("span", { class: "chip" }, t("history.undone")) : h("button", { type: "button", class: "icon-button", "aria-label": t("history.undo-of", { what: bulk.request.target }), on: { click: () => { dialog.close(); undoBulk(bulk.id, done); } } }, icon("undo")),
    h("span", { class: "small muted" }, bulk.account, " · ", when(bulk.at))))) : h("p", { class: "muted" }, t("bulk.none")));
}

/** @param {string} kind @param {any} taxonomy */
const entriesOf = (kind, taxonomy) => ({ topic: taxonomy.topics.filter((/** @type {any} */ one) => one.parent), mood: taxonomy.moods, occasion: taxonomy.occasions })[kind];

/** @param {string} name @param {string} kind @param {any} taxonomy */
function labelInput(name, kind, taxonomy) {
  const entries = entriesOf(kind, taxonomy);
  if (!entries) return h("input", { name, required: true, maxlength: "200", autocomplete: "off", placeholder: t("bulk.tag") });
  return h("select", { name }, entries.map((/** @type {any} */ one) => h("option", { value: one.slug }, page.language === "zh" ? `${one.zh} ${one.en}` : `${one.en} ${one.zh}`)));
}

/** @param {string} kind @param {string} value @param {any} taxonomy */
function labelOf(kind, value, taxonomy) {
  const entry = entriesOf(kind, taxonomy)?.find((/** @type {any} */ one) => one.slug === value);
  return { label: entry?.en ?? value, label_zh: entry?.zh ?? value, slug: entry?.slug ?? null, confidence: 1, evidence: [], source: "editor" };
}
