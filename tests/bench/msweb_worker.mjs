// The worker that msweb.mjs runs in workerd: ranks held-out areas with the engine, as an edge worker would.
//
// POST {visitors: number[][], areas: {[path]: number}, popularity: {[area]: number}} -> {ranks: number[], popular: number[]}
// (rank from 0, one for each case, in order). Every case goes the way of a real visitor: the remaining visits become
// interactions, those a visitor record, and the record is what the engine decides with.
import { Engine } from './binding.mjs';
import engineModule from './engine.wasm';
import snapshot from './snapshot.bin';

const NOW = 1_000_000_000;
let engine;

/** Item index by area number, and back; the path in the body says which is which. */
function indexAreas(areas) {
  const areaOf = [];
  const itemOf = new Map();
  for (let item = 0; item < engine.itemCount; item += 1) {
    const area = areas[engine.itemBody(item).url];
    areaOf.push(area);
    itemOf.set(area, item);
  }
  return { areaOf, itemOf };
}

function scoresFor(uuids) {
  engine.loadVisitor();
  for (const contentId of uuids) {
    if (!engine.interact({ contentId, action: 'click' }, NOW))
      throw new Error(`${contentId} is not published`);
  }
  const record = engine.visitorRecord();
  engine.loadVisitor(record);
  return engine.scores(NOW);
}

function rank(visitors, areas, popularity) {
  const { areaOf, itemOf } = indexAreas(areas);
  const popular = areaOf.map((area) => popularity[area] ?? 0);
  const ranks = [];
  const popularRanks = [];
  for (const visits of visitors) {
    if (visits.length < 2) continue;
    for (const heldOut of visits) {
      const given = new Set(
        visits.filter((area) => area !== heldOut).map((area) => itemOf.get(area)),
      );
      const scores = scoresFor([...given].map((item) => engine.itemUuid(item)));
      const target = itemOf.get(heldOut);
      let before = 0;
      let beforeByPopularity = 0;
      for (let item = 0; item < areaOf.length; item += 1) {
        if (item === target || given.has(item)) continue;
        const morePopular =
          popular[item] === popular[target]
            ? areaOf[item] < heldOut
            : popular[item] > popular[target];
        if (scores[item] > scores[target] || (scores[item] === scores[target] && morePopular))
          before += 1;
        if (morePopular) beforeByPopularity += 1;
      }
      ranks.push(before);
      popularRanks.push(beforeByPopularity);
    }
  }
  return { ranks, popular: popularRanks };
}

export default {
  async fetch(request) {
    engine ??= Engine.load(engineModule, new Uint8Array(snapshot));
    const { visitors, areas, popularity } = await request.json();
    return Response.json(rank(visitors, areas, popularity));
  },
};
