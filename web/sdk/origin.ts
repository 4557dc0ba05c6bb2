// SPEC.md's classes that work on the origin: what needs everybody's data cannot be done on one visitor's device.
//
//   const filtering = new CollaborativeFiltering({ api: 'https://origin.example', token, userId });
//   await filtering.recommendBasedOnSimilarity(userId, content);        // in the browser, for the visitor's own token
//   const server = { api: 'http://127.0.0.1:8787', apiKey: process.env.FOOTLIGHT_KEY };
//   await new CollaborativeFiltering(server).findSimilarUsers(userId);  // on a server
//
// An API key opens everybody's data: it belongs on a server and never into a page. Every failure rejects with an
// OriginError that carries the problem's stable code (origin/http/PROBLEMS.md).
import type { Content, UserInteractionData, UserSegment } from './spec.js';

export interface OriginAccess {
  /** Of the origin, or of the worker in front of it; default '' (this host). */
  api?: string;
  /** The visitor's bearer token: the visitor's own data. */
  token?: string;
  /** A key with scope admin: everybody's data. On servers only. */
  apiKey?: string;
  /** Default: the platform's own. */
  fetch?: typeof fetch;
}

export class OriginError extends Error {
  /** RFC 9457 `code`, "forbidden"; "unreadable" for an answer that is no problem document. */
  readonly code: string;
  readonly status: number;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.name = 'OriginError';
    this.status = status;
    this.code = code;
  }
}

/** Somebody with similar answers and choices. */
export interface User {
  id: string;
  /** 0 to 1 */
  similarity: number;
  sharedAnswers: number;
  sharedItems: number;
  /** 1 to 5 */
  engagementLevel: number;
}

export type JobState = 'queued' | 'running' | 'done' | 'failed';

/** Long work of the origin. */
export interface Job {
  id: string;
  kind: string;
  state: JobState;
  stage: string;
  /** of the stage, 0 to 1 */
  progress: number | null;
  dueAt: string;
  report: unknown;
  error: string | null;
}

const EVERY_TYPE = 'project,service,testimonial,resource,deck,case_study';
const MOST_ITEMS = 24;
const MOST_EVENTS = 500;
const POLL_MS = 500;

/** Asks the origin; every failure is an OriginError. */
export class Origin {
  readonly #access: OriginAccess;

  constructor(access: OriginAccess) {
    this.#access = access;
  }

  get hasKey(): boolean {
    return this.#access.apiKey !== undefined;
  }

  /** With the API key. */
  admin<T>(method: string, path: string, body?: unknown): Promise<T> {
    const { apiKey } = this.#access;
    if (!apiKey) throw new OriginError(401, 'unauthorized', 'this needs { apiKey }, on a server');
    return this.send(method, `/api/admin${path}`, body, { authorization: `Bearer ${apiKey}` });
  }

  /** With the visitor's token. */
  own<T>(userId: string, path: string): Promise<T> {
    const { token } = this.#access;
    if (!token) throw new OriginError(401, 'unauthorized', 'this needs { token } or { apiKey }');
    const headers = { authorization: `Bearer ${token}`, 'x-user-id': userId };
    return this.send('GET', path, undefined, headers);
  }

  async send<T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<T> {
    const ask = this.#access.fetch ?? fetch;
    const answer = await ask((this.#access.api ?? '') + path, {
      method,
      headers: { ...headers, ...(body !== undefined && { 'content-type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const json: unknown = await answer.json().catch(() => undefined);
    if (answer.ok && json !== undefined) return json as T;
    const { code, detail, title } = (json ?? {}) as Record<string, string | undefined>;
    throw new OriginError(
      answer.status,
      code ?? 'unreadable',
      detail ?? title ?? `${method} ${path}`,
    );
  }
}

export class CollaborativeFiltering {
  readonly #origin: Origin;

  constructor(access: OriginAccess) {
    this.#origin = new Origin(access);
  }

  /** Most similar first; never who has refused personalization. Needs an API key: the ids are other people's. */
  async findSimilarUsers(targetUserId: string, limit = 10): Promise<User[]> {
    const id = encodeURIComponent(targetUserId);
    const { similarUsers } = await this.#origin.admin<{ similarUsers: User[] }>(
      'GET',
      `/profiles/${id}/similar?limit=${limit}`,
    );
    return similarUsers;
  }

  /**
   * What similar visitors chose of `content` (an empty list: of everything), best first, with matchReason and
   * confidence; at most 24. With a visitor's token, for that visitor alone, and only what five similar visitors or more
   * stand behind.
   */
  async recommendBasedOnSimilarity(
    userId: string,
    content: readonly Content[],
  ): Promise<Content[]> {
    const query = `recommendations?method=collaborative&type=${EVERY_TYPE}&limit=${MOST_ITEMS}`;
    const { recommendations } = this.#origin.hasKey
      ? await this.#origin.admin<{ recommendations: Content[] }>(
          'GET',
          `/profiles/${encodeURIComponent(userId)}/${query}`,
        )
      : await this.#origin.own<{ recommendations: Content[] }>(
          userId,
          `/api/personalization/${query}`,
        );
    if (content.length === 0) return recommendations;
    const given = new Map(content.map((item) => [item.id, item]));
    return recommendations
      .filter(({ id }) => given.has(id))
      .map((item) => ({ ...given.get(item.id), ...item }));
  }
}

export class PersonalizationPrecomputer {
  readonly #origin: Origin;

  /** Needs an API key: on a server. */
  constructor(access: OriginAccess) {
    this.#origin = new Origin(access);
  }

  /** The homepage of one profile, now. Nothing is kept for somebody who has refused it. */
  async precomputeForUser(userId: string): Promise<void> {
    await this.#origin.admin('POST', '/precompute', { userId });
  }

  /** Every publish computes them; this looks whether the live snapshot has the segment, and rejects when not. */
  async precomputeForSegment(segment: UserSegment): Promise<void> {
    await this.#origin.admin('POST', '/precompute', { segmentId: segment.id });
  }

  /** The homepages of active profiles, in the next off-peak hours of the origin (`footlight serve --off-peak`). */
  async schedulePrecomputations(): Promise<void> {
    await this.#origin.admin('POST', '/precompute', { when: 'off-peak' });
  }
}

/** Training, on a server; MLPersonalizationModel.train. */
export async function trainAtOrigin(
  access: OriginAccess,
  userData: readonly UserInteractionData[],
): Promise<Job> {
  const origin = new Origin(access);
  for (let from = 0; from < userData.length; from += MOST_EVENTS) {
    const interactions = userData
      .slice(from, from + MOST_EVENTS)
      .map(({ userId, ...interaction }) => ({ ...interaction, visitorId: userId }));
    await origin.send('POST', '/api/personalization/interactions', { interactions });
  }
  let job = await origin.admin<Job>('POST', '/train');
  while (job.state === 'queued' || job.state === 'running') {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    job = await origin.admin<Job>('GET', `/jobs/${job.id}`);
  }
  if (job.state === 'failed') throw new OriginError(500, 'failed', job.error ?? 'training failed');
  return job;
}
