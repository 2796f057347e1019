/**
 * Decisions on their way to the server. Each has a key of its own, so that sending one again saves it once; what is
 * not saved yet stays in this browser, over reloads and lost connections, and goes out in order.
 */

import { ApiError, post } from "../core/api.js";
import { page } from "../core/page.js";

/**
 * @typedef {{key: string, field?: string, target?: string, action: string, after?: any, comment?: string | null,
 *   version?: number | null, undoes?: number}} Draft `action` is "done" for the end of a video's review
 * @typedef {{video: string, account: string, draft: Draft, follows: boolean, error?: {message: string, remedy: string}}} Entry
 * `follows`: an earlier entry about the same item was on its way, so the version to name is the one that it gets.
 */

const STORE = "reelwise.outbox";
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15000;
const PATIENCE_MS = 20000;

/** @type {Set<() => void>} */
const listeners = new Set();
/** @type {Set<(video: string, answer: any) => void>} */
const savers = new Set();
/** @type {Map<string, number>} version of an item after its last saved decision */
const versions = new Map();
/** @type {string | null} key of the entry that is being sent */
let sending = null;
let busy = false;
let wait = FIRST_WAIT_MS;
let timer = 0;

/** @returns {Entry[]} */
const read = () => JSON.parse(localStorage.getItem(STORE) ?? "[]");

/** @param {Entry[]} entries */
function write(entries) {
  localStorage.setItem(STORE, JSON.stringify(entries));
  listeners.forEach((listener) => listener());
}

const mine = (/** @type {Entry} */ entry) => entry.account === page.account;
const itemOf = (/** @type {Entry} */ entry) => `${entry.video}/${entry.draft.field}/${entry.draft.target}`;

/** All of this account's unsaved decisions, of one video if it is named. @param {string} [video] */
export const pending = (video) => read().filter((entry) => mine(entry) && (!video || entry.video === video));

/** Whether the last attempt found nobody. */
export const unreachable = () => wait > FIRST_WAIT_MS;

/** Called whenever the outbox changes. @param {() => void} listener @returns {() => void} stops it */
export function onChange(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Called with the server's answer when something was saved. @param {(video: string, answer: any) => void} listener */
export function onSaved(listener) {
  savers.add(listener);
  return () => savers.delete(listener);
}

/**
 * Put a decision on its way.
 * @param {string} video @param {Omit<Draft, "key">} draft
 * @returns {string} its key
 */
export function send(video, draft) {
  const key = crypto.randomUUID();
  /** @type {Entry} */
  const entry = { video, account: page.account, draft: { ...draft, key }, follows: false };
  const entries = read();
  entry.follows = entries.some((one) => mine(one) && itemOf(one) === itemOf(entry));
  write([...entries, entry]);
  flush();
  return key;
}

/** Take back what was not sent. @param {string} key @returns {boolean} false when it is on its way or gone already */
export function withdraw(key) {
  const entries = read();
  const left = entries.filter((entry) => entry.draft.key !== key);
  if (sending === key || left.length === entries.length) return false;
  write(left);
  return true;
}

/** Send what was refused or waits once more. */
export function retryAll() {
  write(read().map(({ error: _, ...entry }) => entry));
  wait = FIRST_WAIT_MS;
  flush();
}

/** Drop what was refused. */
export function dropRefused() {
  write(read().filter((entry) => !mine(entry) || !entry.error));
}

/** Send everything that waits, oldest first. */
export async function flush() {
  if (busy || !page.account) return;
  busy = true;
  window.clearTimeout(timer);
  try {
    // One tab at a time: two that send the same entries would only tell each other so.
    await (navigator.locks ? navigator.locks.request("reelwise.outbox", sendAll) : sendAll());
  } finally {
    busy = false;
    sending = null;
  }
}

async function sendAll() {
  for (;;) {
    const entry = read().find((one) => mine(one) && !one.error);
    if (!entry) return;
    sending = entry.draft.key;
    try {
      const answer = await sendOne(entry);
      wait = FIRST_WAIT_MS;
      write(read().filter((one) => one.draft.key !== entry.draft.key));
      savers.forEach((listener) => listener(entry.video, answer));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.passing || error.status === 401) {
        wait = Math.min(LONGEST_WAIT_MS, wait * 2);
        timer = window.setTimeout(flush, wait);
        listeners.forEach((listener) => listener());
        return;
      }
      const told = { message: error.message, remedy: error.remedy };
      write(read().map((one) => (one.draft.key === entry.draft.key ? { ...one, error: told } : one)));
    }
  }
}

/** @param {Entry} entry */
async function sendOne(entry) {
  const { draft, video } = entry;
  if (draft.action === "done") return post(`/v1/review/videos/${video}/done`);
  const version = entry.follows && versions.has(itemOf(entry)) ? versions.get(itemOf(entry)) : draft.version;
  const answer = await post(`/v1/review/videos/${video}/decisions`, { decisions: [{ ...draft, version }] });
  for (const one of answer.view.items) versions.set(`${video}/${one.field}/${one.target}`, one.version);
  return answer;
}

/** Wait until what was decided about a video is saved; throws when the server is out of reach. @param {string} video */
export function settled(video) {
  return new Promise((resolve, reject) => {
    const end = (/** @type {Error | null} */ error) => { stop(); window.clearTimeout(timer); if (error) reject(error); else resolve(null); };
    const look = () => {
      if (!pending(video).some((entry) => !entry.error)) end(null);
      else if (unreachable() || !navigator.onLine) end(new Error("out of reach"));
    };
    const stop = onChange(look);
    const timer = window.setTimeout(() => end(new Error("not saved in time")), PATIENCE_MS);
    look();
  });
}

window.addEventListener("online", () => { wait = FIRST_WAIT_MS; flush(); });
window.addEventListener("storage", (event) => { if (event.key === STORE) listeners.forEach((listener) => listener()); });
