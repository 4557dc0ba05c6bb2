// A provider for OpenFeature's server SDK: flags of a snapshot, evaluated where the server runs, Node or a worker, without
// asking anybody. What is drawn for a unit is reported as an exposure, and track() as a conversion.
//
//   const engine = Engine.load(module, snapshot);                 // engine_full.wasm, and a published snapshot's bytes
//   const flags = new Flags(engine.flagExports);
//   await OpenFeature.setProviderAndWait(new FootlightServerProvider({ flags, api: 'https://origin.example' }));
import type {
  EvaluationContext,
  JsonValue,
  Provider,
  ProviderMetadata,
  ResolutionDetails,
  TrackingEventDetails,
} from '@openfeature/server-sdk';
import type { Assignment, Flags, Source } from '../wasm/binding/flags.js';
import type { Json } from '../wasm/binding/values.js';

export interface ServerProviderOptions {
  flags: Pick<Flags, 'evaluate'>;
  /** The origin, or the worker in front of it; without one nothing is reported. */
  api?: string;
  /** Default: the platform's own. */
  fetch?: typeof fetch;
}

type Kind = 'boolean' | 'string' | 'number' | 'object';

const REASONS: Record<Source, string> = {
  unknownFeature: 'ERROR',
  cyclicPrerequisite: 'ERROR',
  override: 'STATIC',
  prerequisite: 'DISABLED',
  force: 'TARGETING_MATCH',
  experiment: 'SPLIT',
  defaultValue: 'DEFAULT',
};
/** Units whose exposures are remembered; beyond it some are reported again, and the origin counts them once. */
const MAX_REMEMBERED = 100000;
const BATCH_MS = 250;
const MAX_BATCH = 200;
const MAX_WAITING = 10000;

export class FootlightServerProvider implements Provider {
  readonly runsOn = 'server';
  readonly metadata: ProviderMetadata = { name: 'footlight' };
  readonly #options: ServerProviderOptions;
  readonly #told = new Set<string>();
  #waiting: Record<string, unknown>[] = [];
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ServerProviderOptions) {
    this.#options = options;
  }

  async resolveBooleanEvaluation(key: string, fallback: boolean, context: EvaluationContext) {
    return this.#resolve(key, fallback, 'boolean', context);
  }

  async resolveStringEvaluation(key: string, fallback: string, context: EvaluationContext) {
    return this.#resolve(key, fallback, 'string', context);
  }

  async resolveNumberEvaluation(key: string, fallback: number, context: EvaluationContext) {
    return this.#resolve(key, fallback, 'number', context);
  }

  async resolveObjectEvaluation<T extends JsonValue>(
    key: string,
    fallback: T,
    context: EvaluationContext,
  ) {
    return this.#resolve(key, fallback, 'object', context);
  }

  /** A goal was reached by the context's targetingKey. */
  track(name: string, { targetingKey }: EvaluationContext, details?: TrackingEventDetails): void {
    if (!targetingKey) return; // nobody's
    const value = details?.value;
    this.#report({
      action: 'convert',
      goal: name,
      visitorId: targetingKey,
      ...(value !== undefined && { value }),
    });
  }

  /** Sends what waits. Never rejects: what cannot be sent goes with the next. */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.slice(0, MAX_BATCH);
      const ask = this.#options.fetch ?? fetch;
      const answer = await ask(`${this.#options.api}/api/personalization/interactions`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ interactions: batch }),
      }).catch(() => undefined);
      if (!answer || answer.status === 429 || answer.status >= 500) return;
      this.#waiting = this.#waiting.slice(batch.length);
    }
  }

  onClose(): Promise<void> {
    return this.flush();
  }

  #resolve<T>(
    key: string,
    fallback: T,
    kind: Kind,
    { targetingKey, ...context }: EvaluationContext,
  ): ResolutionDetails<T> {
    const fail = (errorCode: string): ResolutionDetails<T> =>
      ({ value: fallback, reason: 'ERROR', errorCode }) as ResolutionDetails<T>;
    const attributes: Record<string, Json | undefined> = {
      ...(context as Record<string, Json>),
      ...(targetingKey !== undefined && { targetingKey, id: (context.id as Json) ?? targetingKey }),
    };
    const url = typeof context.url === 'string' ? { url: context.url } : {};
    const evaluation = this.#options.flags.evaluate(
      { attributes, ...url },
      Math.floor(Date.now() / 1000),
    );
    const { value, source, assignment } = evaluation.feature(key);
    if (source === 'unknownFeature') return fail('FLAG_NOT_FOUND');
    if (source === 'cyclicPrerequisite') return fail('GENERAL');
    if (assignment && targetingKey) this.#expose(targetingKey, assignment);
    const reason = REASONS[source];
    if (value === null) return { value: fallback, reason: 'DEFAULT' };
    if (typeof value !== kind) return fail('TYPE_MISMATCH');
    return { value: value as T, reason, ...(assignment && { variant: assignment.variant }) };
  }

  #expose(visitorId: string, { experiment, variant, inExperiment, hashUsed }: Assignment): void {
    if (!inExperiment || !hashUsed) return;
    const known = JSON.stringify([visitorId, experiment, variant]);
    if (this.#told.has(known)) return;
    if (this.#told.size >= MAX_REMEMBERED) this.#told.clear();
    this.#told.add(known);
    this.#report({ action: 'exposure', experiment, variant, visitorId });
  }

  #report(event: Record<string, unknown>): void {
    if (this.#options.api === undefined || this.#waiting.length >= MAX_WAITING) return;
    this.#waiting.push({
      ...event,
      eventId: crypto.randomUUID(),
      occurredAt: new Date().toISOString(),
    });
    this.#timer ??= setTimeout(() => void this.flush(), BATCH_MS);
  }
}
