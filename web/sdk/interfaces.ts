// SPEC.md's interfaces over the client and its engine. An entry point of its own (build/web/interfaces.js), because a
// page that only shows a decision needs none of it.
//
//   const footlight = createFootlight({ publicKey: '…', engine: Engine });
//   const matcher = new ContentMatcherImpl(footlight);
//   await matcher.matchContent({ format: 'Feature Film' }, { id: '…' });
//
// A browser knows one visitor, its own: `userId` is what the interfaces ask for, and it names that visitor. What an item
// is comes from the snapshot's pack that is loaded; items that are not in it match nothing.
import { type Decider, Engine, type EntryData } from '../../wasm/binding/engine.js';
import type { Fields } from '../../wasm/binding/fields.js';
import type { Footlight } from './client.js';
import { nowS } from './snapshot.js';
import type {
  CacheManager,
  Content,
  ContentMatcher,
  InteractionData,
  MatchFactor,
  MatchResult,
  PersonalizationData,
  Recommendation,
  RecommendationEngine,
  RequestContext,
  UserProfile,
} from './spec.js';

export type * from './spec.js';
export { Engine };

/** core/match/match.h's default `slope`; a site's own is in its weights. */
const CONFIDENCE_SLOPE = 3;
/** Parts of a score that are not the content's match with the profile. */
const OTHER_FACTORS = new Set(['', 'default', 'history', 'segment', 'popular', 'pinned', 'visit']);
const SLOT_OF_TYPE = {
  project: 'projects',
  service: 'services',
  testimonial: 'testimonials',
  resource: 'resources',
} as const;
const QUESTIONS = [
  'timeline',
  'personal_meaning',
  'project_for',
  'format',
  'materials',
  'excited_parts',
  'involvement',
  'start_timing',
  'budget',
  'logline',
  'description',
  'want_consult',
  'preferred_genres',
] as const;

export class ContentMatcherImpl implements ContentMatcher {
  readonly #client: Footlight;

  /** The client must have been made with `engine: Engine`. */
  constructor(client: Footlight) {
    this.#client = client;
  }

  async matchContent(userProfile: UserProfile, content: Content): Promise<MatchResult> {
    const factors = await this.#client.use((loaded) => {
      const engine = explaining(loaded);
      engine.loadVisitor(); // the profile given, not the visitor's own
      for (const question of QUESTIONS) {
        const value = userProfile[question];
        if (value !== undefined) engine.answer(question, [value].flat().map(String));
      }
      const index = engine.findItem(content.id);
      const all = index < 0 ? [] : engine.explain(index, nowS());
      return all.filter(({ type, score }) => score > 0 && !OTHER_FACTORS.has(type));
    });
    return {
      confidence: this.calculateConfidence(factors),
      reason: this.generateMatchReason(factors),
      factors,
    };
  }

  /** 1 - e^(-3 sum): 0 for no factor, rising with each, below 1. */
  calculateConfidence(matchFactors: readonly MatchFactor[]): number {
    const sum = matchFactors.reduce((total, { score }) => total + Math.max(0, score), 0);
    return Math.min(0.9999, 1 - Math.exp(-CONFIDENCE_SLOPE * sum));
  }

  /** The words of the factor that contributed most; '' for none. */
  generateMatchReason(matchFactors: readonly MatchFactor[]): string {
    const top = [...matchFactors].sort((a, b) => b.score - a.score)[0];
    if (!top || top.score <= 0) return '';
    return top.reason || `Matches your ${top.type.replace(/_match$/, '').replaceAll('_', ' ')}`;
  }
}

export class LocalRecommendationEngine implements RecommendationEngine {
  readonly #client: Footlight;

  constructor(client: Footlight) {
    this.#client = client;
  }

  async generateRecommendations(
    _userId: string,
    context: RequestContext,
  ): Promise<Recommendation[]> {
    const types = context.types ?? (['project', 'service', 'testimonial', 'resource'] as const);
    const slots = types.map((type) => ({
      slot: SLOT_OF_TYPE[type],
      ...(context.limit !== undefined && { limit: context.limit }),
    }));
    const decision = await this.#client.decide(slots);
    return Object.values(decision.slots)
      .flat()
      .map((entry) => toRecommendation(this.#client, entry))
      .sort((a, b) => b.confidence - a.confidence);
  }

  async updateModel(interaction: InteractionData): Promise<void> {
    this.#client.track(interaction);
  }

  async getPersonalizationScore(): Promise<number> {
    return (await this.#client.decide([])).personalizationScore;
  }
}

function toRecommendation(client: Footlight, entry: EntryData): Recommendation {
  const fields = client.fields(entry) ?? {};
  const text = (...names: string[]) =>
    names.map((name) => fields[name]).find((value) => typeof value === 'string');
  const title = text('title', 'name', 'author');
  const description = text('description', 'logline', 'quote', 'subtitle');
  const url = text('url');
  return {
    id: entry.id,
    type: entry.type,
    ...(title !== undefined && { title }),
    ...(description !== undefined && { description }),
    ...(url !== undefined && { url }),
    matchReason: entry.matchReason,
    confidence: entry.confidence,
    engagementRate: entry.engagementRate,
  };
}

export class ContentBasedFiltering {
  readonly #client: Footlight;

  /** The client must have been made with `engine: Engine`. */
  constructor(client: Footlight) {
    this.#client = client;
  }

  /** Cosine of the items' attributes, 0 to 1; 0 when one is not known. */
  async calculateContentSimilarity(content1: Content, content2: Content): Promise<number> {
    return this.#client.use((loaded) => {
      const [a, b] = [loaded.findItem(content1.id), loaded.findItem(content2.id)];
      return a < 0 || b < 0 ? 0 : explaining(loaded).similarity(a, b);
    });
  }

  /** Most similar first; ties end at the lower index. Items without content of their own are left out. */
  async recommendSimilarContent(contentId: string, limit: number): Promise<Content[]> {
    return this.#client.use((loaded) => {
      const engine = explaining(loaded);
      const from = engine.findItem(contentId);
      if (from < 0) return [];
      const others = Array.from({ length: engine.itemCount }, (_, index) => index)
        .filter((index) => index !== from && Object.keys(engine.itemBody(index)).length > 0)
        .map((index) => ({ index, similarity: engine.similarity(from, index) }))
        .filter(({ similarity }) => similarity > 0)
        .sort((a, b) => b.similarity - a.similarity || a.index - b.index);
      return others.slice(0, limit).map(({ index, similarity }) => ({
        ...titled(engine.itemBody(index)),
        id: engine.itemUuid(index),
        type: engine.itemType(index),
        similarity,
      }));
    });
  }
}

/** Per page view and visitor; a new decision of the client ends what was kept. */
export class MemoryCache implements CacheManager {
  readonly #users = new Map<string, Map<string, unknown>>();

  constructor(client?: Footlight) {
    client?.on(() => this.#users.clear());
  }

  async getPersonalizedContent(userId: string, page: string): Promise<unknown> {
    return this.#users.get(userId)?.get(page);
  }

  async setPersonalizedContent(userId: string, page: string, content: unknown): Promise<void> {
    const pages = this.#users.get(userId) ?? new Map<string, unknown>();
    this.#users.set(userId, pages.set(page, content));
  }

  async invalidateUserCache(userId: string): Promise<void> {
    this.#users.delete(userId);
  }
}

/** What GET /api/personalization/homepage would answer, decided here. */
export async function personalizationData(client: Footlight): Promise<PersonalizationData> {
  const slots = ['hero', 'projects', 'testimonials', 'services'];
  const decision = await client.decide(slots.map((slot) => ({ slot })));
  const items = (slot: string) =>
    (decision.slots[slot] ?? []).map((entry) => client.fields(entry)).filter(Boolean) as unknown[];
  return {
    hero: (items('hero')[0] ?? null) as PersonalizationData['hero'],
    featuredProjects: items('projects') as PersonalizationData['featuredProjects'],
    testimonials: items('testimonials') as PersonalizationData['testimonials'],
    services: items('services') as PersonalizationData['services'],
  };
}

/** Testimonials and services have a name of another kind. */
function titled(body: Fields): Fields {
  const title = body.title ?? body.name ?? body.author;
  return title === undefined ? body : { ...body, title };
}

function explaining(engine: Decider): Engine {
  if (engine instanceof Engine) return engine;
  throw new TypeError('createFootlight() needs { engine: Engine } for this');
}
