// What a field of an item becomes on a page: text, attribute, class, condition (edge/PAGE.md). Pure rules without DOM or
// bytes, so that the worker, which writes HTML, and the SDK, which writes the DOM, cannot disagree.

/** An item's body in the page's locale, with id, type, matchReason and confidence laid over it. */
export type Fields = Readonly<Record<string, unknown>>;

/** `name` is an attribute or a class, as the template writes it. */
export interface FieldRule {
  name: string;
  field: string;
}

/** Elements that run, style or load for the whole page: never filled, whatever the template says. */
const UNFILLED =
  /^(?:base|embed|iframe|link|meta|noembed|noframes|noscript|object|plaintext|script|style|template|xmp)$/;
const ATTRIBUTE_NAME = /^[a-z_][a-z0-9_.:-]*$/;
const FORBIDDEN_ATTRIBUTE = /^(?:on|data-fl-|style$|srcdoc$)/;
const URL_ATTRIBUTE =
  /^(?:action|background|cite|data|formaction|href|longdesc|manifest|ping|poster|src|xlink:href)$/;
const URL_LIST_ATTRIBUTE = /^(?:srcset|imagesrcset)$/;
const ALLOWED_SCHEME = /^(?:https?|mailto|tel)$/i;
// Browsers drop these from a URL before they look for its scheme: "java\nscript:" runs.
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
const URL_NOISE = /[\u0000-\u0020]/g;

/** Whether data-fl-* in a template may fill this element; `tag` in lower case. */
export function canFill(tag: string): boolean {
  return !UNFILLED.test(tag);
}

/** A field's text, or undefined when the field is missing. Lists are joined with ", "; objects count as missing. */
export function fieldText(fields: Fields, name: string): string | undefined {
  return Object.hasOwn(fields, name) ? textOf(fields[name]) : undefined;
}

/** Whether a field is there and neither empty nor false: data-fl-if and data-fl-class. Zero is there. */
export function fieldHolds(fields: Fields, name: string): boolean {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  return value !== false && (textOf(value) ?? '') !== '';
}

/**
 * The value of an attribute filled from a field, or undefined when the attribute is to be dropped: the field is missing
 * or false, or the attribute takes a URL and this one is not safe. True gives the empty value (`hidden`).
 */
export function attributeValue(fields: Fields, rule: FieldRule): string | undefined {
  const value = Object.hasOwn(fields, rule.field) ? fields[rule.field] : undefined;
  if (value === false) return undefined;
  if (value === true) return '';
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (URL_ATTRIBUTE.test(rule.name) && !isSafeUrl(text)) return undefined;
  if (URL_LIST_ATTRIBUTE.test(rule.name) && !text.split(',').every(isSafeUrl)) return undefined;
  return text;
}

/** Relative, http:, https:, mailto: or tel:. */
export function isSafeUrl(url: string): boolean {
  const text = url.replace(URL_NOISE, '');
  const end = text.search(/[:/?#]/);
  return end < 0 || text[end] !== ':' || ALLOWED_SCHEME.test(text.slice(0, end));
}

/** `data-fl-attr="href:url;alt:title"`. What may never be set (on*, style, srcdoc, data-fl-*) is left out. */
export function attributeRules(text: string): FieldRule[] {
  return rules(text)
    .map(({ name, field }) => ({ name: name.toLowerCase(), field }))
    .filter(({ name }) => ATTRIBUTE_NAME.test(name) && !FORBIDDEN_ATTRIBUTE.test(name));
}

/** `data-fl-class="is-highlight:highlight"`. */
export function classRules(text: string): FieldRule[] {
  return rules(text).filter(({ name }) => !/\s/.test(name));
}

/** ATTR may itself hold a colon ("xlink:href:url"): the last one divides. */
function rules(text: string): FieldRule[] {
  return text
    .split(';')
    .map((rule) => {
      const colon = rule.lastIndexOf(':');
      return {
        name: rule.slice(0, Math.max(0, colon)).trim(),
        field: rule.slice(colon + 1).trim(),
      };
    })
    .filter(({ name, field }) => name && field);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return undefined;
  return value
    .map(textOf)
    .filter((text) => text !== undefined)
    .join(', ');
}
