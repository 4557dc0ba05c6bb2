// What posters have in common: 300 by 400, a sky from edge to edge, a foot that darkens.
import { down, rect } from '../draw.mjs';

export const W = 300;
export const H = 400;

// The definition of a sky, and the ground it is painted on.
export const sky = (...list) =>
  down(
    's',
    list.map((color, i) => [i / (list.length - 1), color]),
  );
export const ground = rect(0, 0, W, H, 'url(#s)');

// Darkens the foot of a poster, so that lettering stays legible: [definition, drawing].
export const foot = (color, from = 0.55) => [
  down('f', [
    [from, color, 0],
    [1, color, 0.95],
  ]),
  rect(0, 0, W, H, 'url(#f)'),
];
