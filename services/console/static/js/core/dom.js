/** Making and filling elements. Text is always text: nothing here parses HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. Properties: `class`, `on` (events), `style` (through the CSSOM), `data`; everything else is an attribute.
 * `false`, `null` and `undefined` leave an attribute out, `true` sets it bare.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...any} children strings, numbers, nodes or (nested) lists of them; null and false are left out
 * @returns {any}
 */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  set(element, properties);
  fill(element, children);
  return element;
}

/**
 * The same for SVG.
 * @param {string} tag
 * @param {Record<string, any>} [properties]
 * @param {...any} children
 * @returns {any}
 */
export function s(tag, properties = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  set(element, properties);
  fill(element, children);
  return element;
}

/** @param {Element & {style: CSSStyleDeclaration}} element @param {Record<string, any>} properties */
function set(element, properties) {
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") element.setAttribute("class", value);
    else if (name === "on") for (const [event, act] of Object.entries(value)) element.addEventListener(event, act);
    else if (name === "style") for (const [key, text] of Object.entries(value)) element.style.setProperty(key, String(text));
    else if (name === "data") for (const [key, text] of Object.entries(value)) element.setAttribute(`data-${key}`, String(text));
    else if (name === "value" && "value" in element) /** @type {any} */ (element).value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
}

/** @param {Element} element @param {any[]} children */
function fill(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}

/** Replace what an element holds. @param {Element} element @param {...any} children */
export function replace(element, ...children) {
  element.replaceChildren();
  fill(element, children);
}

/** The element of this id. @param {string} id @returns {any} */
export function $(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
}

const icons = new URL("../../icons.svg", import.meta.url).href;

/** An icon of `icons.svg`, for the eye only. @param {string} name */
export function icon(name) {
  return s("svg", { class: "icon", "aria-hidden": "true" }, s("use", { href: `${icons}#${name}` }));
}
