/** Keys and what they do: one keymap a page, remapped by the person, collisions refused, kept in this browser. */

import { openDialog } from "./dialog.js";
import { h, replace } from "./dom.js";
import { t } from "./page.js";

const STORE = "reelwise.keys";

/**
 * @typedef {{id: string, key: string, act: (event: KeyboardEvent) => void, fixed?: boolean, hidden?: boolean, shown?: string}} Command
 * `key` is as `KeyboardEvent.key` names it; letters are lower case, "shift+x" with shift. A `fixed` one stays; a `hidden` one is not in the overlay.
 */

/** @type {Map<string, Command>} by id */
const commands = new Map();

/** @returns {Record<string, string>} */
function chosen() {
  try {
    return JSON.parse(localStorage.getItem(STORE) ?? "{}");
  } catch {
    return {};
  }
}

/** The key of a command as it is now. @param {string} id */
export function keyOf(id) {
  const command = commands.get(id);
  return command ? (command.fixed ? command.key : (chosen()[id] ?? command.key)) : "";
}

/** Add commands to the page's keymap. @param {Command[]} added */
export function bind(added) {
  for (const command of added) commands.set(command.id, command);
}

/**
 * Give a command another key. Returns the id of the command that has the key already (and changes nothing), or null.
 * @param {string} id @param {string} key
 */
export function remap(id, key) {
  const taken = [...commands.keys()].find((other) => other !== id && keyOf(other) === key);
  if (taken) return taken;
  localStorage.setItem(STORE, JSON.stringify({ ...chosen(), [id]: key }));
  return null;
}

/** Every key as it came. */
export function resetKeys() {
  localStorage.removeItem(STORE);
}

/** The name of a pressed key. @param {KeyboardEvent} event */
export function nameOf(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  return event.shiftKey && /^([a-z]|[A-Z][A-Za-z]+)$/.test(key) ? `shift+${key}` : key;
}

/** @param {EventTarget | null} target */
function typing(target) {
  return target instanceof HTMLElement && target.matches("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const pressed = nameOf(event);
  const onControl = event.target instanceof HTMLElement && event.target.closest("button, a, summary, video");
  if (onControl && ["Enter", " "].includes(pressed)) return;
  for (const command of commands.values()) {
    if (keyOf(command.id) === pressed) {
      event.preventDefault();
      command.act(event);
      return;
    }
  }
});

/** Show a key as people know it. @param {string} key */
export function shown(key) {
  const known = { " ": t("key.space"), ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→", Enter: "⏎", Escape: "Esc" };
  return key.split("+").map((part) => (part === "shift" ? "⇧" : (known[/** @type {keyof known} */ (part)] ?? (part.length === 1 ? part.toUpperCase() : part)))).join(" ");
}

/** The overlay: all keys, each a button that takes the next key pressed. */
export function showKeys() {
  const list = h("dl", { class: "keys" });
  const notice = h("p", { class: "small muted", role: "status" }, t("keys.how"));
  const draw = () =>
    replace(list, [...commands.values()].filter((command) => !command.hidden).flatMap((command) => [
      h("dt", {}, t(`keys.${command.id}`)),
      h("dd", {}, command.fixed ? h("kbd", {}, command.shown ?? shown(command.key)) : h("button", { type: "button", "aria-label": t("keys.change", { what: t(`keys.${command.id}`), key: shown(keyOf(command.id)) }), on: { click: (/** @type {Event} */ event) => listen(command.id, /** @type {HTMLElement} */ (event.currentTarget)) } }, h("kbd", {}, shown(keyOf(command.id))))),
    ]));
  /** @param {string} id @param {HTMLElement} button */
  const listen = (id, button) => {
    replace(button, h("kbd", {}, "…"));
    notice.textContent = t("keys.press", { what: t(`keys.${id}`) });
    button.addEventListener("keydown", (event) => {
      if (["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key !== "Escape") {
        const taken = remap(id, nameOf(event));
        notice.textContent = taken ? t("keys.taken", { key: shown(nameOf(event)), what: t(`keys.${taken}`) }) : t("keys.set", { key: shown(nameOf(event)), what: t(`keys.${id}`) });
      } else notice.textContent = t("keys.how");
      draw();
      const again = [...list.querySelectorAll("dt")].findIndex((term) => term.textContent === t(`keys.${id}`));
      /** @type {HTMLElement | undefined} */ (list.querySelectorAll("dd")[again]?.querySelector("button"))?.focus();
    }, { once: true });
  };
  draw();
  const reset = h("button", { type: "button", class: "button", on: { click: () => { resetKeys(); draw(); notice.textContent = t("keys.how"); } } }, t("keys.reset"));
  const dialog = openDialog(t("keys.title"), [notice, list], [reset, h("button", { type: "button", class: "button primary", on: { click: () => dialog.close() } }, t("dialog.close"))]);
}
