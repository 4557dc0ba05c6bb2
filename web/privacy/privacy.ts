// A copy of everything, the settings, and the end of it.
//
//   const privacy = privacyOf({ mode: 'edge' });
//   const copy = await privacy.exportProfile();          // origin/privacy/EXPORT.md
//   const receipt = await privacy.eraseProfile();        // and everything of ours in this browser is gone
//
// The authority is the profile's token: a cookie that the worker reads, or, without a worker, what the SDK has stored.
// Whoever has no profile shows the unit id of their record.
import { fromBase64 } from '../../wasm/binding/manifest.js';
import { unitId } from '../sdk/record.js';
import { openStore } from '../sdk/store.js';

export interface PrivacyOptions {
  /** As the SDK's. */
  mode?: 'edge' | 'static' | 'local';
  /** Origin or edge, as the SDK's; default '' (this host). */
  api?: string;
}

export interface PrivacySettings {
  personalization: 'granted' | 'denied' | 'unset';
  measurement: 'granted' | 'denied' | 'unset';
  /** whether the model may learn from what was counted */
  training: 'granted' | 'denied';
  optedOut: boolean;
}

export interface ConsentChange {
  purpose: keyof PrivacySettings;
  choice: 'granted' | 'denied' | 'unset';
  source: string;
  /** ISO 8601 */
  at: string;
}

/** Each rejects with an Error whose message is the problem's code (origin/http/PROBLEMS.md), or 'unreachable'. */
export interface PrivacyClient {
  exportProfile(): Promise<Record<string, unknown>>;
  /** The signed receipt; undefined where there was no profile. Afterwards nothing of ours is in this browser. */
  eraseProfile(): Promise<Record<string, unknown> | undefined>;
  settings(): Promise<PrivacySettings>;
  change(changes: Partial<PrivacySettings>): Promise<PrivacySettings>;
  history(): Promise<ConsentChange[]>;
}

export function privacyOf(options: PrivacyOptions = {}): PrivacyClient {
  const atEdge = options.mode === 'edge';
  const store = openStore(atEdge);

  /** What to show here; a worker sees its cookies by itself. */
  const known = () => {
    const text = atEdge ? '' : store.text();
    return { token: store.get('token'), unit: text ? unitId(fromBase64(text)) : undefined };
  };

  const ask = async (path: string, method = 'GET', body?: unknown) => {
    if (options.mode === 'local') throw new Error('unreachable');
    const { token, unit } = known();
    const answer = await fetch(`${options.api ?? ''}/api/privacy/${path}`, {
      method,
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : unit && { 'x-visitor-id': unit }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    }).catch(() => {
      throw new Error('unreachable');
    });
    const document = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(document.code ?? `${answer.status}`);
    return document;
  };
  /** Record, token, events and what else the SDK keeps. */
  const forgetHere = () => {
    store.clear();
    store.set('record', '');
    if (atEdge) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not everywhere
      document.cookie = '__Host-fl=; Path=/; Secure; SameSite=Lax; Max-Age=0';
    }
  };

  return {
    exportProfile: () => ask('export'),
    async eraseProfile() {
      // In local mode, and of whoever shows nothing, all there is lies here.
      const { token, unit } = known();
      const isKnown = options.mode !== 'local' && (atEdge || token || unit);
      const answer = isKnown
        ? await ask('profile', 'DELETE').catch((error) => {
            if (token || atEdge || error.message !== 'unauthorized') throw error;
            return undefined; // nothing has come to the origin under this id
          })
        : undefined;
      forgetHere();
      return answer?.erasure ? answer : undefined;
    },
    settings: async () => (await ask('settings')).settings,
    async change(changes) {
      await ask('settings', 'PUT', changes);
      return (await ask('settings')).settings;
    },
    history: async () => (await ask('consent')).history,
  };
}
