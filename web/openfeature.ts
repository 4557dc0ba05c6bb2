// A provider for OpenFeature's web SDK: the flags that the worker has put into the page, with no request at all.
//
//   import { OpenFeature } from '@openfeature/web-sdk';
//   OpenFeature.setProvider(new FootlightProvider(footlight));
import type {
  EvaluationContext,
  JsonValue,
  Provider,
  ProviderMetadata,
  ResolutionDetails,
} from '@openfeature/web-sdk';
import type { Footlight } from './sdk/client.js';

type Kind = 'boolean' | 'string' | 'number' | 'object';

/** The worker has evaluated for this page view: a context that is set later changes nothing before the next page. */
export class FootlightProvider implements Provider {
  readonly runsOn = 'client';
  readonly metadata: ProviderMetadata = { name: 'footlight' };
  readonly #footlight: Pick<Footlight, 'decision'>;

  constructor(footlight: Pick<Footlight, 'decision'>) {
    this.#footlight = footlight;
  }

  resolveBooleanEvaluation(key: string, fallback: boolean, _context?: EvaluationContext) {
    return this.#resolve(key, fallback, 'boolean');
  }

  resolveStringEvaluation(key: string, fallback: string, _context?: EvaluationContext) {
    return this.#resolve(key, fallback, 'string');
  }

  resolveNumberEvaluation(key: string, fallback: number, _context?: EvaluationContext) {
    return this.#resolve(key, fallback, 'number');
  }

  resolveObjectEvaluation<T extends JsonValue>(
    key: string,
    fallback: T,
    _context?: EvaluationContext,
  ) {
    return this.#resolve(key, fallback, 'object');
  }

  #resolve<T>(key: string, fallback: T, kind: Kind): ResolutionDetails<T> {
    const flags = this.#footlight.decision?.flags;
    const fail = (errorCode: string): ResolutionDetails<T> =>
      ({ value: fallback, reason: 'ERROR', errorCode }) as ResolutionDetails<T>;
    if (flags === undefined) return fail('PROVIDER_NOT_READY');
    if (!Object.hasOwn(flags, key)) return fail('FLAG_NOT_FOUND');
    const value = flags[key];
    if (value === null) return { value: fallback, reason: 'DEFAULT' };
    if (typeof value !== kind) return fail('TYPE_MISMATCH');
    return { value: value as T, reason: 'TARGETING_MATCH' };
  }
}
