// Experiments between addresses: a page sends the visitors of a variant on to another one.
//
// Whoever was sent on is exposed when the other page is seen, and whoever was not when this one is. Both are told by a
// cookie that the SDK takes up and removes, so that the two are counted alike, on pages with and without slots.
import type { Leave } from '../wasm/binding/page_flags.js';
import { evaluate, pageAttributes } from './flags.js';
import type { Live } from './snapshots.js';
import { SHAPED_COOKIE } from './visitor.js';

const MAX_AGE_S = 60;

export interface Turn {
  /** where to; undefined: the page stays */
  location: string | undefined;
  /** Set-Cookie; undefined where the variant was forced, which is a look at it and no exposure */
  cookie: string | undefined;
}

/** Undefined where no such experiment is about this page and visitor (the engine's current one). */
export function turnOf(
  live: Live,
  request: Request,
  surroundings: number,
  leave: Leave,
): Turn | undefined {
  const attributes = pageAttributes(live, request, surroundings, undefined, leave);
  const told: string[] = [];
  let location: string | undefined;
  let isAbout = false;
  for (const one of evaluate(live, attributes, request.url)?.experiments() ?? []) {
    if (!one.inExperiment) continue;
    isAbout = true;
    if (one.hashUsed) told.push(`${one.experiment}:${one.variant}`);
    location ??= targetOf(one.value, request.url);
  }
  if (!isAbout) return undefined;
  const age = `Path=/; Max-Age=${MAX_AGE_S}; Secure; SameSite=Lax`;
  return {
    location,
    cookie: told.length > 0 ? `${SHAPED_COOKIE}=${told.join(',')}; ${age}` : undefined,
  };
}

/** Never the page itself, and only http and https. */
function targetOf(value: unknown, from: string): string | undefined {
  const { urlRedirect, persistQueryString } = (value ?? {}) as {
    urlRedirect?: unknown;
    persistQueryString?: unknown;
  };
  if (typeof urlRedirect !== 'string' || !urlRedirect) return undefined;
  const here = new URL(from);
  const target = URL.canParse(urlRedirect, from) ? new URL(urlRedirect, from) : undefined;
  if (!target || !/^https?:$/.test(target.protocol)) return undefined;
  if (target.host === here.host && target.pathname === here.pathname) return undefined;
  if (persistQueryString === true) {
    for (const [name, text] of here.searchParams) {
      if (!target.searchParams.has(name)) target.searchParams.append(name, text);
    }
  }
  return target.href;
}
