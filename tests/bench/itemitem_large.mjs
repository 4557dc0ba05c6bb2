// Item-item models of large catalogues, for `./dev bench train`.
//
//   measureItemItemLarge(program, tell) -> { itemitem_40k_seconds, itemitem_40k_peak_mb, itemitem_40k_ndcg20,
//                                            cosine_40k_ndcg20, sparse_over_dense }
//
// `program` is the path of `footlight`, tell(text) reports progress. Takes a few minutes; files go to a folder of their
// own below the system's temporary folder, which is removed.
//
// Everything is measured by `footlight evaluate ranking`: fit seconds and VmHWM of the fitting process (reading included),
// NDCG@20 of the snapshot as the core scores it, for the method that is chosen for 40,000 items ("automatic") and for item
// cosine as a snapshot, too. sparse_over_dense is NDCG@20 of that same method's snapshot over the float scores of dense
// EASE^R with all its weights, at 4,000 items: what the large method costs where the dense one can still be had.
//
// The planted structure (one seeded generator, no data file). Shop-like, and drawn by a process that no model here has as
// its assumption:
//   items  belong to topics of unequal size (size ~ 1 / rank^0.5) and have a log-normal appeal (sigma 1.3); within a topic
//          they form series of 2 to 6 that belong together more closely.
//   users  have 1 to 4 topics, each more or less; how many choices they make is long-tailed (2 + an exponential, squared
//          now and then), so that a few make very many.
//   choice 50 % an item of one of the user's topics by appeal, 25 % a series of something chosen before goes on, 25 %
//          anything by appeal: noise, and what makes the popular popular.
// Of 6,000 users with at least 5 choices a fifth of the choices is held out for the test.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';

/** xorshift128: the same numbers everywhere. */
function randomOf(seed) {
  let [a, b, c, d] = [seed | 1, 0x9e3779b9, 0x243f6a88, 0xb7e15162];
  return () => {
    let t = a ^ (a << 11);
    [a, b, c] = [b, c, d];
    t ^= t >>> 8;
    d = (d ^ (d >>> 19) ^ t) >>> 0;
    return d / 4294967296;
  };
}

/** Draws from weights by bisection of their running sum. */
function drawer(weights, random) {
  const sums = new Float64Array(weights.length);
  let sum = 0;
  weights.forEach((weight, i) => {
    sum += weight;
    sums[i] = sum;
  });
  return () => {
    const target = random() * sum;
    let low = 0;
    let high = weights.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > target) high = middle;
      else low = middle + 1;
    }
    return low;
  };
}

/** @returns {{ train: string, test: string }} two files' texts, `user<TAB>item` a line, oldest first */
export function plant({ items, pairs, seed, testUsers = 6000 }) {
  const random = randomOf(seed);
  const below = (n) => Math.floor(random() * n);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const topicCount = Math.max(10, Math.round(items / 80));
  const drawTopic = drawer(
    Array.from({ length: topicCount }, (_, t) => 1 / Math.sqrt(t + 1)),
    random,
  );
  const appeal = Array.from({ length: items }, () => Math.exp(1.3 * normal()));
  const topics = Array.from({ length: topicCount }, () => []);
  for (let item = 0; item < items; item += 1) topics[drawTopic()].push(item);
  const series = [];
  for (const topic of topics) {
    for (let at = 0; at < topic.length; ) {
      const members = topic.slice(at, at + 2 + below(5));
      for (const item of members) series[item] = members;
      at += members.length;
    }
  }
  const drawAny = drawer(appeal, random);
  const filled = topics.filter((topic) => topic.length > 0);
  const drawIn = filled.map((topic) =>
    drawer(
      topic.map((item) => appeal[item]),
      random,
    ),
  );
  const drawTaste = drawer(
    filled.map((topic) => topic.length),
    random,
  );

  const train = [];
  const test = [];
  let made = 0;
  let tested = 0;
  for (let user = 0; made < pairs; user += 1) {
    const tastes = Array.from({ length: 1 + below(4) }, () => drawTaste());
    const drawOwn = drawer(
      tastes.map(() => 0.2 + random()),
      random,
    );
    const eager = random() < 0.05 ? 4 : 1;
    const wanted = Math.min(300, 2 + Math.floor(-7 * eager * Math.log(1 - random())));
    const chosen = new Set();
    for (let attempt = 0; chosen.size < wanted && attempt < 3 * wanted; attempt += 1) {
      const kind = random();
      if (kind < 0.5) {
        const topic = tastes[drawOwn()];
        chosen.add(filled[topic][drawIn[topic]()]);
      } else if (kind < 0.75 && chosen.size > 0) {
        const before = [...chosen][below(chosen.size)];
        chosen.add(series[before][below(series[before].length)]);
      } else {
        chosen.add(drawAny());
      }
    }
    const list = [...chosen];
    const isTest = tested < testUsers && list.length >= 5 && random() < 0.3;
    tested += isTest ? 1 : 0;
    for (const item of list) {
      if (isTest && random() < 0.2) test.push(`u${user}\ti${item}\n`);
      else train.push(`u${user}\ti${item}\n`);
    }
    made += list.length;
  }
  return { train: train.join(''), test: test.join('') };
}

export function measureItemItemLarge(program, tell) {
  const work = mkdtempSync(join(os.tmpdir(), 'footlight-itemitem-'));
  try {
    const data = (name, options) => {
      tell(`${options.items} items: planting ${options.pairs} pairs`);
      const { train, test } = plant(options);
      writeFileSync(join(work, `${name}.train`), train);
      writeFileSync(join(work, `${name}.test`), test);
    };
    const measure = (name, model) => {
      tell(`${name}: ${model}`);
      const json = join(work, 'figures.json');
      execFileSync(
        program,
        ['evaluate', 'ranking', '--k', '20', '--model', model, '--json', json].concat([
          '--train',
          join(work, `${name}.train`),
          '--test',
          join(work, `${name}.test`),
        ]),
        { stdio: ['ignore', 'ignore', 'inherit'] },
      );
      return JSON.parse(readFileSync(json, 'utf8'));
    };
    data('large', { items: 40_000, pairs: 1_000_000, seed: 40 });
    const large = measure('large', 'automatic');
    const cosine = measure('large', 'cosine');
    data('small', { items: 4_000, pairs: 400_000, seed: 4 });
    const sparse = measure('small', large.model);
    const dense = measure('small', 'ease');
    return {
      itemitem_40k_seconds: large.fit_seconds,
      itemitem_40k_peak_mb: large.fit_peak_mb,
      itemitem_40k_ndcg20: large.snapshot['ndcg@20'],
      cosine_40k_ndcg20: cosine.snapshot['ndcg@20'],
      sparse_over_dense: sparse.snapshot['ndcg@20'] / dense.float['ndcg@20'],
    };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
