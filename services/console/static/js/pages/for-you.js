/** For you: a viewer, a mood or a wish, a feed that says why, and a profile that changes with every like and skip. */

import { get, post } from "../core/api.js";
import { $, h, icon, replace } from "../core/dom.js";
import { clock } from "../core/format.js";
import { inLanguage, page, t } from "../core/page.js";
import { complain, toast } from "../core/toast.js";
import { cover, titleOf } from "../parts/card.js";
import { showProfile } from "../parts/profile.js";
import { whyThis } from "../parts/why.js";

const VIEWERS = "reelwise.viewers";
const PICKS = 12;
const form = /** @type {HTMLFormElement} */ ($("wish"));
let asked = 0;

/** @returns {string[]} viewers that this browser tried */
function viewers() {
  try {
    return JSON.parse(localStorage.getItem(VIEWERS) ?? "[]");
  } catch {
    return [];
  }
}

/** @param {string} user */
function keepViewer(user) {
  const all = [user, ...viewers().filter((one) => one !== user)].slice(0, 12);
  localStorage.setItem(VIEWERS, JSON.stringify(all));
  replace($("viewers"), all.map((one) => h("option", { value: one })));
}

async function show() {
  const mine = ++asked;
  const wanted = /** @type {Record<string, string>} */ (Object.fromEntries([...new FormData(form)]));
  if (!wanted.user.trim()) return;
  keepViewer(wanted.user);
  history.replaceState(null, "", `?${new URLSearchParams(Object.entries(wanted).filter(([, value]) => value))}`);
  try {
    const feed = await get("/v1/recommendations", { user: wanted.user, mood: wanted.mood, occasion: wanted.occasion, hour: wanted.hour, wish: wanted.wish.trim(), limit: PICKS });
    if (mine !== asked) return;
    await Promise.all([draw(feed, wanted), showProfile($("profile"), wanted.user, show)]);
  } catch (error) {
    complain(error);
  }
}

/** What the feed rests on, in words. @param {any} feed */
function noteOf(feed) {
  const grounds = feed.grounds.filter((/** @type {string} */ one) => one !== "content").map((/** @type {string} */ one) => t(`grounds.${one}`));
  const cold = feed.grounds.includes("events") ? "" : t("foryou.cold");
  return [grounds.length ? t("foryou.basis", { basis: grounds.join(page.language === "zh" ? "、" : ", ") }) : "", cold, feed.fallback].filter(Boolean).join(" ");
}

/** @param {any} feed @param {Record<string, string>} wanted */
async function draw(feed, wanted) {
  const ids = feed.items.map((/** @type {any} */ item) => item.video_id);
  const { cards } = ids.length ? await get("/console/data/cards", { id: ids }) : { cards: [] };
  const known = new Map(cards.map((/** @type {any} */ card) => [card.id, card]));
  $("feed-note").textContent = noteOf(feed);
  replace($("feed"), feed.items.filter((/** @type {any} */ item) => known.has(item.video_id)).map((/** @type {any} */ item, /** @type {number} */ place) => pick(item, known.get(item.video_id), { feed, place, wanted })));
  if (!feed.items.length) replace($("feed"), h("li", { class: "empty" }, icon("spark"), h("p", {}, t("foryou.none"))));
}

/** @param {any} item @param {any} card @param {{feed: any, place: number, wanted: Record<string, string>}} shown */
function pick(item, card, { feed, place, wanted }) {
  const name = titleOf(card);
  const report = (/** @type {string} */ kind) => async () => {
    try {
      const event = { id: crypto.randomUUID(), user: wanted.user, video: card.id, kind, at: new Date().toISOString(), request_id: feed.request_id, position: place };
      await post("/v1/events", [kind === "play" ? { ...event, watch_ratio: 1 } : event]);
      toast(t(`foryou.did.${kind}`, { title: name }));
      await show();
    } catch (error) {
      complain(error);
    }
  };
  const button = (/** @type {string} */ kind, /** @type {string} */ picture) =>
    h("button", { type: "button", class: "button", "aria-label": t(`foryou.${kind}.of`, { title: name }), on: { click: report(kind) } }, icon(picture), t(`foryou.${kind}`));
  return h("li", { class: "pick", data: { id: card.id } },
    cover(card),
    h("div", {},
      h("h3", {}, h("a", { href: `/console/videos/${card.id}` }, name)),
      h("p", { class: "small muted" }, [card.creator, clock(card.duration_s)].filter(Boolean).join(" · ")),
      h("ul", { class: "reasons" }, item.reasons.map((/** @type {any} */ reason) => h("li", {}, inLanguage(reason.text)))),
      h("div", { class: "acts" }, button("like", "heart"), button("play", "check"), button("skip", "skip"),
        h("button", { type: "button", class: "button quiet", "aria-label": t("foryou.why.of", { title: name }), on: { click: () => whyThis(item, name, feed) } }, icon("why"), t("foryou.why")))));
}

async function fill() {
  const taxonomy = await get("/v1/taxonomy");
  const name = (/** @type {any} */ entry) => (page.language === "zh" ? entry.zh : entry.en);
  $("occasion").append(...taxonomy.occasions.map((/** @type {any} */ entry) => h("option", { value: entry.slug }, name(entry))));
  const radio = (/** @type {string} */ value, /** @type {string} */ text) =>
    h("label", {}, h("input", { type: "radio", name: "mood", value, checked: value === "" }), h("span", {}, text));
  $("moods").append(radio("", t("foryou.any")), ...taxonomy.moods.map((/** @type {any} */ mood) => radio(mood.slug, name(mood))));
}

form.addEventListener("submit", (event) => { event.preventDefault(); show(); });
form.addEventListener("change", show);
await fill().catch(complain);
for (const [name, value] of new URLSearchParams(location.search)) {
  const field = /** @type {any} */ (form.elements.namedItem(name));
  if (field) field.value = value;
}
if (!$("viewer").value) $("viewer").value = viewers()[0] ?? t("foryou.first-viewer");
keepViewer($("viewer").value);
await show();
