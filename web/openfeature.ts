// A provider for OpenFeature's web SDK: the flags that the worker has put into the page, with no request at all. On a
// site without a worker they are evaluated in the browser.
//
//   import { OpenFeature } from '@openfeature/web-sdk';
//   OpenFeature.setProvider(new FootlightProvider(footlight));
import type {
  EvaluationContext,
  JsonValue,
  Provider,
  ProviderMetadata,
  ResolutionDetails,
  TrackingEventDetails,
} from '@openfeature/web-sdk';
import type { Footlight } from './sdk/client.js';

type Kind = 'boolean' | 'string' | 'number' | 'object';

/** What the provider asks of a client. */
type Client = Pick<Footlight, 'flags' | 'flag' | 'loadFlags' | 'trackConversion'>;

/** The worker has evaluated for this page view: a context that is set later changes nothing before the next page. */
export class FootlightProvider implements Provider {
  readonly runsOn = 'client';
  readonly metadata: ProviderMetadata = { name: 'footlight' };
  readonly #footlight: Client;

  constructor(footlight: Client) {
    this.#footlight = footlight;
  }

  async initialize(): Promise<void> {
    await this.#footlight.loadFlags();
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

  /** A goal was reached: `track('order', { value: 12.5 })`. */
  track(name: string, _context?: EvaluationContext, details?: TrackingEventDetails): void {
    this.#footlight.trackConversion(name, details?.value);
  }

  /** Resolving a flag is reading it: who is in an experiment behind it is exposed. */
  #resolve<T>(key: string, fallback: T, kind: Kind): ResolutionDetails<T> {
    const { flags, behind, experiments } = this.#footlight.flags ?? {};
    const fail = (errorCode: string): ResolutionDetails<T> =>
      ({ value: fallback, reason: 'ERROR', errorCode }) as ResolutionDetails<T>;
    if (flags === undefined) return fail('PROVIDER_NOT_READY');
    if (!Object.hasOwn(flags, key)) return fail('FLAG_NOT_FOUND');
    const value = this.#footlight.flag<unknown>(key, null);
    if (value === null) return { value: fallback, reason: 'DEFAULT' };
    if (typeof value !== kind) return fail('TYPE_MISMATCH');
    const variant = experiments?.[behind?.[key] ?? ''];
    // Whether a rule or the default gave it stays with the worker.
    if (variant === undefined) return { value: value as T, reason: 'CACHED' };
    return { value: value as T, variant, reason: 'SPLIT' };
  }
}
