/** The videos that come next, fetched before they are asked for, so that going on takes no time. */

import { get } from "../core/api.js";
import { page } from "../core/page.js";

const AHEAD = 3;

/** @type {Map<string, Promise<any>>} */
const loading = new Map();
/** @type {string[]} */
let order = [];
/** @type {Set<string>} done on this page, whether the server knows it already or not */
const gone = new Set();

/**
 * Fetch the next few videos of the queue, their first frames too.
 * @param {string} current @param {Record<string, string>} filter @param {(id: string) => Promise<any>} load
 */
export async function preload(current, filter, load) {
  const { items } = await get("/v1/review/queue", { ...filter, limit: AHEAD + 5 });
  order = items
    .filter((/** @type {any} */ item) => item.video_id !== current && !gone.has(item.video_id) && !item.finished_by.includes(page.account) && item.claimed_by.every((/** @type {string} */ who) => who === page.account))
    .map((/** @type {any} */ item) => item.video_id)
    .slice(0, AHEAD);
  for (const id of loading.keys()) if (!order.includes(id)) loading.delete(id);
  for (const id of order) {
    if (loading.has(id)) continue;
    const found = load(id);
    found.catch(() => loading.delete(id));
    loading.set(id, found);
    new Image().src = `/v1/videos/${id}/poster`;
    new Image().src = `/v1/videos/${id}/sprite`;
  }
}

/** A video, from what was fetched ahead if it is there. @param {string} id @param {(id: string) => Promise<any>} load */
export async function taken(id, load) {
  const found = loading.get(id);
  loading.delete(id);
  order = order.filter((one) => one !== id);
  return found ?? load(id);
}

/** A video is done: it does not come again. @param {string} id */
export function finished(id) {
  gone.add(id);
  order = order.filter((one) => one !== id);
}

/** The next video that was fetched ahead, null when there is none: what is left while nobody answers. */
export const ahead = () => order[0] ?? null;
