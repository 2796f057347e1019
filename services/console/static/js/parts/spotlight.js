/** What is lit: evidence of the label that is selected, or of the one under the pointer. */

/** @typedef {{light: (ids: string[]) => void}} Lit */

/**
 * @param {Lit[]} parts everything that can show where evidence is
 * @param {(id: string) => void} seek go to a line of evidence
 */
export function makeSpotlight(parts, seek) {
  /** @type {string[]} */
  let selected = [];
  const show = (/** @type {string[]} */ ids) => parts.forEach((part) => part.light(ids));
  return {
    /** Under the pointer: lit until it leaves. @param {string[]} ids */
    hover: (ids) => show(ids.length ? ids : selected),
    /** Selected: stays lit, and the player goes to the first line. @param {string[]} ids @param {boolean} [go] */
    select: (ids, go = true) => {
      selected = ids;
      show(ids);
      if (go && ids.length) seek(ids[0]);
    },
  };
}
