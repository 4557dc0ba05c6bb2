// What is checked of a running installation, by the test and by `./dev bench privacy`: canary values in every field are in
// no file, log or metric; nothing is stored or sent before consent; an erasure leaves no row and no cache.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ANSWERS } from '../origin/program.mjs';
import { sql, text, value } from '../origin/sqlite.mjs';

// --- canaries --------------------------------------------------------------------------------------

/** A value that nothing else contains, and that says where it was put. */
const canary = (field) => `zq${field.replaceAll(/\W/g, '')}${randomBytes(9).toString('hex')}`;

/** Every way in which a value could lie in a file: as it is, in UTF-16, hex, percent and base64 at each alignment. */
function formsOf(plain) {
  const bytes = Buffer.from(plain);
  const forms = [bytes, Buffer.from(plain, 'utf16le'), Buffer.from(bytes.toString('hex'))];
  forms.push(Buffer.from(bytes.toString('hex').toUpperCase()));
  for (let shift = 0; shift < 3; shift++) {
    const padded = Buffer.concat([
      Buffer.alloc(shift),
      bytes.subarray(0, bytes.length - ((bytes.length + shift) % 3)),
    ]);
    const encoded = padded
      .toString('base64')
      .slice(shift ? 4 : 0)
      .replace(/=+$/, '');
    for (const form of [encoded, encoded.replaceAll('+', '-').replaceAll('/', '_')]) {
      forms.push(Buffer.from(form));
    }
  }
  return forms;
}

export function filesUnder(folder) {
  return readdirSync(folder, { recursive: true })
    .map((name) => join(folder, String(name)))
    .filter((file) => statSync(file).isFile());
}

/** Which of the canaries are somewhere in these bytes: [field, where]. */
export function findCanaries(canaries, places) {
  const found = [];
  for (const [where, bytes] of places) {
    const lower = Buffer.from(bytes.toString('latin1').toLowerCase(), 'latin1');
    for (const [field, plain] of Object.entries(canaries)) {
      const isThere = formsOf(plain).some(
        (form) => bytes.includes(form) || lower.includes(form.toString('latin1').toLowerCase()),
      );
      if (isThere) found.push([field, where]);
    }
  }
  return found;
}

/**
 * A person with a canary in every field that takes text, by every route that takes one.
 * @returns {{canaries: object, secrets: object, person: object, stored: number}} `stored`: how many of them the person's
 *   own export gives back; `secrets`: tokens and keys, which nothing may hold either
 */
export async function plantCanaries(base, { key, contents }) {
  const canaries = {};
  const put = (field) => {
    canaries[field] = canary(field);
    return canaries[field];
  };
  const secrets = { apiKey: key };
  const call = async (method, at, body, headers = {}) => {
    const response = await fetch(base + at, {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        'user-agent': put(`userAgent${Object.keys(canaries).length}`),
        referer: `https://example.com/${put(`referer${Object.keys(canaries).length}`)}`,
        cookie: `other=${put(`cookie${Object.keys(canaries).length}`)}`,
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: response.status, json: await response.json().catch(() => undefined) };
  };
  const email = `${put('email')}@example.com`;
  canaries.email = email;
  const visitorId = put('visitorId');
  const made = await call('POST', '/api/profile', {
    email,
    visitorId,
    questionnaireData: {
      ...ANSWERS,
      logline: put('logline'),
      description: put('description'),
      timeline: put('refusedOption'),
      [put('unknownQuestion')]: put('unknownAnswer'),
    },
    consent: { personalization: 'granted', measurement: 'granted' },
    next: `/${put('next')}`,
    lenient: true,
  });
  const person = { token: made.json.token, user: made.json.profileId };
  secrets.token = person.token;
  const own = { authorization: `Bearer ${person.token}`, 'x-user-id': person.user };
  const [one, two] = contents;
  await call(
    'POST',
    '/api/personalization/interactions',
    {
      interactions: [
        {
          eventId: put('eventId'),
          contentId: one,
          action: 'click',
          slot: 'projects',
          reason: put('reason'),
          feedback: 'positive',
        },
        { eventId: put('eventId0'), contentId: two, action: 'click', slot: put('slot') },
        {
          eventId: put('eventId2'),
          contentId: two,
          action: 'exposure',
          slot: 'projects',
          position: 1,
          reason: put('shownReason'),
        },
        { eventId: put('eventId3'), contentId: put('contentId'), action: 'click' },
        {
          eventId: put('eventId4'),
          contentId: two,
          action: 'would_show',
          slot: put('wouldShowSlot'),
        },
        { eventId: put('eventId5'), action: 'convert', goal: put('goal'), value: 1.5 },
        {
          eventId: put('eventId6'),
          action: 'exposure',
          experiment: put('experiment'),
          variant: put('variant'),
        },
        {
          eventId: put('eventId7'),
          contentId: one,
          action: put('action'),
          feedback: put('feedback'),
        },
        {
          eventId: put('eventId8'),
          contentId: one,
          contentType: put('contentType'),
          action: 'view',
          [put('unknownField')]: put('unknownValue'),
        },
        {
          eventId: put('eventId9'),
          contentId: one,
          action: 'view',
          context: { device: put('device'), referrer: put('referrer') },
        },
      ],
    },
    own,
  );
  // Somebody without a profile, by what a client calls them.
  await call('POST', '/api/personalization/interaction', {
    contentId: one,
    action: 'click',
    visitorId: put('strangerId'),
    eventId: put('strangerEvent'),
    reason: put('strangerReason'),
    slot: put('strangerSlot'),
  });
  await call('POST', '/api/personalization/interaction', {
    action: 'convert',
    goal: put('strangerGoal'),
    visitorId: put('strangerId2'),
  });
  await call(
    'GET',
    `/api/personalization/homepage?locale=${put('locale').slice(0, 30)}`,
    undefined,
    own,
  );
  await call(
    'GET',
    `/api/personalization/recommendations?type=${put('type')}&limit=2`,
    undefined,
    own,
  );
  await call('GET', `/${put('path')}`);
  await call('POST', '/api/profile/claim', { claim: put('claim') });
  await call('POST', '/ofrep/v1/evaluate/flags', {
    context: { targetingKey: put('targetingKey'), [put('attribute')]: put('attributeValue') },
  });
  await call('POST', '/api/personalization/private-report', {
    contentId: put('reportContent'),
    action: 'click',
    bit: true,
    epsilon: 1,
  });
  await call('PUT', '/api/privacy/settings', { training: put('training') }, own);
  await call('POST', '/api/privacy/consent', { personalization: put('choice') }, own);
  const admin = { authorization: `Bearer ${key}` };
  await call('POST', '/api/admin/privacy/find', { email }, admin);
  await call('GET', `/api/admin/profiles/${person.user}/features`, undefined, admin);
  const copy = (await call('GET', '/api/privacy/export', undefined, own)).json;
  const exported = JSON.stringify(copy);
  const stored = Object.values(canaries).filter((plain) => exported.includes(plain)).length;
  return { canaries, secrets, person: { ...person, email }, stored, copy };
}

/** The demo's questionnaire with every question as free text, and one more that SPEC.md has no column for. */
export function textSite(site) {
  const questions = site.questions.map(({ id, name, label }) => ({
    id,
    name,
    kind: 'text',
    label,
  }));
  questions.push({ id: 900, name: 'favourite_ship', kind: 'text', label: 'Ship' });
  const { name, locales, slots } = site;
  return { name, ...(locales && { locales }), questions, slots };
}

/** A canary in every column of a profile. Gives what plantCanaries() does. */
export async function plantAnswers(base, site) {
  const canaries = {};
  for (const { name } of site.questions) canaries[name] = canary(name);
  const email = `${canary('email')}@example.com`;
  const made = await fetch(`${base}/api/profile`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email, questionnaireData: canaries }),
  });
  const { token, profileId } = await made.json();
  canaries.email = email;
  const copy = await fetch(`${base}/api/privacy/export`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const exported = await copy.text();
  const stored = Object.values(canaries).filter((plain) => exported.includes(plain)).length;
  return { canaries, secrets: { token }, person: { token, user: profileId, email }, stored };
}

// --- erasure ----------------------------------------------------------------------------------------

/** Rows about a person in any table but the list of erasures: by id in any column, and by what hangs on them. */
export function rowsLeft(database, { user, profile, visitor }) {
  let rows = 0;
  const hex = user.replaceAll('-', '').toUpperCase();
  for (const file of [database, `${database}-keys`]) {
    for (const { name } of sql(file, "SELECT name FROM sqlite_schema WHERE type = 'table'")) {
      if (name === 'erasures' || name.startsWith('sqlite_')) continue;
      for (const { name: column } of sql(file, `PRAGMA table_info(${name})`)) {
        const holds = [
          `CAST("${column}" AS TEXT) LIKE '%${user}%'`,
          `hex("${column}") LIKE '%${hex}%'`,
        ];
        if (column === 'profile' && profile) holds.push(`"${column}" = ${profile}`);
        if (column === 'visitor' && visitor) holds.push(`"${column}" = ${visitor}`);
        rows += value(file, `SELECT count(*) FROM "${name}" WHERE ${holds.join(' OR ')}`);
      }
    }
  }
  return rows;
}

/** The inner keys of a person, before they are erased. */
export function keysOf(database, user) {
  const id = text(user);
  return {
    user,
    profile: value(database, `SELECT seq FROM user_profiles WHERE id = ${id}`),
    visitor: value(
      database,
      `SELECT v.visitor FROM visitors v JOIN user_profiles p ON p.seq = v.profile WHERE p.id = ${id}`,
    ),
  };
}

/** How many of the addresses that a person could use still answer them as themselves. */
export async function cachesLeft(base, { token, user }) {
  let left = 0;
  for (const at of [
    '/api/personalization/homepage',
    '/api/personalization/recommendations',
    '/api/privacy/export',
    '/api/privacy/consent',
    '/api/privacy/settings',
  ]) {
    for (const headers of [{ 'x-user-id': user }, {}]) {
      const answer = await fetch(base + at, {
        headers: { authorization: `Bearer ${token}`, ...headers },
      });
      await answer.text();
      if (answer.status !== 401) left++;
    }
  }
  return left;
}

// --- the browser ------------------------------------------------------------------------------------

/** Everything that this browser holds of the site, HttpOnly cookies too: [{name, where}]. */
export async function storedIn(context, page) {
  const cookies = (await context.cookies()).map(({ name }) => ({ name, where: 'cookie' }));
  const rest = await page.evaluate(async () => ({
    localStorage: Object.keys(localStorage),
    sessionStorage: Object.keys(sessionStorage),
    indexedDB: (await indexedDB.databases()).map(({ name }) => name ?? ''),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
  }));
  const others = Object.entries(rest).flatMap(([where, names]) =>
    names.map((name) => ({ name, where })),
  );
  return [...cookies, ...others];
}

/** web/STORAGE.md as [{pattern, where}]. */
export function inventory(root) {
  return readFileSync(join(root, 'web/STORAGE.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [names, where] = line
        .split('|')
        .slice(1)
        .map((cell) => cell.trim());
      const name = names.replaceAll('`', '');
      const pattern = new RegExp(`^${name.replaceAll('*', '.+')}$`);
      return { name, pattern, where: where.split(',')[0] };
    });
}

/** Looks around as somebody does who makes no choice: opens pages, scrolls, clicks a card, begins the questionnaire. */
export async function lookAround(page, base) {
  for (const at of ['/', '/work', '/privacy', '/questionnaire', '/']) {
    await page.goto(base + at, { waitUntil: 'networkidle' });
    await page.evaluate(() => scrollTo(0, document.body.scrollHeight));
  }
  await page.evaluate(() => scrollTo(0, 0));
  await page.waitForTimeout(1500); // half of a card for a second is a view
  const card = page.locator('[data-fl-slot="projects"] a[href]').first();
  await card.click();
  await page.waitForLoadState('networkidle');
}

export const backupInto = (program, data, folder) =>
  execFileSync(program, ['--data', data, 'backup', folder], { encoding: 'utf8' });
