// Locally private reporting: what visitors do is counted without anybody's being known, here or anywhere
// (origin/privacy/private_counts.h has the estimator).
//
//   reportPrivately(footlight, { base: '/_fl', publicKey, epsilon: 1 });
//
// Once a day a browser that takes part chooses one (content, action) pair, uniformly among all that are published to
// everyone, whatever the visitor did. It answers "did that happen here yesterday?" truly with probability
// e^epsilon / (1 + e^epsilon) and falsely otherwise, and sends the pair and that answer: no id, no cookie, no token. Any
// single report is thus nearly as likely from somebody who did it as from somebody who did not: their ratio is at most
// e^epsilon. Over k days that is k epsilon. What was done is noted in this browser until then, and only while the visitor
// allows measurement or the mode is 'local'.
import { ACTIONS, type Action, Decider } from '../../wasm/binding/decider.js';
import type { Footlight } from '../sdk/client.js';
import { openSnapshot } from '../sdk/snapshot.js';
import { openStore } from '../sdk/store.js';

export interface PrivateReportingOptions {
  /** Origin or edge; default '' (this host). */
  api?: string;
  /** Above 0, at most 8: the smaller, the less a report says. Default 1. */
  epsilon?: number;
  /** All content a report may be about, the same list for everybody; default: what is published to everyone. */
  contents?: readonly string[];
  /** For that default: as the SDK's. */
  base?: string;
  publicKey?: string | undefined;
  mode?: 'edge' | 'static' | 'local';
  /** Milliseconds since 1970; for tests. */
  now?: () => number;
  /** Uniform in [0, 1); for tests. Default: the browser's cryptographic generator. */
  random?: () => number;
}

export interface PrivateReporter {
  /** Notes what was done today. */
  note(contentId: string, action: Action): void;
  /** Sends the report about the last day on which this browser was asked; at most one a day. Resolves to whether. */
  report(): Promise<boolean>;
}

const DAY_MS = 86400000;

/** 53 random bits, as Math.random() has them, of a generator that nobody can predict. */
function cryptoRandom(): number {
  const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
}

class Counted extends Decider {
  /** UUIDs of all items. */
  contents(): string[] {
    this.exports.fl_info();
    const count = new DataView(this.exports.memory.buffer).getUint32(this.io + 16, true);
    return Array.from({ length: count }, (_, item) => this.itemUuid(item));
  }
}

/**
 * Of everyone's pack, whatever segment the visitor belongs to: a list that depended on the visitor would say something
 * about them. Rejects when there is no valid snapshot.
 */
async function publishedContents(options: PrivateReportingOptions): Promise<string[]> {
  const { base = '/_fl', publicKey, mode } = options;
  const { module, pack } = await openSnapshot(base, publicKey, mode === 'edge', () => 0, false);
  return Counted.load(module, await pack(0, false)).contents();
}

/** One pair, uniformly. */
export function choosePair(
  contents: readonly string[],
  random: () => number,
): { contentId: string; action: Action } {
  const pair = Math.floor(random() * contents.length * ACTIONS.length);
  return {
    contentId: contents[Math.floor(pair / ACTIONS.length)] as string,
    action: ACTIONS[pair % ACTIONS.length] as Action,
  };
}

/** Warner's randomised response. */
export function respond(truth: boolean, epsilon: number, random: () => number): boolean {
  return random() < 1 / (1 + Math.exp(-epsilon)) ? truth : !truth;
}

/** Takes part, from now on, with what the page's elements and track() report. */
export function reportPrivately(
  footlight: Footlight,
  options: PrivateReportingOptions = {},
): PrivateReporter {
  const { api = '', epsilon = 1, now = Date.now, random = cryptoRandom } = options;
  if (!(epsilon > 0 && epsilon <= 8)) throw new RangeError('epsilon is above 0 and at most 8');
  const store = openStore(false);
  const today = () => Math.floor(now() / DAY_MS);
  const key = (day: number) => `did-${day}`;
  const mayNote = () => footlight.allows('personalization') || footlight.allows('measurement');

  const reporter: PrivateReporter = {
    note(contentId, action) {
      if (!mayNote()) return;
      const did = new Set(store.get(key(today())).split(' ').filter(Boolean));
      did.add(`${contentId}:${action}`);
      store.set(key(today()), [...did].join(' '));
    },
    async report() {
      const yesterday = today() - 1;
      for (const old of store.keys('did-')) {
        if (Number(old.slice(4)) < yesterday) store.set(old, '');
      }
      if (!mayNote() || Number(store.get('reported')) >= today()) return false;
      const pair = choosePair(options.contents ?? (await publishedContents(options)), random);
      const truth = store
        .get(key(yesterday))
        .split(' ')
        .includes(`${pair.contentId}:${pair.action}`);
      const bit = respond(truth, epsilon, random);
      // Before it is sent: an answer that is lost must not let the same day be asked about twice.
      store.set('reported', `${today()}`);
      store.set(key(yesterday), '');
      const answer = await fetch(`${api}/api/personalization/private-report`, {
        method: 'POST',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
        keepalive: true,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ ...pair, bit, epsilon }),
      }).catch(() => undefined);
      return answer?.ok ?? false;
    },
  };

  const track = footlight.track;
  footlight.track = (interaction) => {
    if (interaction.action !== 'would_show' && interaction.action !== 'exposure') {
      reporter.note(interaction.contentId, interaction.action);
    }
    track(interaction);
  };
  return reporter;
}
