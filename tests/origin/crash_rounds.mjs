// kill -9 at a random moment under load, again and again, and what is there afterwards: for the test (a few rounds) and for
// `./dev bench crash` (200 and more).
//
// Each round starts the program on the same data. Clients send interactions, make profiles, change choices and erase
// people; beside them, in some rounds, the program publishes, rotates its master key or makes a backup, and is killed at
// that, too. What was acknowledged is looked for after the next start: in the database itself (every event carries a
// number of its own as its duration), and by the API as the person it is about.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { PROGRAM, serve } from './program.mjs';
import { sql, value } from './sqlite.mjs';

const CLIENTS = 6;
const BATCH = 5;

/** `random()` in [0, 1). Figures: rounds, acknowledged, lost, duplicated, unreadable. */
export async function crashRounds(site, rounds, { random = Math.random, tell = () => {} } = {}) {
  const database = path.join(site.data, 'footlight.db');
  const figures = { rounds: 0, acknowledged: 0, lost: 0, duplicated: 0, unreadable: 0 };
  const contents = sql(database, "SELECT uuid FROM content WHERE type = 'project' LIMIT 5").map(
    ({ uuid }) => uuid,
  );
  let next = 1;
  /** Event numbers with a receipt. */
  const events = new Set();
  /** Profiles with a token, by id: the address and the choice that were acknowledged last. */
  const people = new Map();
  const erased = new Map();
  let lastKilled = '';

  const load = async (base, isOver) => {
    const call = async (method, at, body, token) => {
      const response = await fetch(base + at, {
        method,
        headers: {
          ...(body && { 'content-type': 'application/json' }),
          ...(token && { authorization: `Bearer ${token}` }),
        },
        ...(body && { body: JSON.stringify(body) }),
      });
      return { status: response.status, json: await response.json() };
    };
    const client = async (name) => {
      try {
        while (!isOver()) {
          const kind = random();
          const known = [...people.values()].filter(({ isBusy }) => !isBusy);
          const person = known[Math.floor(random() * known.length)];
          if (kind < 0.6 || !person) {
            const numbers = Array.from({ length: BATCH }, () => next++);
            const { status, json } = await call('POST', '/api/personalization/interactions', {
              interactions: numbers.map((number) => ({
                eventId: `event-${number}`,
                contentId: contents[number % contents.length],
                action: 'click',
                duration: number,
                visitorId: `visitor-${name}`,
              })),
            });
            if (status === 200 && json.counted + json.duplicates === BATCH) {
              for (const number of numbers) events.add(number);
              figures.acknowledged += BATCH;
            }
          }
          if (kind >= 0.6 && kind < 0.8) {
            const email = `person-${next++}@example.com`;
            const { status, json } = await call('POST', '/api/profile', {
              email,
              questionnaireData: { logline: email },
              consent: { personalization: 'granted', measurement: 'granted' },
            });
            if (status === 200) {
              people.set(json.profileId, {
                id: json.profileId,
                token: json.token,
                email,
                training: 'granted',
              });
              figures.acknowledged++;
            }
          } else if (kind >= 0.8 && kind < 0.95 && person) {
            const training = person.training === 'granted' ? 'denied' : 'granted';
            // Between question and answer either is right; two at once have no order that a client could know.
            person.training = undefined;
            person.isBusy = true;
            const { status } = await call(
              'PUT',
              '/api/privacy/settings',
              { training },
              person.token,
            );
            person.isBusy = false;
            if (status === 200) {
              person.training = training;
              figures.acknowledged++;
            }
          } else if (kind >= 0.95 && person) {
            people.delete(person.id);
            const { status } = await call(
              'DELETE',
              '/api/privacy/profile',
              undefined,
              person.token,
            );
            if (status === 200) {
              erased.set(person.id, person);
              figures.acknowledged++;
            }
          }
        }
      } catch {
        // the program is dead: what was asked last has no answer
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, name) => client(name)));
  };

  const verify = async (origin) => {
    const lose = (what) => {
      figures.lost++;
      tell(`lost: ${what}`);
    };
    for (const person of people.values()) person.isBusy = false;
    const counted = new Map(
      sql(
        database,
        'SELECT duration_ms AS number, count(*) AS n FROM interactions GROUP BY duration_ms',
      ).map(({ number, n }) => [number, n]),
    );
    for (const number of events) if (!counted.has(number)) lose(`event ${number}`);
    for (const n of counted.values()) if (n > 1) figures.duplicated += n - 1;
    for (const person of people.values()) {
      const { status, json } = await origin.call('GET', '/api/privacy/export', {
        token: person.token,
      });
      if (status !== 200) lose(`${person.email}: ${status}`);
      else if (json.profile.email !== person.email || json.answers.logline !== person.email)
        figures.unreadable++;
      else if (person.training && json.consent.training !== person.training)
        lose(`${person.email}: training ${json.consent.training}`);
    }
    for (const { id, token } of erased.values()) {
      const { status } = await origin.call('GET', '/api/privacy/export', { token });
      const hex = id.replaceAll('-', '').toUpperCase();
      const keys = value(
        `${database}-keys`,
        `SELECT count(*) FROM profile_keys WHERE hex(profile) = '${hex}'`,
      );
      if (status !== 401 || keys !== 0) lose(`the erasure of ${id}`);
    }
    for (const file of [database, `${database}-keys`]) {
      if (value(file, 'PRAGMA integrity_check') !== 'ok') figures.unreadable++;
    }
    const page = await fetch(`${origin.base}/snapshots/manifest.json`);
    if (!page.ok) figures.unreadable++;
    // Only those of the last rounds are looked at again, or the rounds would grow longer and longer.
    for (const map of [people, erased]) {
      for (const id of map.keys()) if (map.size > 40) map.delete(id);
    }
  };

  /** Something of the program's own beside the load, killed with it. */
  const beside = (round) => {
    const backup = path.join(site.data, `backup-${round}`);
    const works = [undefined, ['publish'], ['keys', 'rotate'], ['backup', backup], ['train']];
    const work = works[round % works.length];
    if (!work) return { kill: () => {} };
    lastKilled = work.join(' ');
    const child = spawn(PROGRAM, ['--data', site.data, ...work], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', resolve));
    return {
      kill: async () => {
        child.kill('SIGKILL');
        await ended;
        rmSync(backup, { recursive: true, force: true });
      },
    };
  };

  for (let round = 0; round < rounds; round++) {
    const origin = await serve(site, '--profile-rate-limit', '0').catch((error) => {
      throw new Error(
        `round ${round}, after ${lastKilled || 'load'}: it does not start: ${error.message}`,
      );
    });
    await verify(origin);
    let isOver = false;
    const loading = load(origin.base, () => isOver);
    const other = beside(round);
    await new Promise((resolve) => setTimeout(resolve, 20 + random() * 280));
    isOver = true;
    const dead = origin.stop('SIGKILL');
    await other.kill();
    await dead;
    await loading;
    figures.rounds++;
    if (round % 10 === 9) tell(`round ${round + 1} of ${rounds}: ${JSON.stringify(figures)}`);
  }
  const origin = await serve(site);
  await verify(origin);
  const check = await site.footlight('doctor').catch((error) => error);
  if (/WRONG/.test(check.stdout.replaceAll(/WRONG {2}somebody the model.*/g, ''))) {
    figures.unreadable++;
    tell(check.stdout);
  }
  await site.footlight('audit', 'verify').catch((error) => {
    figures.unreadable++;
    tell(error.stderr);
  });
  await origin.stop();
  return figures;
}
