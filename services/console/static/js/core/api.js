/** Talking to the API: JSON in and out, errors with what to do, the CSRF token where a session needs one. */

import { page } from "./page.js";

/** An answer that is no success, or none at all (`status` 0). */
export class ApiError extends Error {
  /** @param {number} status @param {string} code @param {string} message @param {string} [remedy] */
  constructor(status, code, message, remedy = "") {
    super(message);
    this.status = status;
    this.code = code;
    this.remedy = remedy;
  }

  /** Whether the same request may succeed later: the network is away, or the server is busy. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/**
 * @param {string} path
 * @param {RequestInit & {json?: any, query?: Record<string, any>}} [options]
 * @returns {Promise<any>} the answer's JSON; null for an empty one
 */
export async function call(path, options = {}) {
  const { json, query, ...rest } = options;
  const headers = new Headers(rest.headers);
  headers.set("Accept", "application/json");
  if (json !== undefined) headers.set("Content-Type", "application/json");
  if (page.csrf && rest.method && rest.method !== "GET") headers.set("X-CSRF-Token", page.csrf);
  let response;
  try {
    response = await fetch(path + queryOf(query), {
      ...rest,
      headers,
      credentials: "same-origin",
      body: json === undefined ? rest.body : JSON.stringify(json),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", page.messages["error.offline"]);
  }
  const text = await response.text();
  const body = text ? parsed(text) : null;
  if (!response.ok) {
    const told = body?.error ?? {};
    throw new ApiError(response.status, told.code ?? "unknown", told.message ?? response.statusText, told.remedy);
  }
  return body;
}

/** @param {string} path @param {Record<string, any>} [query] */
export const get = (path, query) => call(path, { query });

/** @param {string} path @param {any} [json] @param {RequestInit} [options] */
export const post = (path, json = {}, options = {}) => call(path, { ...options, method: "POST", json });

/** @param {Record<string, any>} [query] */
function queryOf(query = {}) {
  const found = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null || value === "") continue;
    for (const one of Array.isArray(value) ? value : [value]) found.append(name, String(one));
  }
  return found.size ? `?${found}` : "";
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
