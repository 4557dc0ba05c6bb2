// A slot's template: its first card, compiled once into literals and holes, rendered for each item (edge/PAGE.md).
//
//     <article data-fl-if="title"><b data-fl-text="title">x</b></article>
//
// becomes  if title, tag article, literal "", tag or literal <b …>, text title, literal </b></article>, end of if.
// Text of the page between the holes is taken over as it stands; only what comes from fields is escaped.
import {
  attributeRules,
  attributeValue,
  canFill,
  classRules,
  type FieldRule,
  type Fields,
  fieldHolds,
  fieldText,
} from '../wasm/binding/fields.js';
import type { TemplateElement, Token } from './markers.js';

type Part =
  | { kind: 'literal'; text: string }
  | { kind: 'text'; field: string }
  | { kind: 'tag'; tag: StartTag }
  /** when `field` does not hold, go on at part `end` */
  | { kind: 'if'; field: string; end: number };

interface StartTag {
  name: string;
  attributes: [string, string][];
  attributeRules: FieldRule[];
  classRules: FieldRule[];
  isCard: boolean;
}

export interface Template {
  parts: Part[];
  /** whether a card's bytes depend on the confidence, and so on more than item and reason */
  usesConfidence: boolean;
  /** the card as it was, when a rendered card may have lost an element that the SDK needs for filling again */
  original: string | undefined;
}

const decoder = new TextDecoder();

/**
 * Compiles what lies between a slot's start and end tag. Undefined when there is no card, or when an element that is to
 * be filled or left out has no end tag of its own.
 */
export function compileTemplate(
  tokens: readonly Token[],
  elements: readonly TemplateElement[],
): Template | undefined {
  const first = tokens.findIndex((t) => t.kind === 'mark' && t.at === 'before');
  const start = tokens[first];
  if (start?.kind !== 'mark') return undefined;
  const card = start.index;
  const last = tokens.findIndex((t) => t.kind === 'mark' && t.at === 'after' && t.index === card);
  if (last < 0) return undefined;

  const parts: Part[] = [];
  const fields: string[] = [];
  const open: { index: number; condition: number }[] = [];
  let original = '';
  let startTagOf = -1; // the element whose start tag the coming bytes are
  let silentUntil = -1; // the element whose content a text has taken the place of

  for (const token of tokens.slice(first, last + 1)) {
    if (token.kind === 'bytes') {
      const text = decoder.decode(token.bytes);
      original += text;
      if (silentUntil >= 0) continue;
      const element = elements[startTagOf];
      if (element) parts.push(startTag(element, text, startTagOf === card, fields));
      else parts.push({ kind: 'literal', text });
      continue;
    }
    const { index, at } = token;
    const element = elements[index];
    if (!element) return undefined;
    if (silentUntil >= 0 && (at !== 'append' || index !== silentUntil)) continue;
    if (at === 'before') {
      const field = attribute(element, 'data-fl-if');
      open.push({ index, condition: field ? parts.length : -1 });
      if (field) parts.push({ kind: 'if', field, end: -1 });
      startTagOf = index;
    } else if (at === 'prepend') {
      startTagOf = -1;
      const field = attribute(element, 'data-fl-text');
      if (field && canFill(element.tag)) {
        parts.push({ kind: 'text', field });
        fields.push(field);
        silentUntil = index;
      }
    } else if (at === 'append') {
      silentUntil = -1;
    } else {
      startTagOf = -1; // a void element ends where its start tag does
      const opened = open.pop();
      if (opened?.index !== index) return undefined;
      const condition = parts[opened.condition];
      if (condition?.kind === 'if') {
        condition.end = parts.length;
        fields.push(condition.field);
      }
    }
  }
  if (open.length > 0) return undefined;
  return {
    parts,
    usesConfidence: fields.includes('confidence'),
    original: parts.some((part) => part.kind === 'if') ? original : undefined,
  };
}

/** One card as HTML. */
export function renderCard(template: Template, fields: Fields): string {
  const { parts } = template;
  let html = '';
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Part;
    if (part.kind === 'literal') html += part.text;
    else if (part.kind === 'text') html += escapeText(fieldText(fields, part.field) ?? '');
    else if (part.kind === 'tag') html += renderStartTag(part.tag, fields);
    else if (!fieldHolds(fields, part.field)) i = part.end - 1;
  }
  return html;
}

function startTag(element: TemplateElement, raw: string, isCard: boolean, fields: string[]): Part {
  const fillable = canFill(element.tag);
  const tag: StartTag = {
    name: element.tag,
    attributes: element.attributes,
    attributeRules: fillable ? attributeRules(attribute(element, 'data-fl-attr') ?? '') : [],
    classRules: fillable ? classRules(attribute(element, 'data-fl-class') ?? '') : [],
    isCard,
  };
  const rules = [...tag.attributeRules, ...tag.classRules];
  fields.push(...rules.map((rule) => rule.field));
  if (!isCard && rules.length === 0) return { kind: 'literal', text: raw };
  return { kind: 'tag', tag };
}

function renderStartTag(tag: StartTag, fields: Fields): string {
  const values = new Map(tag.attributes);
  for (const rule of tag.attributeRules) {
    const value = attributeValue(fields, rule);
    if (value === undefined) values.delete(rule.name);
    else values.set(rule.name, escapeAttribute(value));
  }
  for (const rule of tag.classRules) {
    if (!fieldHolds(fields, rule.field)) continue;
    const classes = (values.get('class') ?? '').trim();
    values.set('class', `${classes}${classes && ' '}${escapeAttribute(rule.name)}`);
  }
  if (tag.isCard) values.set('data-fl-id', escapeAttribute(fieldText(fields, 'id') ?? ''));
  let html = `<${tag.name}`;
  // A value that the page wrote between single quotes may hold double ones.
  for (const [name, value] of values) html += ` ${name}="${value.replaceAll('"', '&quot;')}"`;
  return `${html}>`;
}

function attribute(element: TemplateElement, name: string): string | undefined {
  return element.attributes.find(([key]) => key === name)?.[1].trim();
}

export function escapeText(text: string): string {
  return text.replace(/[&<>]/g, reference);
}

export function escapeAttribute(text: string): string {
  return text.replace(/[&<>"]/g, reference);
}

function reference(character: string): string {
  if (character === '&') return '&amp;';
  if (character === '<') return '&lt;';
  return character === '>' ? '&gt;' : '&quot;';
}
