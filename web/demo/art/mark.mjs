// The studio's sign: a lantern whose light is a projector's beam. `mark` has the name beside it.

import { down, path, stroke, svg } from './draw.mjs';
import { title } from './lettering.mjs';

const light = down('g', [
  [0, '#ffe0a0'],
  [1, '#f59a3e'],
]);
const lantern =
  stroke('M11 9a5 5.500 0 0 1 10 0'.replace('5.500', '5.5'), '#f4ead8', 1.8) +
  path('M9 10h14l2 4H7z', '#f4ead8') +
  path('M9 15h14v11H9z', 'url(#g)') +
  path('M7 27h18v3H7z', '#f4ead8') +
  stroke('M16 15v11', '#1a1216', 1.4);

export const emblem = () => svg(32, 32, light, path('M0 0h32v32H0z', '#120d10'), lantern);
export const mark = () =>
  svg(
    196,
    32,
    light,
    lantern,
    title(['Lanternlight'], {
      x: 40,
      y: 11,
      width: 152,
      height: 13,
      stroke: 1.7,
      color: '#f4ead8',
    }),
  );
