// SPEC.md's interfaces over the client and its engine. An entry point of its own (build/web/interfaces.js), because a
// page that only shows a decision needs none of it.
//
//   const footlight = createFootlight({ publicKey: '…', engine: Engine });
//   const matcher = new ContentMatcherImpl(footlight);
//   await matcher.matchContent({ format: 'Feature Film' }, { id: '…' });
//
// A browser knows one visitor, its own: `userId` is what the interfaces ask for, and it names that visitor. What an item
// is comes from the snapshot's pack that is loaded; items that are not in it match nothing.
import {
  type Decider,
  Engine,
  type EntryData,
  type Feature,
  type Prediction,
} from '../../wasm/binding/engine.js';
import type { Fields } from '../../wasm/binding/fields.js';
import type { Footlight } from './client.js';
import { type OriginAccess, trainAtOrigin } from './origin.js';
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
  UserInteractionData,
  UserProfile,
} from './spec.js';

export { type ABTestingAccess, ABTestingFramework } from './ab_testing.js';
export { surroundingsHere } from './here.js';
export {
  CollaborativeFiltering,
  type Job,
  type JobState,
  type OriginAccess,
  OriginError,
  PersonalizationPrecomputer,
  type User,
} from './origin.js';
export type * from './spec.js';
export { Engine, type Feature, type Prediction };

/** core/match/match.h's default `slope`; a site's own is in its weights. */
const CONFIDENCE_SLOPE = 3;
/** Parts of a score that are not the content's match with the profile. */
const OTHER_FACTORS = new Set(['', 'default', 'history', 'segment', 'popular', 'pinned', 'visit']);
/** What is said of an item that is not in the pack, and of every item while there is no engagement model. */
const UNKNOWN = { click: 0, engage: 0, convert: 0, probability: null };
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
      withProfile(engine, userProfile);
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

/**
 * The engagement model. It learns on the origin, from everybody, and predicts here, on the device, from the snapshot
 * that is loaded: the two take different things to be made with, and either may be left out.
 */
export class MLPersonalizationModel {
  readonly #client: Footlight | undefined;
  readonly #access: OriginAccess;

  /** The client, made with `engine: Engine`, is for predictions; `access` with an API key for `train`, on a server. */
  constructor(client?: Footlight, access: OriginAccess = {}) {
    this.#client = client;
    this.#access = access;
  }

  /** How likely this profile is to engage with the content when it is shown first; 0 while nothing is known of it. */
  async predictEngagement(userProfile: UserProfile, content: Content): Promise<number> {
    return (await this.predict(userProfile, content)).engage;
  }

  /** The same for each head, and for being chosen at all. */
  async predict(userProfile: UserProfile, content: Content): Promise<Prediction> {
    return this.#engine((engine) => {
      withProfile(engine, userProfile);
      const index = engine.findItem(content.id);
      return index < 0 ? UNKNOWN : (engine.predict(index, { now: nowS() }) ?? UNKNOWN);
    });
  }

  /** One number for each bin of each field, 1 where the profile is in it, as prepareFeaturesByName() names them. */
  async prepareFeatures(userProfile: UserProfile, _content?: Content): Promise<number[]> {
    const fields = await this.prepareFeaturesByName(userProfile);
    return fields.flatMap(({ count, bins }) =>
      Array.from({ length: count }, (_, bin) => (bins.includes(bin) ? 1 : 0)),
    );
  }

  /** The vector by name. The model sees of the content only which item it is, so that is no field of it. */
  async prepareFeaturesByName(userProfile: UserProfile): Promise<Feature[]> {
    return this.#engine((engine) => {
      withProfile(engine, userProfile);
      return engine.features({ now: nowS() });
    });
  }

  #engine<T>(work: (engine: Engine) => T): Promise<T> {
    if (!this.#client) throw new TypeError('this needs a client with { engine: Engine }');
    return this.#client.use((loaded) => work(explaining(loaded)));
  }

  /**
   * Sends the origin what it does not have yet (an event id makes sending again harmless), has it train on everything
   * it has, and resolves when that is done. What was learned goes live with the next publish.
   */
  async train(userData: readonly UserInteractionData[]): Promise<void> {
    await trainAtOrigin(this.#access, userData);
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

/** What GET /api/personalization/homepage would answer, decided here; in apprentice mode it says so, as that does. */
export async function personalizationData(client: Footlight): Promise<PersonalizationData> {
  const slots = ['hero', 'projects', 'testimonials', 'services'];
  const decision = await client.decide(slots.map((slot) => ({ slot })));
  const items = (slot: string) =>
    (decision.slots[slot] ?? []).map((entry) => client.fields(entry)).filter(Boolean) as unknown[];
  return {
    ...(decision.apprentice && { apprentice: true }),
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

/** The profile given, not the visitor's own. */
function withProfile(engine: Engine, userProfile: UserProfile): void {
  engine.loadVisitor();
  for (const question of QUESTIONS) {
    const value = userProfile[question];
    if (value !== undefined) engine.answer(question, [value].flat().map(String));
  }
}

function explaining(engine: Decider): Engine {
  if (engine instanceof Engine) return engine;
  throw new TypeError('createFootlight() needs { engine: Engine } for this');
}
