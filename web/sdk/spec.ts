// The types of SPEC.md under its names. Types only.
import type { ContentType, DecisionData } from '../../wasm/binding/decider.js';

/** The questionnaire and what follows from it; fields left open neither match nor punish. */
export interface UserProfile {
  id?: string;
  timeline?: string;
  personal_meaning?: readonly string[];
  project_for?: string;
  format?: string;
  materials?: readonly string[];
  excited_parts?: readonly string[];
  involvement?: string;
  start_timing?: string;
  budget?: string;
  logline?: string;
  description?: string;
  want_consult?: boolean;
  preferred_format?: string;
  preferred_genres?: readonly string[];
  engagement_level?: number;
  personalization_enabled?: boolean;
  personalization_score?: number;
  personalization_opt_out?: boolean;
}

/** An item by its UUID; its attributes are the snapshot's. */
export interface Content {
  id: string;
  type?: ContentType | 'featured_project';
  [field: string]: unknown;
}

/** `reason` is the snapshot's wording, there when the factor comes from matchContent. */
export interface MatchFactor {
  type: string;
  score: number;
  reason?: string;
}

export interface MatchResult {
  /** 0 to 1, never 1 */
  confidence: number;
  reason: string;
  factors: MatchFactor[];
}

export interface ContentMatcher {
  matchContent(userProfile: UserProfile, content: Content): Promise<MatchResult>;
  calculateConfidence(matchFactors: readonly MatchFactor[]): number;
  generateMatchReason(matchFactors: readonly MatchFactor[]): string;
}

export interface InteractionData {
  contentId: string;
  contentType?: string;
  action: 'view' | 'click' | 'engage' | 'convert';
  /** milliseconds engaged */
  duration?: number;
  feedback?: 'positive' | 'negative' | 'neutral';
}

/** What somebody did, for training. An event id makes sending it twice harmless. */
export interface UserInteractionData extends InteractionData {
  userId: string;
  eventId?: string;
  /** RFC 3339 */
  occurredAt?: string;
}

/** A segment of the snapshot; 0 is everyone. */
export interface UserSegment {
  id: number;
  name?: string;
}

export interface RequestContext {
  /** default: SPEC.md's four */
  types?: readonly ('project' | 'service' | 'testimonial' | 'resource')[];
  /** for each type; default the slot's own */
  limit?: number;
}

export interface Recommendation {
  id: string;
  type: ContentType;
  title?: string;
  description?: string;
  url?: string;
  matchReason: string;
  confidence: number;
  engagementRate: number | null;
}

export interface RecommendationEngine {
  generateRecommendations(userId: string, context: RequestContext): Promise<Recommendation[]>;
  updateModel(interaction: InteractionData): Promise<void>;
  getPersonalizationScore(userId: string): Promise<number>;
}

/** Why an item is there; absent on a page's own default content. */
export interface Matched {
  matchReason?: string;
  confidence?: number;
}

export interface HeroContent extends Matched {
  id?: string;
  title: string;
  subtitle?: string;
  ctaText?: string;
  backgroundVideo?: string;
}

export interface Project extends Matched {
  id: string;
  title: string;
  genre?: string[];
  format?: string;
  logline?: string;
}

export interface Testimonial extends Matched {
  id: string;
  quote: string;
  author?: string;
  projectType?: string;
}

export interface Service extends Matched {
  id: string;
  name: string;
  description?: string;
  highlight?: boolean;
}

/** GET /api/personalization/homepage */
export interface PersonalizationData {
  /** Apprentice mode: this would be shown, and the page keeps its own content. */
  apprentice?: true;
  hero: HeroContent | null;
  featuredProjects: Project[];
  testimonials: Testimonial[];
  services: Service[];
}

export interface PersonalizationContext {
  data: PersonalizationData;
  isLoading: boolean;
  updateInteraction: (interaction: InteractionData) => void;
  refresh: () => void;
}

/** `children` is React's ReactNode, which this package does not depend on. */
export interface PersonalizationProviderProps {
  children: unknown;
  userId?: string;
}

export interface DynamicHeroProps {
  defaultContent: HeroContent;
}

export interface DynamicProjectGridProps {
  defaultProjects: Project[];
}

export interface DynamicTestimonialsProps {
  defaultTestimonials: Testimonial[];
}

export interface DynamicServicesProps {
  defaultServices: Service[];
}

/** One of the two or more things an experiment compares. */
export interface Variant {
  key: string;
  name?: string;
  /** of the experiment's flag */
  value?: unknown;
  /** share, any scale */
  weight?: number;
  [field: string]: unknown;
}

/** An experiment as the origin keeps it (origin/IMPORT.md); dates as RFC 3339 texts where they come from the API. */
export interface ABTest {
  id: string;
  name: string;
  variants: Variant[];
  /** 0 to 1 of the visitors */
  trafficAllocation: number;
  startDate: Date | string;
  endDate: Date | string;
  winner?: string | null;
  [field: string]: unknown;
}

/** What analyzeResults finds (origin/experiment/results.h). */
export interface TestResults {
  experiment: ABTest;
  results: {
    /** the key of a variant, once it is sure and no health check fails */
    winner: string | null;
    /** what to do, in plain words */
    advice: string;
    health: { check: string; passed: boolean; detail: string }[];
    metrics: { name: string; guardrail: boolean; comparisons: Record<string, unknown>[] }[];
  };
  /** units by variant */
  units: Record<string, number>;
  [field: string]: unknown;
}

export interface CacheManager {
  getPersonalizedContent(userId: string, page: string): Promise<unknown>;
  setPersonalizedContent(userId: string, page: string, content: unknown): Promise<void>;
  invalidateUserCache(userId: string): Promise<void>;
}

export type { ContentType, DecisionData };
