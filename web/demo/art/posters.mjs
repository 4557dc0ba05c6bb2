// One poster for each project. A scene draws below its title: `lines` set as `set` says (lettering.mjs), and
// draw(rand), which returns [definitions, ...parts].
import { random, svg } from './draw.mjs';
import { title } from './lettering.mjs';
import { animation } from './posters/animation.mjs';
import { documentaries } from './posters/documentaries.mjs';
import { featureFilms } from './posters/feature-films.mjs';
import { series } from './posters/series.mjs';
import { H, W } from './posters/sheet.mjs';
import { shorts } from './posters/shorts.mjs';
import { webSeries } from './posters/web-series.mjs';

const scenes = {
  ...featureFilms,
  ...series,
  ...documentaries,
  ...shorts,
  ...animation,
  ...webSeries,
};

export function poster(name) {
  const scene = scenes[name];
  if (!scene) throw new Error(`posters: nothing is drawn for ${JSON.stringify(name)}`);
  const [defs, ...body] = scene.draw(random(name));
  return svg(W, H, defs, body.flat().join(''), title(scene.lines, scene.set));
}
