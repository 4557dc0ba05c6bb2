// What is signed and yet refused: by the binding in full, by a browser as far as it matters, and by a running worker.
import assert from 'node:assert/strict';
import { generateKeyPairSync, sign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { demoSnapshot, makeManifest, root, startEdge, until } from './harness.mjs';

const { checkManifest, fromBase64, verifyManifest } = await import(
  join(root, 'build/web/binding.mjs')
);
const shared = JSON.parse(readFileSync(join(root, 'tests/golden/manifest_cases.json'), 'utf8'));
const keys = generateKeyPairSync('ed25519');
const publicKey = keys.publicKey
  .export({ type: 'spki', format: 'der' })
  .subarray(-32)
  .toString('base64');
const trust = { publicKey, now: shared.now, minVersion: () => shared.minVersion };

function sealed(text) {
  const payload = Buffer.from(text);
  const signature = sign(null, payload, keys.privateKey).toString('base64');
  return JSON.stringify({ payload: payload.toString('base64'), signature, keyId: '' });
}

async function refusal(envelope, check) {
  try {
    await verifyManifest(envelope, trust, check);
    return '';
  } catch (error) {
    return error.message;
  }
}

function changed({ field, value }) {
  return sealed(JSON.stringify({ ...shared.payload, [field]: value }));
}

describe('a signed manifest', () => {
  it('is taken when it is good', async () => {
    assert.equal(await refusal(sealed(JSON.stringify(shared.payload)), checkManifest), '');
    assert.equal(await refusal(sealed(JSON.stringify(shared.payload))), '');
  });
  for (const bad of shared.cases) {
    it(`${bad.name}: ${bad.code}`, async () => {
      assert.equal(await refusal(changed(bad), checkManifest), bad.code);
    });
  }
  it('is malformed when it is none', async () => {
    for (const text of shared.payloads) {
      assert.equal(await refusal(sealed(text), checkManifest), 'malformed', text);
    }
    for (const text of ['', 'null', '[]', '{}', '{"payload":1,"signature":"AA=="}']) {
      assert.equal(await refusal(text, checkManifest), 'malformed', text);
    }
  });
  it('is refused by a browser where no version or expiry could be compared', async () => {
    const values = [undefined, 'x', {}, []];
    for (const field of ['version', 'expiresAt']) {
      for (const value of values) assert.notEqual(await refusal(changed({ field, value })), '');
    }
    for (const value of ['1.9', '1garbage', 1]) {
      assert.equal(await refusal(changed({ field: 'minEngine', value })), 'unsupported');
    }
    assert.notEqual(await refusal(sealed('null')), '');
  });
});

it('base64 holds no space', () => {
  for (const text of ['A A=', 'AA==\n', ' AA=', 'AAA\t'])
    assert.throws(() => fromBase64(text), text);
  assert.deepEqual([...fromBase64('-_8B')], [0xfb, 0xff, 1]);
});

it('a worker keeps the good snapshot, and its protection against rollbacks', async () => {
  const edge = await startEdge({ manifest: makeManifest(demoSnapshot(), { version: 5 }) });
  const answers = async () => (await edge.get('/api/personalization/homepage')).status;
  try {
    assert.equal(await answers(), 200);
    let refused = 0;
    for (const version of [undefined, '7', 'x', null]) {
      edge.publish(demoSnapshot(), makeManifest(demoSnapshot(), { version }));
      refused++;
      await until(async () => {
        assert.equal(await answers(), 200);
        return (await edge.status()).counters.manifest_malformed >= refused;
      }, `the refusal of version ${version}`);
    }
    edge.publish(demoSnapshot(), makeManifest(demoSnapshot(), { version: 4 }));
    await until(async () => {
      await answers();
      return (await edge.status()).counters.manifest_stale > 0;
    }, 'the refusal of version 4');
    assert.equal((await edge.status()).version, 5);
  } finally {
    await edge.stop();
  }
});
