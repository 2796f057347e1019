/** The review of one video: items, decisions and their keys. One object a video; `close` lets it go. */

import { call, get, post } from "../core/api.js";
import { h, icon, replace } from "../core/dom.js";
import { keyOf, shown } from "../core/keys.js";
import { page, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";
import { soundWords } from "../parts/facts.js";
import { reviewBar } from "./bar.js";
import { draftedItems } from "./drafts.js";
import { editorForm } from "./editor.js";
import { historyPanel } from "./history.js";
import { LABELS, LINES, SENTENCES, decided, idOf, withPending } from "./model.js";
import { flush, onChange, onSaved, pending, send, settled, withdraw } from "./outbox.js";
import { makeRedescribe } from "./redescribe.js";
import { labelItem, lineActions, safetyItem, sentenceItem } from "./rows.js";
import { bindReviewKeys } from "./shortcuts.js";
import { ahead, finished, preload, taken } from "./upcoming.js";

/** @typedef {import("./model.js").Item} Item */
/**
 * @typedef {{video: string, state: string, reviewed: any, spotlight: any, drawWords: (lines: any[], more: any) => void,
 *   facts: HTMLElement, load: (id: string) => Promise<any>, open: (video: any) => void}} Setup
 */

const NO_FORM = /** @type {{id: string, element: HTMLElement} | null} */ (null);
/** @type {any} */
let taxonomy = null;
/** @type {Review | null} */
let shownNow = null;

/** The queue's filter that the editor came with; "next" stays within it. */
const filter = Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => ["language", "topic", "creator", "model", "since", "until", "signal"].includes(name)));

export class Review {
  /** @param {Setup} setup */
  constructor(setup) {
    this.setup = setup;
    this.view = setup.reviewed;
    this.form = NO_FORM;
    /** @type {string | null} */
    this.current = null;
    this.evidence = new Map(this.view.document.evidence.map((/** @type {any} */ line) => [line.id, line]));
    this.stops = [onChange(() => this.draw()), onSaved((video, answer) => this.saved(video, answer))];
    shownNow = this;
    this.redescribe = makeRedescribe(setup.video, { state: setup.state, here: () => shownNow === this, ready: () => this.again() });
    this.start().catch(complain);
  }

  async start() {
    taxonomy ??= await get("/v1/taxonomy");
    const list = this.listed();
    this.current = idOf(list.find((item) => item.state === "machine") ?? list[0] ?? { field: "", target: "" });
    this.draw();
    const kept = draftedItems(this.setup.video).find((one) => one.includes(":"));
    if (kept) toast(t("review.drafts"), { action: t("review.drafts-open"), act: () => this.reopen(kept) });
    flush();
    post(`/v1/review/videos/${this.setup.video}/claim`).catch((error) => { if (error.code === "claimed") toast(error.message, { bad: true }); });
    preload(this.setup.video, filter, this.setup.load).catch(() => {});
  }

  /** Show the video as it is now; whoever is typing says when. */
  async again() {
    if (this.form) return toast(t("redescribe.done"), { action: t("redescribe.show"), act: () => { this.form = null; this.again(); } });
    try {
      const video = await this.setup.load(this.setup.video);
      if (shownNow === this) this.setup.open(video);
    } catch (error) { complain(error); }
    return undefined;
  }

  close() {
    this.stops.forEach((stop) => stop());
  }

  /** Whoever only looked does not keep others away. */
  release() {
    const own = [...this.view.history, ...pending(this.setup.video)].some((one) => one.account === page.account);
    if (!own) call(`/v1/review/videos/${this.setup.video}/claim`, { method: "DELETE", keepalive: true }).catch(() => {});
  }

  /** @returns {Item[]} */
  get items() {
    return withPending(this.view.items, pending(this.setup.video));
  }

  /** The items in the order of the page, without lines. */
  listed() {
    const order = [...SENTENCES, ...LABELS, "safety"];
    const all = this.items.filter((item) => order.includes(item.field));
    return all.sort((one, other) => order.indexOf(one.field) - order.indexOf(other.field));
  }

  /** @param {string} video @param {any} answer */
  saved(video, answer) {
    if (video !== this.setup.video || !answer.view) return;
    this.view = answer.view;
    this.evidence = new Map(this.view.document.evidence.map((/** @type {any} */ line) => [line.id, line]));
    this.draw();
  }

  draw() {
    if (shownNow !== this) return;
    const { facts } = this.setup;
    const focus = document.activeElement instanceof HTMLElement && facts.contains(document.activeElement) ? document.activeElement : null;
    const mark = focus && !this.form?.element.contains(focus) ? marker(focus) : null;
    const inForm = focus && this.form?.element.contains(focus) ? focus : null;
    const list = this.listed();
    this.redescribe.draw(this.view.redescribe);
    const setting = (/** @type {Item} */ item) => ({ evidence: this.evidence, spotlight: this.setup.spotlight, act: this.act, current: this.current, form: this.form?.id === idOf(item) ? this.form.element : null });
    const tags = list.filter((item) => item.field === "tag");
    const panels = [
      reviewBar({ decided: list.filter(decided).length, all: list.length, blind: this.view.blind, done: Boolean(this.view.queue?.finished_by.includes(page.account)) }, { acceptAll: this.acceptAll, undo: this.undoLast, next: this.next, previous: () => history.back() }),
      this.queueWhy(),
      this.redescribe.element,
      h("section", { class: "panel" }, list.filter((item) => SENTENCES.includes(item.field)).map((item) => sentenceItem(item, setting(item)))),
      ...LABELS.map((field) => this.labelPanel(field, list.filter((item) => item.field === field), tags, setting)),
      list.some((item) => item.field === "safety") && h("section", { class: "panel" }, h("h2", {}, t("fields.safety")), h("ul", { class: "labels" }, list.filter((item) => item.field === "safety").map((item) => safetyItem(item, setting(item))))),
      this.view.document.sound && h("section", { class: "panel" }, h("h2", {}, t("kind.A")), h("p", {}, soundWords(this.view.document.sound))),
      historyPanel(this.view.history, (id) => this.undo(id)),
    ];
    replace(facts, panels);
    this.drawLines();
    if (inForm) inForm.focus();
    else if (mark) /** @type {HTMLElement | null} */ (facts.querySelector(mark))?.focus();
  }

  queueWhy() {
    const why = this.view.queue?.why ?? [];
    return why.length ? h("p", { class: "note small" }, h("b", {}, t("review.why-here")), " ", why.map((/** @type {any} */ one) => (page.language === "zh" ? one.zh : one.en)).join(" ")) : null;
  }

  /** @param {string} field @param {Item[]} items @param {Item[]} tags @param {(item: Item) => any} setting */
  labelPanel(field, items, tags, setting) {
    const adding = this.form?.id === `add:${field}:` ? this.form.element : null;
    const add = h("button", { type: "button", class: "button quiet", on: { click: () => this.add(field) } }, icon("plus"), t(`review.add.${field}`), field === "tag" && h("kbd", { "aria-hidden": "true" }, shown(keyOf("add-tag"))));
    const digit = (/** @type {Item} */ item) => { const place = tags.indexOf(item); return place >= 0 && place < 9 ? String(place + 1) : ""; };
    return h("section", { class: "panel" }, h("div", { class: "panel-head" }, h("h2", {}, t(`fields.${field}`)), add),
      h("ul", { class: "labels" }, items.map((item) => labelItem(item, digit(item), setting(item)))), adding);
  }

  drawLines() {
    const lines = new Map(this.items.filter((item) => LINES.includes(item.field)).map((item) => [item.target, item]));
    const setting = { evidence: this.evidence, spotlight: this.setup.spotlight, act: this.act, current: this.current, form: null };
    const evidence = this.view.document.evidence.map((/** @type {any} */ line) => {
      const item = lines.get(line.id);
      return item?.pending && item.effective ? { ...line, text: item.effective.text } : line;
    });
    const open = this.form && LINES.includes(this.form.id.split(":")[0]) ? this.form : null;
    this.setup.drawWords(evidence, {
      actions: (/** @type {any} */ line) => {
        const item = lines.get(line.id);
        return [lineActions(item, setting), open && item && open.id === idOf(item) && h("div", { class: "sub" }, open.element)];
      },
      was: (/** @type {any} */ line) => { const item = lines.get(line.id); return item?.state === "edited" ? item.machine?.text : null; },
    });
  }

  /** @param {string} action @param {Item} item */
  act = (action, item) => {
    this.current = LINES.includes(item.field) ? this.current : idOf(item);
    if (action === "edit" || action === "comment") return this.openForm(item, { commenting: action === "comment" });
    if (action === "undo") return this.takeBack(item);
    this.decide(item, action);
    return undefined;
  };

  /** @param {Item} item @param {string} action @param {{after?: any, comment?: string | null}} [more] */
  decide(item, action, more = {}) {
    send(this.setup.video, { field: item.field, target: item.target, action, version: item.version, after: more.after ?? null, comment: more.comment ?? null });
  }

  /** @param {Item} item */
  takeBack(item) {
    if (item.pending && item.key && withdraw(item.key)) return;
    if (item.decision_id) this.undo(item.decision_id);
    else toast(t("review.nothing-to-undo"));
  }

  /** @param {number} id */
  undo(id) {
    send(this.setup.video, { action: "undo", undoes: id });
  }

  undoLast = () => {
    const unsent = pending(this.setup.video);
    const latest = unsent.findLast((entry) => !["undo", "done"].includes(entry.draft.action));
    if (latest && withdraw(latest.draft.key)) return;
    const undone = new Set([...this.view.history, ...unsent.map((entry) => entry.draft)].filter((one) => one.action === "undo").map((one) => one.undoes));
    const last = this.view.history.findLast((/** @type {any} */ one) => one.account === page.account && one.action !== "undo" && !undone.has(one.id));
    if (last) this.undo(last.id);
    else toast(t("review.nothing-to-undo"));
  };

  acceptAll = () => {
    for (const item of this.listed().filter((one) => one.state === "machine" && one.effective)) this.decide(item, "accept");
  };

  /** @param {Item} item @param {{adding?: boolean, commenting?: boolean}} [options] */
  openForm(item, options = {}) {
    const id = options.adding ? `add:${idOf(item)}` : idOf(item);
    const element = editorForm(this.setup.video, {
      item, ...options, taxonomy,
      save: (after, comment, action) => this.decide({ ...item, target: options.adding ? targetOf(item.field, after) : item.target, version: options.adding ? /** @type {any} */ (null) : item.version }, action, { after, comment }),
      close: () => { this.form = null; this.draw(); focusItem(this.setup.facts, this.current); },
    });
    this.form = { id, element };
    this.draw();
    /** @type {HTMLElement | null} */ (element.querySelector(options.commenting ? "[name=comment]" : "input, textarea, select"))?.focus();
  }

  /** @param {string} field */
  add(field) {
    this.openForm(/** @type {any} */ ({ field, target: "", state: "machine", machine: null, effective: null, version: 0 }), { adding: true });
  }

  /** Open the form that a draft belongs to. @param {string} name */
  reopen(name) {
    const [kind, rest] = name.startsWith("add:") ? ["add", name.slice(4)] : name.startsWith("comment:") ? ["comment", name.slice(8)] : ["edit", name];
    if (kind === "add") return this.add(rest.split(":")[0]);
    const item = this.items.find((one) => idOf(one) === rest);
    if (item) this.openForm(item, { commenting: kind === "comment" });
    return undefined;
  }

  /** @param {number} by */
  move(by) {
    const list = this.listed();
    const place = list.findIndex((item) => idOf(item) === this.current);
    this.go(list[Math.max(0, Math.min(list.length - 1, place + by))]);
  }

  /** @param {Item | undefined} item */
  go(item) {
    if (!item) return;
    this.current = idOf(item);
    this.draw();
    this.setup.facts.querySelector(".label-row.current")?.scrollIntoView({ block: "nearest" });
    const said = item.effective ?? item.machine;
    if (said?.evidence) this.setup.spotlight.select(said.evidence);
  }

  /** Decide about the current item and go to the next that waits. @param {string} action */
  decideCurrent(action) {
    const list = this.listed();
    const place = list.findIndex((item) => idOf(item) === this.current);
    if (place < 0) return;
    this.act(action, list[place]);
    if (action !== "accept" && action !== "reject") return;
    const rest = [...list.slice(place + 1), ...list.slice(0, place)];
    this.go(rest.find((item) => item.state === "machine") ?? list[place]);
  }

  /** The nth tag: accept it, or with shift reject it. @param {number} n @param {string} action */
  decideTag(n, action) {
    const tag = this.listed().filter((item) => item.field === "tag")[n - 1];
    if (!tag) return;
    this.act(action, tag);
    this.go(tag);
  }

  next = async () => {
    finished(this.setup.video);
    if (!this.view.queue?.finished_by.includes(page.account)) send(this.setup.video, { action: "done" });
    const id = await this.nextId();
    if (!id) {
      toast(t("review.none-left"), { action: t("nav.queue"), act: () => location.assign("/console/queue") });
      return;
    }
    try {
      const video = await taken(id, this.setup.load);
      this.close();
      history.pushState({ id }, "", `/console/videos/${id}?${new URLSearchParams(filter)}`);
      this.setup.open(video);
      window.scrollTo(0, 0);
    } catch (error) {
      complain(error);
    }
  };

  /** What the server hands out next; while it does not answer, what was fetched ahead. */
  async nextId() {
    try {
      await settled(this.setup.video);
      const { item } = await post(`/v1/review/next?${new URLSearchParams(filter)}`);
      return item && item.video_id !== this.setup.video ? item.video_id : null;
    } catch {
      return ahead();
    }
  }
}

/** The target that the server will give an added label. @param {string} field @param {any} after */
const targetOf = (field, after) => (field === "tag" ? after.label.toLowerCase() : after.slug);

/** A selector that finds the same control after a redraw. @param {HTMLElement} element */
function marker(element) {
  const row = element.closest("[data-item]");
  if (element.id) return `#${element.id}`;
  const label = element.getAttribute("aria-label");
  return row && label ? `[data-item="${CSS.escape(/** @type {HTMLElement} */ (row).dataset.item ?? "")}"] [aria-label="${CSS.escape(label)}"]` : null;
}

/** @param {HTMLElement} facts @param {string | null} id */
function focusItem(facts, id) {
  if (id) /** @type {HTMLElement | null} */ (facts.querySelector(`[data-item="${CSS.escape(id)}"] button`))?.focus();
}

if (page.editor) {
  window.addEventListener("pagehide", () => shownNow?.release());
  bindReviewKeys(() => shownNow);
}
