// A past for the demo: who came before, what they answered and what they opened, made up, so that there is something to
// learn from before the first visitor comes. The same people every time.
//
// Everybody has a project of the site in mind that theirs is like, answers the questionnaire accordingly, and opens what
// shares its genres, its format and its wants, the more often the more it shares. About one in six is undecided about
// the format; those are told apart by what they are excited about.

const VISITORS = 600;
const DAYS = 60;
const DAY_MS = 86_400_000;

/** mulberry32: numbers from 0 to 1, the same for the same seed */
function random(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What two items have in common, of one attribute. */
const shared = (one, other, name) =>
  (one.attributes[name] ?? []).filter((key) => (other.attributes[name] ?? []).includes(key)).length;

/** How much somebody with `mind` in mind is drawn to `item`, as a weight for drawing. */
function appeal(mind, item, isUndecided) {
  const format = isUndecided ? 0.2 : 1;
  return Math.exp(
    format * shared(mind, item, 'format') +
      1.8 * shared(mind, item, 'genre') +
      0.9 * shared(mind, item, 'excited_parts') +
      0.4 * shared(mind, item, 'materials') +
      0.4 * shared(mind, item, 'personal_meaning'),
  );
}

/**
 * @param {{questions: {name: string, options?: {key: string, min?: number, max?: number}[]}[]}} site
 * @param {{id: string, type: string, attributes: object}[]} content
 * @param {number} now in milliseconds; everything happened in the two months before
 * @returns {{profiles: object[], interactions: object[]}} rows for `footlight import`
 */
export function makePast(site, content, now) {
  const draw = random(11);
  const pick = (list) => list[Math.floor(draw() * list.length)];
  const ofType = (type) => content.filter((item) => item.type === type);
  const projects = ofType('project');
  const budgets = site.questions.find(({ name }) => name === 'budget').options;

  /** Up to `count` different items, drawn by their appeal. */
  const choose = (items, mind, isUndecided, count) => {
    const left = items.map((item) => ({ item, weight: appeal(mind, item, isUndecided) }));
    const chosen = [];
    while (chosen.length < count && left.length > 0) {
      let at = draw() * left.reduce((sum, { weight }) => sum + weight, 0);
      let i = 0;
      while (i + 1 < left.length && at >= left[i].weight) at -= left[i++].weight;
      chosen.push(...left.splice(i, 1).map(({ item }) => item));
    }
    return chosen;
  };

  const profiles = [];
  const interactions = [];
  for (let v = 0; v < VISITORS; v++) {
    const mind = pick(projects);
    const { attributes } = mind;
    const isUndecided = draw() < 1 / 6;
    const arrived = now - Math.floor((1 + draw() * (DAYS - 1)) * DAY_MS);
    const { min, max } = attributes.budget;
    profiles.push({
      id: `past-${v}`,
      created_at: new Date(arrived).toISOString(),
      questionnaireData: {
        format: isUndecided ? 'undecided' : attributes.format[0],
        timeline: attributes.story_age[0],
        personal_meaning: attributes.personal_meaning,
        project_for: attributes.project_for[0],
        materials: attributes.materials,
        excited_parts: [pick(attributes.excited_parts)],
        involvement: attributes.involvement[0],
        start_timing: pick(attributes.timeline),
        budget: pick(
          budgets.filter((range) => (range.min ?? 0) <= max && (range.max ?? Infinity) >= min),
        ).key,
        preferred_genres: attributes.genre,
      },
    });
    const opened = [
      ...choose(projects, mind, isUndecided, 3 + Math.floor(draw() * 4)),
      ...choose(ofType('service'), mind, isUndecided, 1 + Math.floor(draw() * 3)),
      ...choose(ofType('resource'), mind, isUndecided, 2 + Math.floor(draw() * 4)),
    ];
    for (const [i, item] of opened.entries()) {
      const stayed = Math.floor(8000 + draw() * 90_000);
      interactions.push({
        eventId: `past-${v}-${i}`,
        profileId: `past-${v}`,
        contentId: item.id,
        contentType: item.type,
        occurredAt: new Date(arrived + i * 120_000).toISOString(),
        ...(draw() < 0.3 ? { action: 'engage', duration: stayed } : { action: 'click' }),
        ...(draw() < 0.06 && { feedback: 'positive' }),
      });
    }
  }
  return { profiles, interactions };
}
