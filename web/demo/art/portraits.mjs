// A bust for each person who speaks, 160 by 160: light from one side, no features, so that it is nobody in particular.
import { across, circle, down, group, path, random, rect, svg } from './draw.mjs';

const skins = [
  ['#f3cfae', '#d9a57f'],
  ['#e8b48c', '#c58a63'],
  ['#c98a5e', '#a0663f'],
  ['#9c6240', '#74452b'],
  ['#6e4329', '#4f2d1b'],
  ['#f6d9c4', '#e0b294'],
];
const hairs = ['#1c1512', '#3a2318', '#6b3d20', '#a9682f', '#d8b27a', '#8c8a88', '#b5462f'];
const clothes = [
  '#2f4858',
  '#7c2f3b',
  '#3f5d45',
  '#c4762f',
  '#4b3b6b',
  '#d9cbb2',
  '#20232b',
  '#96543c',
];
const walls = [
  ['#f2b35d', '#a8512f'],
  ['#5f9ea0', '#1f4a57'],
  ['#c9739a', '#5a2352'],
  ['#8fa86b', '#2f4a35'],
  ['#7f86c9', '#2b2d5e'],
  ['#e08a6a', '#7a2c33'],
  ['#d9c08a', '#7d6233'],
];

// Hair behind the head, and over it.
const cuts = [
  (c) => ['', path('M52 74q-4-36 28-38q34 2 28 40q-6-16-18-22q-18 8-34 4q-4 8-4 16z', c)],
  (c) => [
    path('M48 72q-4-42 32-42t32 42q4 34 8 44H40q6-16 8-44z', c),
    path('M54 74q2-26 30-30q22 4 22 32q-2-14-14-20q-14 14-38 18z', c),
  ],
  (c) => [
    '',
    path('M50 70q-2-38 30-38t30 38q2-6-4-14q-26 8-50-2q-4 8-6 16z', c) + circle(80, 28, 13, c),
  ],
  (c) => [circle(80, 62, 38, c), path('M54 70q4-24 26-24t26 24q0-30-26-30T54 70z', c)],
  (c) => ['', path('M54 64q0-26 26-27q26 1 26 27q-6-14-26-15q-20 1-26 15z', c, 'opacity=".85"')],
  (c) => [
    path('M50 66q0-34 30-34t30 34l2 26q-8 8-14 8H62q-6 0-14-8z', c),
    path('M54 72q-2-20 14-28q28 2 38 28q4-34-26-36t-26 36z', c),
  ],
  (c) => [
    '',
    path(
      'M52 66q-4-20 8-26q4-8 16-6q10-6 20 2q14 6 12 28q-4-12-12-16q-10 4-20 0q-10 4-16 2q-4 6-8 16z',
      c,
    ),
  ],
  (c) => [
    path('M108 60q22 10 12 48q-10 4-14-8z', c),
    path('M51 70q-2-36 29-37t29 37q-8-16-26-20q-18 2-32 20z', c),
  ],
];

export function portrait(name) {
  const r = random(name);
  r();
  r();
  const pick = (list) => list[Math.floor(r() * list.length)];
  const skin = pick(skins);
  const hair = skin[0] < '#d' ? pick(hairs.slice(0, 3)) : pick(hairs);
  const wall = pick(walls);
  const cloth = pick(clothes);
  const [behind, over] = pick(cuts)(hair);
  const glasses =
    r() < 0.3
      ? `<path d="M60 76h15v9a7.500 7.500 0 0 1-15 0zM85 76h15v9a7.500 7.500 0 0 1-15 0zM75 79h10" fill="none" stroke="#1c1512" stroke-width="2"/>`.replace(
          /7\.500/g,
          '7.5',
        )
      : '';
  const collar =
    r() < 0.5
      ? path('M66 118l14 16l14-16l8 6l-22 26l-22-26z', '#f4ead8', 'opacity=".85"')
      : path('M62 120q18 16 36 0l4 4q-22 20-44 0z', '#000', 'opacity=".22"');
  const defs =
    down('w', [
      [0, wall[0]],
      [1, wall[1]],
    ]) +
    across('k', [
      [0.35, skin[0]],
      [0.75, skin[1]],
    ]);
  return svg(
    160,
    160,
    defs,
    rect(0, 0, 160, 160, 'url(#w)'),
    circle(44, 40, 58, '#fff', 'opacity=".1"'),
    group(
      'transform="translate(-12 -6) scale(1.15)"',
      behind,
      path('M24 160q0-36 40-42h32q40 6 40 42z', cloth),
      path('M96 118q40 6 40 42h-34q4-26-6-42z', '#000', 'opacity=".16"'),
      path('M68 96h24v22q-12 12-24 0z', skin[1]),
      collar,
      path('M54 68q0-28 26-28t26 28q0 38-26 40q-26-2-26-40z', 'url(#k)'),
      glasses,
      over,
    ),
  );
}
