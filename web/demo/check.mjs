// Checks content/ against itself and against the artwork, as origin/IMPORT.md describes it. Each fault names file and line.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const fieldsOf = {
  hero: ['title', 'subtitle', 'ctaText', 'ctaUrl', 'eyebrow', 'backgroundImage', 'backgroundVideo'],
  project: ['title', 'logline', 'genre', 'format', 'creator', 'year', 'url', 'image', 'imageAlt'],
  testimonial: ['quote', 'author', 'role', 'projectType', 'project', 'url', 'image', 'imageAlt'],
  service: ['name', 'description', 'highlight', 'price', 'duration', 'url', 'image'],
  resource: ['title', 'description', 'kind', 'readingTime', 'url', 'image'],
};
const textsOf = {
  project: ['story', 'made', 'outcome'],
  service: ['get', 'how'],
  resource: ['sections'],
};

// Rows of a JSON Lines file as {line, value}; faults for lines that are not JSON.
export function readLines(file, name, faults) {
  const rows = [];
  readFileSync(file, 'utf8')
    .split('\n')
    .forEach((text, i) => {
      if (!text.trim()) return;
      try {
        rows.push({ line: i + 1, value: JSON.parse(text) });
      } catch (error) {
        faults.push(`${name}:${i + 1}: not JSON: ${error.message}`);
      }
    });
  return rows;
}

export function checkSite(site, name, faults) {
  const seen = {
    question: new Set(),
    option: new Set(),
    slot: new Set(),
    segment: new Set(),
    name: new Set(),
  };
  const once = (kind, value, where) => {
    if (seen[kind].has(value))
      faults.push(`${name}: ${where}: ${kind} ${JSON.stringify(value)} is there twice`);
    seen[kind].add(value);
  };
  for (const question of site.questions) {
    once('question', question.id, question.name);
    once('name', question.name, question.name);
    const keys = new Set();
    for (const option of question.options ?? []) {
      once('option', option.id, question.name);
      if (keys.has(option.key))
        faults.push(`${name}: ${question.name}: option key ${option.key} is there twice`);
      keys.add(option.key);
      for (const locale of site.locales)
        if (!option.label[locale])
          faults.push(`${name}: ${question.name}.${option.key}: no label in ${locale}`);
    }
    for (const locale of site.locales) {
      if (!question.label[locale]) faults.push(`${name}: ${question.name}: no label in ${locale}`);
      if (question.options && !question.reason?.[locale])
        faults.push(`${name}: ${question.name}: no reason in ${locale}`);
    }
  }
  for (const slot of site.slots) once('slot', slot.id, slot.name);
  for (const segment of site.segments) {
    once('segment', segment.id, JSON.stringify(segment.name));
    for (const [question, keys] of Object.entries(segment.when)) {
      const options = site.questions.find((q) => q.name === question)?.options ?? [];
      for (const key of keys)
        if (!options.some((option) => option.key === key))
          faults.push(`${name}: segment ${segment.id}: ${question} has no option ${key}`);
    }
  }
}

// `rows` of content.jsonl; `details` is a map of the long texts by id; `site` folder holds the artwork.
export function checkContent({ rows, name, questionnaire, details, detailsName, folder, faults }) {
  const options = new Map(
    questionnaire.questions.filter((q) => q.options).map((q) => [q.attribute ?? q.name, q]),
  );
  const ids = new Map();
  const urls = new Set(rows.map(({ value }) => value.body?.url).filter(Boolean));
  for (const { line, value: item } of rows) {
    const fault = (text) => faults.push(`${name}:${line}: ${item.id ?? '?'}: ${text}`);
    if (!item.id) fault('no id');
    else if (ids.has(item.id)) fault(`the id is used on line ${ids.get(item.id)} already`);
    ids.set(item.id, line);
    if (!fieldsOf[item.type]) {
      fault(`unknown type ${JSON.stringify(item.type)}`);
      continue;
    }
    for (const field of fieldsOf[item.type])
      if (item.body?.[field] === undefined || item.body[field] === '')
        fault(`body.${field} is missing`);
    for (const [attribute, value] of Object.entries(item.attributes ?? {})) {
      const question = options.get(attribute);
      if (!question) fault(`attribute ${attribute}: no question asks for it`);
      else if (question.options.some((o) => o.min !== undefined || o.max !== undefined)) {
        if (!(value.min <= value.max)) fault(`attribute ${attribute}: not a range`);
      } else {
        for (const key of value)
          if (!question.options.some((o) => o.key === key))
            fault(`attribute ${attribute}: unknown option ${JSON.stringify(key)}`);
      }
    }
    for (const field of ['image', 'backgroundImage', 'backgroundVideo']) {
      const url = item.body?.[field];
      if (url && !existsSync(join(folder, url)))
        fault(`body.${field}: ${url} is not in the site; run node web/demo/art.mjs`);
    }
    if (
      item.type === 'testimonial' &&
      item.body.url &&
      !rows.some(({ value }) => value.type === 'project' && value.body.url === item.body.url)
    )
      fault(`body.url: no project at ${item.body.url}`);
    for (const field of textsOf[item.type] ?? []) {
      if (!details.get(item.id)?.value[field]?.length)
        fault(`${detailsName} has no ${field} for it`);
    }
  }
  for (const [id, { line }] of details)
    if (!ids.has(id))
      faults.push(`${detailsName}:${line}: no content with the id ${JSON.stringify(id)}`);
  return urls;
}

// Every local link and file a page names must be there. `pages` maps a page's path to its HTML.
export function checkLinks(pages, exists, faults) {
  for (const [page, { html, source }] of pages) {
    const lines = html.split('\n');
    lines.forEach((text, i) => {
      for (const [, attribute, url] of text.matchAll(/\b(href|src|action)="(\/[^"]*)"/g)) {
        if (/^\/(api|_fl)\//.test(url)) continue;
        const [path, anchor] = url.split('#');
        const target = pages.get(path || page);
        if (!target && !exists(path))
          faults.push(`${source}:${i + 1}: ${page}: ${attribute} ${url} leads nowhere`);
        else if (anchor && !target?.html.includes(`id="${anchor}"`))
          faults.push(`${source}:${i + 1}: ${page}: nothing on ${path} is called #${anchor}`);
      }
      if (/<[a-z][^>]*\s(style|on[a-z]+)=/i.test(text))
        faults.push(
          `${source}:${i + 1}: ${page}: a style or event attribute, which the content security policy forbids`,
        );
      if (/<!-- fill:/.test(text))
        faults.push(`${source}:${i + 1}: ${page}: not filled: ${text.trim()}`);
    });
    const ids = new Set();
    for (const [, id] of html.matchAll(/\sid="([^"]+)"/g)) {
      if (ids.has(id)) faults.push(`${source}: ${page}: the id ${id} is used twice`);
      ids.add(id);
    }
  }
}
