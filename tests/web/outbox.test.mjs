// The queue of events by itself: kept until the receipt, bounded, patient.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MAX_PENDING, openOutbox } from '../../build/js/web/sdk/outbox.js';

function memoryStore(values = new Map()) {
  return {
    values,
    text: () => '',
    save() {},
    get: (key) => values.get(key) ?? '',
    set: (key, value) => (value ? values.set(key, value) : values.delete(key)),
    keys: (prefix) => [...values.keys()].filter((key) => key.startsWith(prefix)),
    clear: () => values.clear(),
  };
}

const event = (eventId) => ({
  eventId,
  contentId: 'c',
  action: 'click',
  occurredAt: '2026-01-01T00:00:00Z',
});

test('an event stays until the origin names it', async () => {
  const store = memoryStore();
  const answers = [null, [], ['b'], ['a']];
  const sent = [];
  const outbox = openOutbox(store, async (events) => {
    sent.push(events.map(({ eventId }) => eventId).join());
    return answers.shift();
  });
  outbox.add(event('a'));
  outbox.add(event('b'));
  for (const left of ['a,b', 'a,b', 'a', '']) {
    await outbox.flush();
    assert.equal(
      outbox
        .pending()
        .map(({ eventId }) => eventId)
        .join(),
      left,
    );
    assert.equal([...store.values.keys()].map((key) => key.slice(2)).join(), left);
  }
  assert.deepEqual(sent, ['a,b', 'a,b', 'a,b', 'a']);
});

test('what an earlier page could not send is sent by the next', async () => {
  const store = memoryStore();
  const first = openOutbox(store, async () => null);
  first.add(event('a'));
  await first.flush();
  const left = new Map(store.values);
  first.clear(); // its page is gone
  const sent = [];
  const second = openOutbox(memoryStore(left), async (events) => {
    sent.push(...events);
    return events.map(({ eventId }) => eventId);
  });
  await second.flush();
  assert.deepEqual(sent, [event('a')]);
  assert.deepEqual(second.pending(), []);
});

test('two pages never overwrite each other', () => {
  const store = memoryStore();
  const one = openOutbox(store, async () => null);
  const two = openOutbox(store, async () => null);
  one.add(event('a'));
  two.add(event('b'));
  assert.deepEqual([...store.values.keys()], ['q-a', 'q-b']);
  one.clear();
  two.clear();
});

test('the oldest are dropped beyond the bound', () => {
  const store = memoryStore();
  const outbox = openOutbox(store, async () => null);
  for (let i = 0; i < MAX_PENDING + 5; i++) outbox.add(event(`e${i}`));
  assert.equal(outbox.pending().length, MAX_PENDING);
  assert.equal(store.values.size, MAX_PENDING);
  assert.equal(outbox.pending()[0].eventId, 'e5');
  outbox.clear();
  assert.equal(store.values.size, 0);
});

test('garbage in the storage is thrown away', async () => {
  const store = memoryStore(new Map([['q-x', '{']]));
  const outbox = openOutbox(store, async () => []);
  assert.deepEqual(outbox.pending(), []);
  assert.equal(store.values.size, 0);
});

test('a send that throws is a send that failed', async () => {
  const outbox = openOutbox(memoryStore(), async () => {
    throw new TypeError('no network');
  });
  outbox.add(event('a'));
  await outbox.flush();
  assert.equal(outbox.pending().length, 1);
  outbox.clear();
});
