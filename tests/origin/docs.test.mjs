// The documents about security and privacy name tests, files and routes: all of them are there.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file) => readFileSync(path.join(root, file), 'utf8');

test('every claim of the threat model names a test that there is', () => {
  const rows = read('origin/SECURITY.md')
    .split('\n')
    .filter((line) => /^\| .* \| `tests\//.test(line));
  assert.ok(rows.length > 25, `${rows.length} claims`);
  for (const row of rows) {
    const [, claim, tests] = /^\| (.*) \| (`tests\/.*) \|$/.exec(row);
    let source;
    for (const [, name] of tests.matchAll(/`([^`]+)`/g)) {
      if (name.startsWith('tests/')) {
        assert.ok(existsSync(path.join(root, name)), `${claim}: ${name}`);
        source = read(name);
      } else assert.ok(source.includes(name), `${claim}: no test says '${name}'`);
    }
  }
});

test('links and addresses in the documents lead somewhere', () => {
  const routes = read('origin/http/routes.cc');
  for (const file of [
    'SECURITY.md',
    'origin/SECURITY.md',
    'origin/privacy/PRIVACY.md',
    'origin/privacy/EXPORT.md',
    'web/STORAGE.md',
  ]) {
    const text = read(file);
    for (const [, link] of text.matchAll(/\]\(([^)#:]+)\)/g)) {
      assert.ok(existsSync(path.join(root, path.dirname(file), link)), `${file}: ${link}`);
    }
    for (const [, at] of text.matchAll(/`(?:GET|POST|PUT|DELETE) (\/api\/[^`]+)`/g)) {
      assert.ok(routes.includes(`"${at}"`), `${file}: ${at}`);
    }
    for (const [, name] of text.matchAll(/`(tests\/[\w./]+)`/g)) {
      assert.ok(existsSync(path.join(root, name)), `${file}: ${name}`);
    }
  }
});

test('the export document has the members that EXPORT.md describes', () => {
  const described = [...read('origin/privacy/EXPORT.md').matchAll(/^\| `(\w+)`(?:, `(\w+)`)?/gm)]
    .flatMap(([, one, two]) => [one, two])
    .filter((name) => name && !['member', 'record'].includes(name));
  const source = read('origin/privacy/export.cc');
  for (const name of described) assert.ok(source.includes(`{"${name}"`), name);
});
