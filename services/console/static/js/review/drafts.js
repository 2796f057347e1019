/** What was typed and not sent yet, kept in this browser: it survives a reload, a crash and a lost connection. */

const PREFIX = "reelwise.draft.";

/** @typedef {Record<string, string>} Texts the editor's inputs by name */

/** @param {string} video @param {string} item */
const key = (video, item) => `${PREFIX}${video}.${item}`;

/** @param {string} video @param {string} item @param {Texts} texts */
export function keepDraft(video, item, texts) {
  localStorage.setItem(key(video, item), JSON.stringify(texts));
}

/** @param {string} video @param {string} item @returns {Texts | null} */
export function draftOf(video, item) {
  const kept = localStorage.getItem(key(video, item));
  return kept ? JSON.parse(kept) : null;
}

/** @param {string} video @param {string} item */
export function dropDraft(video, item) {
  localStorage.removeItem(key(video, item));
}

/** Items of a video that have drafts. @param {string} video @returns {string[]} */
export function draftedItems(video) {
  const start = key(video, "");
  return Object.keys(localStorage).filter((one) => one.startsWith(start)).map((one) => one.slice(start.length));
}
