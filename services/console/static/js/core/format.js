/** Numbers and times as people read them. */

import { page, t } from "./page.js";

const locale = page.language === "zh" ? "zh-CN" : "en-GB";

/** 75.2 -> "1:15". @param {number | null | undefined} seconds */
export function clock(seconds) {
  if (seconds === null || seconds === undefined) return "";
  const whole = Math.floor(seconds + 1e-6);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** "today 14:03" in the reader's zone. @param {string} iso */
export function when(iso) {
  const at = new Date(iso);
  const today = new Date().toDateString() === at.toDateString();
  /** @type {Intl.DateTimeFormatOptions} */
  const form = today ? { hour: "2-digit", minute: "2-digit" } : { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" };
  return new Intl.DateTimeFormat(locale, form).format(at);
}

/** 0.873 -> "87 %". @param {number | null | undefined} share */
export const percent = (share) => (share === null || share === undefined ? "–" : `${Math.round(share * 100)}%`);

/** @param {number} value @param {number} [digits] */
export const number = (value, digits = 0) => new Intl.NumberFormat(locale, { maximumFractionDigits: digits }).format(value);

/** 2.345 -> "2.3 s". @param {number} seconds */
export const seconds = (seconds) => t("unit.seconds", { n: number(seconds, seconds < 10 ? 1 : 0) });

/** @param {string | null | undefined} code */
export function languageName(code) {
  if (!code) return "";
  try {
    return new Intl.DisplayNames([locale], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}

/**
 * Confidence in words. Calibrated, so that it says how often editors accepted such labels.
 * @param {number} value @returns {{words: string, level: "high" | "middle" | "low"}}
 */
export function sureness(value) {
  const level = value >= 0.7 ? "high" : value >= 0.4 ? "middle" : "low";
  return { level, words: t(`sure.${level}`, { n: Math.round(value * 10) }) };
}
