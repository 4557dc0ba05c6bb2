// The worker's bindings and variables; wrangler.toml explains each to the one who deploys.

export interface Env {
  /** where `footlight publish` puts the manifest and its files; without it they come from ORIGIN_URL */
  FOOTLIGHT?: KVNamespace;
  /** the Footlight origin */
  ORIGIN_URL?: string;
  /** the site behind the worker; without it the request goes where the route leads */
  SITE_URL?: string;
  /** Ed25519, base64 of 32 bytes; several with commas */
  PUBLIC_KEY?: string;
  MIN_VERSION?: string;
  CONSENT_MODE?: string;
  SNAPSHOT_REFRESH_S?: string;
  PAGE_REVALIDATE_S?: string;
  PAGE_CACHE_MB?: string;
}

export interface Settings {
  originUrl: string;
  siteUrl: string;
  publicKey: string;
  minVersion: number;
  consentMode: 'opt-in' | 'opt-out';
  /** how often the manifest is looked at */
  snapshotRefreshMs: number;
  /** how often a kept page is checked upstream; zero: before every answer */
  pageRevalidateMs: number;
  pageCacheBytes: number;
}

let known: { env: Env; settings: Settings } | undefined;

/** The settings of `env`, read once: an isolate has one environment for its life. */
export function settingsOf(env: Env): Settings {
  if (known?.env === env) return known.settings;
  const settings: Settings = {
    originUrl: (env.ORIGIN_URL ?? '').replace(/\/+$/, ''),
    siteUrl: (env.SITE_URL ?? '').replace(/\/+$/, ''),
    publicKey: env.PUBLIC_KEY ?? '',
    minVersion: number(env.MIN_VERSION, 0),
    consentMode: env.CONSENT_MODE === 'opt-out' ? 'opt-out' : 'opt-in',
    snapshotRefreshMs: 1000 * number(env.SNAPSHOT_REFRESH_S, 10),
    pageRevalidateMs: 1000 * number(env.PAGE_REVALIDATE_S, 5),
    pageCacheBytes: 1048576 * number(env.PAGE_CACHE_MB, 16),
  };
  known = { env, settings };
  return settings;
}

function number(text: string | undefined, otherwise: number): number {
  const value = Number.parseFloat(text ?? '');
  return Number.isFinite(value) && value >= 0 ? value : otherwise;
}
