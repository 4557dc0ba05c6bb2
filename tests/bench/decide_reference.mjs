// The same decision written straightforwardly in JavaScript: the formulas of core/rank/decide.h over plain objects, as one
// would write them without an engine. `./dev bench decide` checks its answers against the core's and times both.

const U64 = (1n << 64n) - 1n;
const KIND = { default: 0, question: 1, history: 2, segment: 3, popular: 4 };

function mix(z) {
  z = ((z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n) & U64;
  z = ((z ^ (z >> 27n)) * 0x94d049bb133111ebn) & U64;
  return z ^ (z >> 31n);
}

function seedWith(seed, value) {
  return mix(seed ^ mix((value + 0x9e3779b97f4a7c15n) & U64));
}

class Random {
  constructor(seed) {
    this.state = seed;
  }
  uniform() {
    this.state = (this.state + 0x9e3779b97f4a7c15n) & U64;
    return Number(mix(this.state) >> 11n) * 2 ** -53;
  }
}

/** Turns the JSON of bench_decide into objects with maps: done once, not timed. */
export function prepare(site) {
  for (const item of site.items) {
    item.affinity = new Map(item.affinity ?? []);
    item.neighbours = new Map(item.neighbours ?? []);
  }
  site.byId = new Map(site.items.map((item) => [item.id, item]));
  site.visitor.answers = new Set(site.visitor.answers);
  return site;
}

function recency(entry, today, halfLife) {
  return today <= entry.day ? 1 : 2 ** (-(today - entry.day) / halfLife);
}

/** An item-item sum is divided by the weight of the choices in it, to the power of an exponent. */
function damping(site, today) {
  const { visitor, weights } = site;
  const chosen = visitor.history.reduce((s, e) => s + recency(e, today, weights.halfLife), 0);
  return Math.max(1, chosen) ** -weights.historyExponent;
}

function preferences(site, today) {
  const { visitor, weights } = site;
  const folded = new Map();
  for (const question of site.questions) {
    const given = question.options.filter((o) => visitor.answers.has(o));
    if (given.length > 0) {
      const weight =
        question.multiple && question.perAnswer ? question.weight : question.weight / given.length;
      for (const option of given) folded.set(option, Math.floor(weight * 8192 + 0.5));
    } else if (question.fromHistory) {
      const sums = new Map();
      let total = 0;
      for (const entry of visitor.history) {
        const item = site.byId.get(entry.item);
        if (!item) continue;
        const strength = recency(entry, today, weights.halfLife);
        let voice = 0;
        for (const option of question.options) {
          const affinity = item.affinity.get(option) ?? 0;
          sums.set(option, (sums.get(option) ?? 0) + strength * affinity);
          voice += affinity;
        }
        const each = question.multiple && question.perAnswer;
        if (voice > 0) total += strength * (each ? 127 : Math.max(voice, 127));
      }
      const weight = question.weight * weights.historyMatch;
      if (total > 0) {
        for (const [option, sum] of sums)
          folded.set(option, Math.floor(weight * (sum / total) * 8192 + 0.5));
      }
    }
  }
  return folded;
}

function similarity(a, b) {
  if (a.norm === 0 || b.norm === 0) return 0;
  let sum = 0;
  for (const [option, affinity] of a.affinity) sum += affinity * (b.affinity.get(option) ?? 0);
  return Math.min(1, sum / (a.norm * b.norm));
}

/** Log-odds in one unit of a factor, as kLogOddsPerUnit of core/rank/decide.h. */
const UNIT = 3;

function explain(site, folded, damped, item, today) {
  const { weights } = site;
  const factors = [];
  site.questions.forEach((question, q) => {
    let sum = 0;
    for (const option of question.options) {
      sum += (folded.get(option) ?? 0) * (item.affinity.get(option) ?? 0);
    }
    const score = ((sum / (127 * 8192)) * weights.match) / UNIT;
    if (score > 0) factors.push({ kind: KIND.question, question: q, score });
  });
  let total = 0;
  let best = 0;
  for (const entry of site.visitor.history) {
    const from = site.byId.get(entry.item);
    const weight = from?.neighbours.get(item.id);
    if (weight === undefined) continue;
    const value = damped * recency(entry, today, weights.halfLife) * from.scale * weight;
    total += value;
    best = Math.max(best, value);
  }
  if (best > 0 && total > 0)
    factors.push({
      kind: KIND.history,
      question: 0,
      score: (weights.itemItem * total) / UNIT,
    });
  const prior = (weights.prior * item.prior) / 32;
  const everyone = site.segment === 0;
  if (!everyone && prior > 0)
    factors.push({ kind: KIND.segment, question: 0, score: prior / UNIT });
  const popular = item.bias + (everyone ? prior : 0);
  if (popular > 0) factors.push({ kind: KIND.popular, question: 0, score: popular / UNIT });
  return factors.sort((a, b) => b.score - a.score);
}

/** @returns for each requested slot its entries: id, propensity, confidence (1/10000), reason kind */
export function decide(site, requests, now) {
  const today = Math.floor(now / 86400);
  const { visitor, weights } = site;
  const folded = preferences(site, today);
  const damped = damping(site, today);
  const history = new Map();
  for (const entry of visitor.history) {
    const from = site.byId.get(entry.item);
    if (!from) continue;
    const unit = weights.itemItem * damped * recency(entry, today, weights.halfLife) * from.scale;
    for (const [id, weight] of from.neighbours)
      history.set(id, (history.get(id) ?? 0) + unit * weight);
  }
  const shown = new Set();
  return requests.map(({ slot: index, limit }) => {
    const slot = site.slots[index];
    let pool = site.items
      .filter(
        (item) =>
          (slot.types >> item.type) & 1 &&
          !shown.has(item.id) &&
          item.from <= now &&
          now < item.until,
      )
      .map((item) => {
        let match = 0;
        for (const [option, affinity] of item.affinity)
          match += (folded.get(option) ?? 0) * affinity;
        const own = item.bias + weights.match * (match / (127 * 8192));
        const score = own + (history.get(item.id) ?? 0) + (weights.prior / 32) * item.prior;
        return { item, score, nearest: 0 };
      })
      .sort((a, b) => b.score - a.score || a.item.id - b.item.id)
      .slice(0, Math.max(16, 4 * limit));
    const seed = [site.version, slot.id, today].reduce(
      (s, v) => seedWith(s, BigInt(v)),
      BigInt(visitor.unit),
    );
    const random = new Random(seed);
    const entries = [];
    while (entries.length < limit && pool.length > 0) {
      const values = pool.map((c) => c.score - slot.diversity * c.nearest);
      const top = Math.max(...values);
      let at = values.indexOf(top);
      let propensity = 1;
      if (slot.temperature > 0) {
        const odds = values.map((v) => Math.exp((v - top) / slot.temperature));
        const total = odds.reduce((a, b) => a + b, 0);
        const target = random.uniform() * total;
        let sum = 0;
        at = odds.findIndex((o) => {
          sum += o;
          return target < sum;
        });
        propensity = odds[at] / total;
      }
      const { item } = pool[at];
      pool = pool.filter((_, i) => i !== at);
      if (slot.diversity > 0) {
        for (const c of pool) c.nearest = Math.max(c.nearest, similarity(item, c.item));
      }
      shown.add(item.id);
      const factors = explain(site, folded, damped, item, today);
      const confidence =
        1 - Math.exp(-weights.slope * factors.reduce((sum, f) => sum + f.score, 0));
      entries.push({
        id: item.id,
        propensity,
        confidence: Math.floor(Math.min(confidence * 10000 + 0.5, 9999)),
        reason: factors[0]?.kind ?? KIND.default,
      });
    }
    return entries;
  });
}
