// Elements of the page. Whatever comes from visitors or models goes in as text, never as markup.

/** The element with an id. */
export const byId = (id) => document.getElementById(id);

/** An element with attributes and children; strings become text. `on`: listeners by name. */
export function element(tag, { on = {}, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? "" : value);
  }
  for (const [name, listener] of Object.entries(on)) made.addEventListener(name, listener);
  made.append(...children);
  return made;
}

/** Fill a select; `choices`: [value, words]. What was chosen stays chosen where it is still there. */
export function fill(select, choices) {
  const before = select.value;
  select.replaceChildren(...choices.map(([value, words]) => element("option", { value }, words)));
  if (choices.some(([value]) => value === before)) select.value = before;
}
