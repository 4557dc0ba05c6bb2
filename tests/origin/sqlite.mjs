// Looks into a database file, past the program: with the sqlite3 of the system.
import { execFileSync } from 'node:child_process';

/** Rows as objects. Several statements may stand in `sql`; `text` below puts a value into it. */
export function sql(file, statements) {
  const out = execFileSync('sqlite3', ['-bail', '-json', '-cmd', '.timeout 5000', file], {
    input: `${statements};`,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  return out.trim() ? JSON.parse(out) : [];
}

/** The first column of the first row. */
export function value(file, statement) {
  return Object.values(sql(file, statement)[0] ?? {})[0];
}

/** A text as SQL writes it. */
export const text = (plain) => `'${String(plain).replaceAll("'", "''")}'`;
