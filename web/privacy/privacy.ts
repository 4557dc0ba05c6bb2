// A copy of everything, the settings, and the end of it.
//
//   const privacy = privacyOf({ mode: 'edge' });
//   const copy = await privacy.exportProfile();          // origin/privacy/EXPORT.md
//   const receipt = await privacy.eraseProfile();        // and everything of ours in this browser is gone
//
// The authority is the profile's token: a cookie that the worker reads, or, without a worker, what the SDK has stored.
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

  const ask = async (path: string, method = 'GET', body?: unknown) => {
    if (options.mode === 'local') throw new Error('unreachable');
    const token = store.get('token');
    const answer = await fetch(`${options.api ?? ''}/api/privacy/${path}`, {
      method,
      headers: {
        ...(token && { authorization: `Bearer ${token}` }),
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
      // In local mode, and without a token, all there is lies here.
      const isKnown = options.mode !== 'local' && (atEdge || store.get('token') !== '');
      const answer = isKnown ? await ask('profile', 'DELETE') : undefined;
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
