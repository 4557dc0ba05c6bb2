// The SDK's one object. It holds the visitor's record and the page's decision; it asks the network for nothing until
// something has to be decided here, and for nothing at all after the files are in.
//
//   const footlight = createFootlight({ mode: 'edge', publicKey: '…' });
//   footlight.on((decision) => …);
//   await footlight.profile({ format: 'Feature Film' });
import {
  Decider,
  type DecisionData,
  type EntryData,
  type SlotRequest,
} from '../../wasm/binding/decider.js';
import type { Engine } from '../../wasm/binding/engine.js';
import type { Fields } from '../../wasm/binding/fields.js';
import { type Canary, toBase64Url } from '../../wasm/binding/manifest.js';
import type { PageFlags } from '../../wasm/binding/page_flags.js';
import { isAllowed, type Purpose } from './consent.js';
import { openOutbox, type TrackedEvent } from './outbox.js';
import { type Choices, choicesOf, holdsAnything, unitId, withChoices } from './record.js';
import { nowS, openSnapshot, type Snapshot } from './snapshot.js';
import { attempt, openStore, parseRecord, takeShaped } from './store.js';

export interface FootlightOptions {
  /**
   * 'edge': a worker is in front and keeps the cookie; 'static': the SDK does everything; 'local': so, and nothing
   * ever leaves the browser, whatever `api` says: published files are all that is asked for. Default 'static'.
   */
  mode?: 'edge' | 'static' | 'local';
  /** Where manifest.json, the packs and engine.wasm are. Default '/_fl'. */
  base?: string;
  /** Origin or edge; default '' (this host) with a worker, none without: then nothing is ever sent. */
  api?: string;
  /** The site's Ed25519 key, base64. With a worker in front it may be left out: then the worker is asked for it. */
  publicKey?: string | undefined;
  /** Older snapshots are refused. */
  minVersion?: number;
  /** Default: <html lang>. */
  locale?: string;
  /** The law here lets silence count as consent; a signal (GPC, DNT) does not. Default false. */
  implied?: boolean;
  /** Of this page view, as one word: the decision's, or surroundingsHere() of interfaces.js. Default: nothing known. */
  context?: number;
  /** The decision that the edge put into the page (adopt.ts). */
  decision?: DecisionData | undefined;
  /** What it says of flags where it has put in no decision (adopt.ts). */
  flags?: PageFlags | undefined;
  /** What decide() asks for when nobody says: the page's slots. */
  slots?: readonly SlotRequest[];
  /** A richer engine than pages need: `Engine` of interfaces.js. */
  engine?: typeof Decider;
}

/** SPEC.md's field names; a list for questions with several answers. */
export type Answers = Record<string, string | boolean | readonly string[]>;

export type Interaction = Omit<
  TrackedEvent,
  'eventId' | 'occurredAt' | 'contentId' | 'experiment' | 'variant'
> & { contentId: string };

/** What a questionnaire may carry besides answers. */
export interface ProfileRest {
  email?: string;
  consent?: Partial<Choices>;
}

/** Without a decision the page is to be as the site wrote it: personalization has been denied, or is not allowed. */
export type Listener = (decision: DecisionData | undefined) => void;

export interface Footlight {
  /** The page's latest; undefined while there is none. */
  readonly decision: DecisionData | undefined;
  /**
   * Decides now: for the page (listeners hear of it), or, as a mere answer, for other slots. Rejects when there is no
   * valid snapshot: keep what the page shows.
   */
  decide(slots?: readonly SlotRequest[]): Promise<DecisionData>;
  /** Looks for a newer snapshot, then decides. */
  refresh(): Promise<DecisionData>;
  /**
   * Fetches what a later profile() with these answers will need, so that it needs no request; without answers what it
   * may ever need, one file after the other.
   */
  prefetch(answers?: Answers): Promise<void>;
  /** Takes answers in and decides at once; the origin hears of it in the background, `posted` says when. */
  profile(answers: Answers, rest?: ProfileRest): Promise<DecisionData>;
  readonly posted: Promise<boolean>;
  track(interaction: Interaction): void;
  /**
   * A flag's value for this page view; `fallback` where there is none, or not yet (loadFlags). Reading a flag that an
   * experiment decides is what exposes the visitor to it: read it where it is used.
   */
  flag<T>(key: string, fallback: T): T;
  /** All that is known of flags and experiments for this page view; undefined where nothing is, or not yet. */
  readonly flags: PageFlags | undefined;
  /**
   * What the worker says of them, or without a worker what is evaluated here, once for the page view: by the first
   * decision, or by this. Rejects when there is no valid snapshot.
   */
  loadFlags(): Promise<PageFlags | undefined>;
  /** The visitor has seen what the page's experiments made of it. elements.js calls it; once a variant is enough. */
  expose(): void;
  /** A goal of the site's own was reached, such as 'signup', or 'order' with its value. */
  trackConversion(goal: string, value?: number): void;
  /** Sends what waits. */
  flush(): Promise<void>;
  allows(purpose: Purpose): boolean;
  /** Whether the page may be this visitor's: allowed, or answered a questionnaire and did not say no. */
  readonly personalizes: boolean;
  choices(): Choices;
  /**
   * The visitor's explicit choice, in force before this returns. Denying forgets what was stored, and listeners are
   * called without a decision.
   */
  consent(choices: Partial<Choices>): void;
  /**
   * Called after every new decision of the page, after every change of its scores, and without a decision when a choice
   * gives the page back to the site; returns what ends that.
   */
  on(listener: Listener): () => void;
  /** What a template may name of an item; undefined when it is not among the files that are in. */
  fields(entry: EntryData): Fields | undefined;
  /** Runs `work` on the engine with the visitor in it, for the entry points that look deeper. */
  use<T>(work: (engine: Decider) => T): Promise<T>;
}

/** Asking again turns "later" (429) and "broken" (5xx) into a receipt, but never a refusal. */
function isLater({ status }: Response): boolean {
  return status > 499 || status === 429;
}

/** Flags that change how a page is decided (wasm/binding/adjust.ts). */
const ADJUSTS = /^(weights$|slot:)/;

/** Each key has its own count of versions. */
const versionOf = (key: string) => `version-${key.slice(0, 8)}`;

export function createFootlight(options: FootlightOptions): Footlight {
  const atEdge = options.mode === 'edge';
  const api = options.mode === 'local' ? undefined : (options.api ?? (atEdge ? '' : undefined));
  const store = openStore(atEdge);
  const listeners = new Set<Listener>();
  let text = store.text();
  let record = parseRecord(text);
  let snapshot: Promise<Snapshot> | undefined;
  let engine: Decider | undefined;
  let inEngine: Uint8Array | undefined;
  let segment: number;
  let latest = options.decision;
  let posted = Promise.resolve(true);

  /** With a worker in front its answers rewrite the cookie at any time. */
  const choices = () => {
    if (text !== store.text()) {
      text = store.text();
      record = parseRecord(text);
    }
    return choicesOf(record);
  };
  const allows = (purpose: Purpose) => isAllowed(choices(), purpose, options.implied);
  /** Whether the worker takes interactions into the record; else this SDK does. */
  const workerLearns = () => atEdge && allows('measurement');

  const choose = (changes?: Partial<Choices>) => {
    if (changes) record = withChoices(record, { ...choices(), ...changes });
  };

  const save = () => {
    store.save(record);
    text = store.text();
  };

  const isRefused = () => {
    const { optedOut, personalization } = choices();
    return optedOut || personalization === 'denied';
  };
  const personalizes = () => allows('personalization') || (!isRefused() && holdsAnything(record));

  const wordOf = ({ flags, experiments, behind, shaped, unpersonalized }: PageFlags) =>
    flags && { flags, experiments, behind, shaped, unpersonalized };
  /** Of flags: it holds for this page view, whatever is decided anew. */
  let word: PageFlags | undefined = wordOf(options.decision ?? options.flags ?? {});
  const turned = new Map(atEdge ? takeShaped() : []);
  const emit = (decision?: DecisionData) => {
    latest = decision && Object.assign(decision, word);
    for (const listener of listeners) listener(decision);
  };

  const post = (path: string, body: unknown) => {
    const token = store.get('token');
    return fetch(api + path, {
      method: 'POST',
      keepalive: true, // outlives the page
      headers: {
        'content-type': 'application/json',
        ...(token && { authorization: `Bearer ${token}` }),
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  };

  /** For an origin without a worker in front; a worker puts in what the cookie says. */
  const visitorId = () => unitId(record);

  const outbox = openOutbox(store, async (interactions) => {
    const all = interactions.map((event) => event.eventId);
    const answer = await post('/api/personalization/interactions', {
      interactions: interactions.map((event) => ({ ...event, visitorId: visitorId() })),
    });
    if (!answer.ok) return isLater(answer) ? null : all;
    const { receipts, updatedProfile } = await answer.json();
    if (latest && updatedProfile) emit({ ...latest, ...updatedProfile });
    return receipts ?? all;
  });

  const report = (event: Omit<TrackedEvent, 'eventId' | 'occurredAt'>) => {
    if (api === undefined || !allows('measurement')) return;
    outbox.add({
      ...event,
      eventId: toBase64Url(crypto.getRandomValues(new Uint8Array(16))),
      occurredAt: new Date().toISOString(),
    });
  };

  /** Seen on this page, and waiting for leave to be told. */
  const seen = new Set<string>();
  /** Once a visitor and variant: what has been told is remembered. */
  const tellExposures = () => {
    for (const experiment of document.hidden || !allows('measurement') ? [] : seen) {
      const variant = turned.get(experiment) ?? word?.experiments?.[experiment];
      if (!variant || store.get(`x-${experiment}`) === variant) continue;
      store.set(`x-${experiment}`, variant);
      report({ action: 'exposure', experiment, variant });
    }
  };
  const see = (experiment: string) => {
    seen.add(experiment);
    tellExposures();
  };
  let looked = false;
  const expose = () => {
    looked = true;
    for (const experiment of [...(word?.shaped ?? []), ...turned.keys()]) see(experiment);
  };

  const postProfile = async (body: string) => {
    const answer = await post('/api/profile', body);
    if (isLater(answer)) return false;
    store.set('profile', '');
    const { token } = await answer.json();
    if (token && !atEdge) store.set('token', token);
    return answer.ok;
  };

  const open = () => {
    if (!snapshot) {
      snapshot = openSnapshot(
        options.base ?? '/_fl',
        options.publicKey,
        atEdge,
        (key) => Math.max(options.minVersion ?? 0, +store.get(versionOf(key))),
        Object.entries(word?.flags ?? {}).some(([key, value]) => value && ADJUSTS.test(key)),
      );
      snapshot.then(
        ({ manifest: { publicKey, version } }) =>
          allows('personalization') && store.set(versionOf(publicKey), `${version}`),
        () => {
          snapshot = undefined; // the next attempt asks again
        },
      );
    }
    return snapshot;
  };

  const learn = (
    loaded: Decider,
    { contentId, action, ...event }: Omit<TrackedEvent, 'eventId' | 'occurredAt'>,
  ) =>
    contentId && action !== 'exposure' && action !== 'would_show'
      ? loaded.interact({ ...event, contentId, action }, nowS())
      : false;

  /** `replay`: with what the worker will have taken into the record once it has it. */
  const use = async <T>(work: (engine: Decider) => T, replay = workerLearns()): Promise<T> => {
    const { manifest, pack, module, rules, flags } = await open();
    const { canary } = manifest;
    const visit = (loaded: Decider) => {
      choices();
      attempt(() => loaded.loadVisitor(record)); // what is not a record is nobody's
      if (replay) for (const event of outbox.pending()) learn(loaded, event);
      return loaded;
    };
    const enter = async (wanted: number, isCanary = false) => {
      const bytes = await pack(wanted, isCanary);
      if (!engine || bytes !== inEngine)
        engine = (options.engine ?? rules?.Engine ?? Decider).load(module, bytes);
      inEngine = bytes;
      segment = wanted;
      return engine;
    };
    // The segment's rules are in every pack; its best items only in its own.
    const first = visit(await enter(engine ? segment : 0));
    const known = personalizes();
    const id = !atEdge && known && allows('measurement') && canary && (first as Engine).unitId();
    const arm = id ? rules?.armOfUnit(canary as Canary, id) : undefined;
    const variant = canary && (word?.experiments?.[canary.experiment] ?? arm?.variant);
    // Visited last of all without a pause, because another call may have come between.
    const loaded = visit(await enter(first.segmentIndex(), variant === 'canary'));
    if (!rules) return work(loaded);
    if (!word) {
      const surroundings = options.context ?? 0;
      const leave = { personalize: known, measure: allows('measurement') };
      const view = { surroundings, language: locale(), url: location.href, leave, arm };
      const { page, hasStuck } = rules.evaluatePage(loaded as Engine, flags, view);
      word = page;
      if (hasStuck) {
        record = loaded.visitorRecord();
        save();
      }
      if (looked) expose();
    }
    return rules.obeying(loaded as Engine, word, () => work(loaded));
  };

  const decide = async (slots?: readonly SlotRequest[]) => {
    const decision = await use((loaded) =>
      loaded.decide(slots ?? options.slots ?? loaded.slotNames.map((slot) => ({ slot })), {
        now: nowS(),
        locale: locale(),
        surroundings: options.context,
      }),
    );
    // A denial may have come since; answers of this view count in spite of one.
    if (!slots && (personalizes() || holdsAnything(record))) emit(decision);
    return decision;
  };
  const answered = (loaded: Decider, answers: Answers) => {
    for (const [question, value] of Object.entries(answers)) {
      loaded.answer(question, [value].flat().map(String));
    }
    return loaded;
  };
  const locale = () => options.locale ?? document.documentElement.lang;

  const sendProfile = (body = store.get('profile')) => {
    if (body) posted = postProfile(body).catch(() => false);
  };

  const forget = () => {
    if (!allows('measurement')) {
      outbox.clear();
      for (const key of store.keys('x-')) store.set(key, '');
    }
    if (isRefused()) store.clear();
  };

  forget(); // a choice may have been made in a form, without this SDK
  sendProfile();
  if (api !== undefined) {
    document.addEventListener('visibilitychange', tellExposures);
    addEventListener('pagehide', outbox.flush);
    addEventListener('online', () => {
      outbox.flush();
      sendProfile();
    });
  }

  return {
    get decision() {
      return latest;
    },
    get personalizes() {
      return personalizes();
    },
    get posted() {
      return posted;
    },
    decide,
    async refresh() {
      const good = snapshot;
      snapshot = undefined;
      try {
        await open();
        engine = undefined;
      } catch {
        snapshot = good;
      }
      return decide();
    },
    async prefetch(answers) {
      const { manifest, pack } = await open();
      if (answers)
        await pack(await use((loaded) => answered(loaded, answers).segmentIndex(), false), false);
      else for (const { segment } of manifest.packs) await pack(segment, false);
    },
    async profile(answers, rest) {
      choose(rest?.consent);
      try {
        await use((loaded) => {
          record = answered(loaded, answers).visitorRecord();
        }, false);
        // Kept because the person asked for it by submitting, unless they have said no.
        if (personalizes()) save();
        return await decide();
      } finally {
        if (api !== undefined) {
          const body = JSON.stringify({
            ...rest,
            visitorId: visitorId(),
            questionnaireData: answers,
            lenient: true,
          });
          store.set('profile', body); // until the receipt
          sendProfile(body);
        }
      }
    },
    track(interaction) {
      report({ ...interaction, context: options.context });
      if (workerLearns() || !allows('personalization')) return;
      use((loaded) => {
        // A denial may have come since.
        if (!allows('personalization') || !learn(loaded, interaction)) return;
        record = loaded.visitorRecord();
        save();
        if (latest) emit({ ...loaded.decide([], { now: nowS() }), slots: latest.slots });
      }).catch(() => {}); // no engine, no history
    },
    flag(key, fallback) {
      const experiment = word?.behind?.[key];
      if (experiment) see(experiment);
      return (word?.flags?.[key] ?? fallback) as typeof fallback;
    },
    get flags() {
      return word;
    },
    async loadFlags() {
      if (!atEdge && !word) await use(() => {});
      return word;
    },
    expose,
    trackConversion: (goal, value) =>
      report({ action: 'convert', goal, ...(value !== undefined && { value }) }),
    flush: outbox.flush,
    allows,
    choices,
    consent(changes) {
      choose(changes);
      save();
      forget();
      tellExposures();
      if (api !== undefined) post('/api/privacy/consent', choices()).catch(() => {});
      if (personalizes())
        decide().catch(() => {}); // without an engine the page keeps its own content
      else emit();
    },
    on(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    fields(entry) {
      const index = engine ? engine.findItem(entry.id) : -1;
      if (!engine || index < 0) return undefined;
      const { id, type, matchReason, confidence } = entry;
      return { ...engine.itemBody(index, locale()), id, type, matchReason, confidence };
    },
    use,
  };
}
