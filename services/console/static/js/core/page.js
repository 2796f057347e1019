/** What the server put into the page: language, messages, who looks, and the page's own values. */

/**
 * @typedef {{language: "en" | "zh", messages: Record<string, string>, [name: string]: any}} PageData
 */

const element = document.getElementById("page-data");

/** @type {PageData} */
export const page = JSON.parse(element?.textContent ?? "{}");

/**
 * A message in the page's language; `{name}` is filled from `values`.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export function t(key, values = {}) {
  const text = page.messages[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** Whether there is a message of this key. @param {string} key */
export const knows = (key) => key in page.messages;

/**
 * The one of two texts that is in the page's language; the other where it is empty.
 * @param {{en: string, zh: string} | null | undefined} both
 */
export function inLanguage(both) {
  if (!both) return "";
  return page.language === "zh" ? both.zh || both.en : both.en || both.zh;
}

/** Names of a label, the page's language first. @param {{label: string, label_zh: string}} label */
export function names(label) {
  const pair = page.language === "zh" ? [label.label_zh, label.label] : [label.label, label.label_zh];
  return pair[0] === pair[1] || !pair[1] ? [pair[0]] : pair;
}
