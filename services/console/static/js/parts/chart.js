/** Small charts in SVG: bars for shares and contributions, columns over time. */

import { h, s } from "../core/dom.js";

/**
 * Horizontal bars, each with its name and its number in words: a list to those who can't see it.
 * @param {{name: string, value: number, shown: string}[]} rows @param {number} [most] the value of a full bar
 */
export function bars(rows, most = Math.max(...rows.map((row) => Math.abs(row.value)), 1e-9)) {
  return h("dl", { class: "bars" }, rows.map((row) =>
    h("div", {},
      h("dt", { title: row.name }, row.name),
      h("dd", {}, s("svg", { class: "chart", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true", height: 10 },
        s("rect", { class: "axis", x: 0, y: 0, width: 100, height: 8, rx: 2, fill: "none" }),
        s("rect", { class: row.value < 0 ? "bar-bad" : "bar-fill", x: 0, y: 0, width: Math.min(100, (Math.abs(row.value) / most) * 100), height: 8, rx: 1 }))),
      h("dd", { class: "num" }, row.shown))));
}

/**
 * Columns over time. `bad` is drawn on top of `value`.
 * @param {{name: string, value: number, bad?: number}[]} columns @param {string} label what a reader hears
 */
export function columns(columns, label) {
  const [width, height, foot] = [640, 150, 18];
  const most = Math.max(1, ...columns.map((one) => one.value + (one.bad ?? 0)));
  const step = width / Math.max(1, columns.length);
  const y = (/** @type {number} */ value) => ((height - foot - 14) * value) / most;
  return s("svg", { class: "chart", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label },
    s("line", { class: "axis", x1: 0, x2: width, y1: height - foot, y2: height - foot }),
    s("text", { x: 0, y: 10 }, String(most)),
    columns.map((one, number) => [
      s("rect", { class: "bar-fill", x: number * step + 2, width: step - 4, y: height - foot - y(one.value), height: y(one.value), rx: 2 }, s("title", {}, `${one.name}: ${one.value}`)),
      one.bad ? s("rect", { class: "bar-bad", x: number * step + 2, width: step - 4, y: height - foot - y(one.value) - y(one.bad), height: y(one.bad), rx: 2 }) : null,
      number % 4 === 0 ? s("text", { x: number * step + 2, y: height - 4 }, one.name) : null,
    ]));
}
