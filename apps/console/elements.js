/**
 * Elements, and words for numbers. Whatever came from a peer goes in as text, never as markup.
 */

/** @param {string} id */
export const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * An element with classes, text and children.
 * @param {string} tag Tag and classes: `span.name`.
 * @param {...(string | Node | false)} children
 */
export const make = (tag, ...children) => {
  const [name = '', ...classes] = tag.split('.');
  const element = document.createElement(name);
  element.classList.add(...classes);
  element.append(...children.filter((child) => child !== false));
  return element;
};

/**
 * Brings the children of `parent` in line with `items`, keeping the nodes of those that stay: focus and selection survive.
 * @template T
 * @param {HTMLElement} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T, old: HTMLElement | undefined) => HTMLElement} render
 */
export const reconcile = (parent, items, keyOf, render) => {
  const old = new Map(
    [...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]),
  );
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const node = render(item, /** @type {HTMLElement | undefined} */ (old.get(key)));
    node.dataset.key = key;
    old.delete(key);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
};

export const number = new Intl.NumberFormat();
const money = new Intl.NumberFormat(undefined, {
  style: 'currency',
  currency: 'USD',
  maximumSignificantDigits: 3,
});
/** @param {number} amount */
export const dollars = (amount) => money.format(amount);
export const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** @param {number} ms */
export const seconds = (ms) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

/** Minutes and seconds. @param {number} ms */
export const duration = (ms) => {
  const whole = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

/** @param {number} value @param {number} limit 0 is none. */
export const against = (value, limit) =>
  limit > 0 ? `${number.format(value)} of ${number.format(limit)}` : number.format(value);

/** One of eight colours: the same for a member as long as the conversation lasts. @param {number} index */
export const voice = (index) => `voice-${Math.max(0, index) % 8}`;
