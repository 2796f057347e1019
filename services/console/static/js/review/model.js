/** What an item says, with the decisions that are still on their way laid over it. */

/**
 * @typedef {{field: string, target: string, state: string, machine: any, effective: any, previous: any, version: number,
 *   decision_id: number | null, account: string | null, at: string | null, comment: string | null,
 *   confidence: number | null, orphaned: boolean, pending?: boolean, key?: string}} Item
 * @typedef {import("./outbox.js").Entry} Entry
 */

export const LABELS = ["tag", "topic", "mood", "occasion"];
export const SENTENCES = ["summary", "why"];
export const LINES = ["speech", "screen"];

/** One string for an item. @param {{field: string, target: string}} item */
export const idOf = (item) => `${item.field}:${item.target}`;

/** Whether an editor has said something about it. @param {Item} item */
export const decided = (item) => ["accepted", "rejected", "edited", "added"].includes(item.state);

const STATE = /** @type {Record<string, string>} */ ({ accept: "accepted", reject: "rejected", edit: "edited", add: "added" });

/**
 * The items as they will be once everything is saved.
 * @param {Item[]} items @param {Entry[]} entries
 * @returns {Item[]}
 */
export function withPending(items, entries) {
  const found = items.map((item) => ({ ...item }));
  for (const { draft } of entries) {
    const { field = "", target = "", action } = draft;
    let item = draft.undoes
      ? found.find((one) => one.decision_id === draft.undoes)
      : found.find((one) => one.field === field && one.target === target);
    if (!item && action === "add") {
      item = /** @type {Item} */ ({ field, target, state: "added", machine: null, effective: draft.after, previous: null, version: 0, decision_id: null, account: null, at: null, comment: null, confidence: null, orphaned: false });
      found.push(item);
    }
    if (!item) continue;
    item.pending = true;
    item.key = draft.key;
    if (action === "undo") {
      item.state = item.machine ? "machine" : "rejected";
      item.effective = item.previous ?? item.machine;
    } else {
      item.state = STATE[action];
      if (action === "edit" || action === "add") item.effective = draft.after;
      if (draft.comment) item.comment = draft.comment;
    }
  }
  return found;
}
