/** What changed between two texts: by word, and by character in Chinese. */

import { h } from "../core/dom.js";

const PIECES = /[\u3400-\u9fff]|[^\s\u3400-\u9fff]+|\s+/g;
const LONGEST = 400;

/**
 * @param {string} before @param {string} after
 * @returns {{kind: "same" | "gone" | "new", text: string}[]} pieces in order (longest common subsequence)
 */
export function diff(before, after) {
  const [a, b] = [before.match(PIECES) ?? [], after.match(PIECES) ?? []];
  if (a.length > LONGEST || b.length > LONGEST) return before === after ? [{ kind: "same", text: after }] : [{ kind: "gone", text: before }, { kind: "new", text: after }];
  const best = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) best[i][j] = a[i] === b[j] ? best[i + 1][j + 1] + 1 : Math.max(best[i + 1][j], best[i][j + 1]);
  }
  /** @type {{kind: "same" | "gone" | "new", text: string}[]} */
  const pieces = [];
  const add = (/** @type {"same" | "gone" | "new"} */ kind, /** @type {string} */ text) => {
    const last = pieces[pieces.length - 1];
    if (last?.kind === kind) last.text += text;
    else pieces.push({ kind, text });
  };
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) { add("same", a[i]); i++; j++; }
    else if (j >= b.length || (i < a.length && best[i + 1][j] >= best[i][j + 1])) add("gone", a[i++]);
    else add("new", b[j++]);
  }
  return pieces;
}

/** The change as text with <del> and <ins>. @param {string} before @param {string} after */
export function diffView(before, after) {
  return h("span", {}, diff(before, after).map((piece) => (piece.kind === "same" ? piece.text : h(piece.kind === "gone" ? "del" : "ins", {}, piece.text))));
}
