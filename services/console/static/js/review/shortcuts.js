/** The keys of a review: one each to accept, reject, edit and go on, digits for tags. */

import { bind } from "../core/keys.js";

/** @typedef {import("./review.js").Review} Review */

/**
 * Bind the keys to whatever review is on the page. @param {() => Review | null} shown
 */
export function bindReviewKeys(shown) {
  const on = (/** @type {(review: Review) => void} */ act) => () => { const review = shown(); if (review) act(review); };
  bind([
    { id: "accept", key: "a", act: on((review) => review.decideCurrent("accept")) },
    { id: "reject", key: "r", act: on((review) => review.decideCurrent("reject")) },
    { id: "edit", key: "e", act: on((review) => review.decideCurrent("edit")) },
    { id: "comment", key: "c", act: on((review) => review.decideCurrent("comment")) },
    { id: "undo", key: "u", act: on((review) => review.undoLast()) },
    { id: "down", key: "j", act: on((review) => review.move(1)) },
    { id: "up", key: "k", act: on((review) => review.move(-1)) },
    { id: "add-tag", key: "t", act: on((review) => review.add("tag")) },
    { id: "accept-all", key: "shift+a", act: on((review) => review.acceptAll()) },
    { id: "next", key: "n", act: on((review) => review.next()) },
    ...Array.from({ length: 9 }, (_, number) => ({ id: `tag-${number + 1}`, key: String(number + 1), fixed: true, hidden: number > 0, shown: "1 – 9", act: on((review) => review.decideTag(number + 1, "accept")) })),
  ]);
  document.addEventListener("keydown", (event) => {
    const digit = /^Digit([1-9])$/.exec(event.code);
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (!digit || !event.shiftKey || event.ctrlKey || event.altKey || event.metaKey || typing || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    shown()?.decideTag(Number(digit[1]), "reject");
  });
}
