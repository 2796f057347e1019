/** Everything said and written, in the order of time; the line that is heard now is marked and kept in view. */

import { h, replace } from "../core/dom.js";
import { clock } from "../core/format.js";
import { t } from "../core/page.js";

/** @typedef {import("./timeline.js").Evidence} Evidence */

/**
 * @param {HTMLElement} root
 * @param {Evidence[]} evidence
 * @param {import("./player.js").Player} player
 * @param {{actions?: (line: Evidence) => any, was?: (line: Evidence) => string | null}} [more] what stands behind a line,
 *   and what a corrected line was before
 * @returns {{light: (ids: string[]) => void}}
 */
export function mountTranscript(root, evidence, player, more = {}) {
  const lines = [...evidence].sort((one, other) => one.start - other.start || one.id.localeCompare(other.id));
  const rows = lines.map((line) =>
    h("div", { class: `line K-${line.kind}`, data: { evidence: line.id } },
      h("button", { type: "button", class: "go", "aria-label": t("words.go", { at: clock(line.start), text: line.text }), on: { click: () => player.seek(line.start) } }, clock(line.start)),
      h("span", { class: "kind", title: t(`kind.${line.kind}`) }, line.id),
      h("span", { class: "says" }, line.text, more.was?.(line) && h("span", { class: "was" }, more.was(line))),
      more.actions?.(line)));
  replace(root, rows.length ? rows : h("p", { class: "muted" }, t("words.none")));
  let current = -1;
  player.onTime((at) => {
    const now = lines.findLastIndex((line) => ["S", "C"].includes(line.kind) && line.start <= at + 0.05 && at < line.end);
    if (now === current) return;
    rows[current]?.classList.remove("now");
    current = now;
    if (now < 0) return;
    rows[now].classList.add("now");
    scrollInside(root, rows[now]);
  });
  return {
    light: (ids) => {
      for (const [number, line] of lines.entries()) rows[number].classList.toggle("lit", ids.includes(line.id));
      const first = rows[lines.findIndex((line) => ids.includes(line.id))];
      if (first) scrollInside(root, first);
    },
  };
}

/** Scroll the box, never the page. @param {HTMLElement} box @param {HTMLElement} row */
function scrollInside(box, row) {
  const [outer, inner] = [box.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
}
