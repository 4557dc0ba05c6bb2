// Posters of the short films.
import {
  circle,
  dots,
  down,
  figure,
  group,
  n,
  path,
  rect,
  ridge,
  stroke,
  times,
} from '../draw.mjs';
import { ground, sky, W } from './sheet.mjs';

export const shorts = {
  'eleven-floors': {
    lines: ['Eleven', 'Floors'],
    set: { x: 24, y: 30, width: 110, height: 26, stroke: 3, color: '#1d1a3a' },
    draw() {
      const floors = times(11, (j) => {
        const y = 44 + j * 31;
        return (
          rect(158, y, 112, 28, j === 4 ? '#2b2555' : '#3a3470') +
          times(2, (i) =>
            rect(
              166 + i * 66,
              y + 6,
              30,
              15,
              j === 4 ? '#4a4289' : (j * 7 + i * 3) % 5 === 0 ? '#ffcf7a' : '#534b96',
            ),
          ) +
          rect(201, y, 26, 28, '#1d1a3a')
        );
      });
      return [
        sky('#ff9a76', '#ffb997', '#f7d9c4'),
        ground,
        circle(78, 292, 46, '#fff0e0', 'opacity=".8"'),
        path('M0 352h44v-40h36v22h30v-46h34v112H0z', '#c96a6a'),
        path('M150 34h128v366H150z', '#1d1a3a'),
        floors,
        path('M201 168h26v28h-26z', '#fff3c9'),
        figure(209, 196, 22, '#1d1a3a'),
        figure(220, 196, 21, '#c8324b'),
        stroke('M214 34V168', '#0e0c22', 1.2),
        circle(214, 26, 5, '#1d1a3a'),
        stroke('M214 26V6', '#1d1a3a', 1.6),
        path('M201 168h26v28h-26z', 'none', 'stroke="#ff5a4f" stroke-width="2"'),
      ];
    },
  },
  'the-goldfish-clause': {
    lines: ['The Goldfish', 'Clause'],
    set: { x: 150, y: 28, width: 244, height: 24, align: 'middle', stroke: 4, color: '#fff4e2' },
    draw() {
      return [
        sky('#0e6b6f', '#12808a', '#1b98a0') +
          down('w', [
            [0, '#d9f5f2', 0.9],
            [1, '#7fd1d4', 0.9],
          ]) +
          down('d', [
            [0, '#8a4b2a'],
            [1, '#4b2413'],
          ]),
        ground,
        times(6, (i) => rect(i * 54 - 8, 96, 38, 220, '#0a5a60', 'opacity=".5"')),
        path('M0 92h300v8H0zM0 306h300v10H0z', '#0a4f55'),
        circle(150, 220, 82, '#eafaf8', 'opacity=".25"'),
        path('M84 184a82 82 0 1 0 132 0q-34 12-66 2t-66-2z', 'url(#w)'),
        stroke('M96 158a82 82 0 1 0 108 0', '#f4fffd', 3),
        '<ellipse cx="150" cy="157" rx="55" ry="9" fill="none" stroke="#f4fffd" stroke-width="3"/>',
        group(
          'transform="translate(150 192) rotate(180)"',
          path('M-34 0q22-24 50-4l20-16q6 18 0 40l-20-16q-28 20-50-4z', '#ff8a2b'),
          path('M-6-13q12-14 20-2zM-4 13q8 10 16 2z', '#ffb35c'),
          stroke('M-24-5l6 6m0-6l-6 6', '#5a2208', 1.8),
        ),
        stroke('M112 232q6 40 44 46', '#fff', 5, 'opacity=".55" stroke-linecap="round"'),
        path('M0 300h300v100H0z', 'url(#d)'),
        path('M0 300h300v8H0z', '#b06a3c'),
        path('M40 330h220v50H40z', 'none', 'stroke="#b06a3c" stroke-width="2"'),
        group(
          'transform="translate(214 288) rotate(-28)"',
          rect(-8, -2, 64, 6, '#3a1a0c'),
          rect(-30, -12, 28, 26, '#6b3419'),
          rect(-34, -14, 5, 30, '#3a1a0c'),
          rect(-3, -14, 5, 30, '#3a1a0c'),
        ),
        rect(178, 302, 50, 7, '#3a1a0c'),
        stroke('M110 355h80M124 364h52', '#e0a070', 2, 'opacity=".6"'),
      ];
    },
  },
  sodium: {
    lines: ['Sodium'],
    set: {
      x: 150,
      y: 36,
      width: 250,
      height: 44,
      align: 'middle',
      stroke: 2.2,
      color: '#ffb14a',
      stretch: 1.1,
    },
    draw(r) {
      const lamp = (t, lit) => {
        const k = t * t;
        const x = 150 + 8 + 150 * k;
        const y = 224 + 190 * k;
        const h = 20 + 170 * k;
        return (
          (lit
            ? path(
                `M${n(x - 40 * k - 3)} ${n(y - h + 4)}l${n(-70 * k)} ${n(h + 10)}h${n(130 * k)}z`,
                '#ff9a2e',
                'opacity=".2"',
              )
            : '') +
          stroke(
            `M${n(x)} ${n(y)}V${n(y - h)}q0 ${n(-8 * k)} ${n(-40 * k - 3)} ${n(-4 * k)}`,
            lit ? '#4a2a0c' : '#2b1808',
            n(1 + 3 * k),
          ) +
          (lit
            ? circle(x - 40 * k - 4, y - h + 2, 3 + 7 * k, '#ffd79a') +
              circle(x - 40 * k - 4, y - h + 2, 10 + 26 * k, '#ff9a2e', 'opacity=".28"')
            : circle(x - 40 * k - 4, y - h + 2, 2 + 5 * k, '#2e1d0d'))
        );
      };
      return [
        sky('#080503', '#1c0f05', '#5a2c08') +
          down('r', [
            [0, '#3c210a'],
            [1, '#120a04'],
          ]),
        ground,
        dots(r, 26, { width: W, height: 130, y: 90, size: 0.9, opacity: 0.4, color: '#ffcf9a' }),
        path('M0 216q80-8 150 2t150-2V400H0z', '#0d0703'),
        path('M146 222h8L330 400H-30z', 'url(#r)'),
        times(6, (i) => {
          const k = ((i + 1) / 6) ** 2;
          return path(
            `M${n(150 - 2 * k)} ${n(222 + 150 * k)}h${n(4 * k)}l${n(3 * k)} ${n(26 * k)}h${n(-10 * k)}z`,
            '#ffb14a',
            'opacity=".7"',
          );
        }),
        lamp(0.12, false),
        lamp(0.26, false),
        lamp(0.4, false),
        lamp(0.54, false),
        group(
          'transform="matrix(-1 0 0 1 300 0)"',
          lamp(0.2, false),
          lamp(0.36, false),
          lamp(0.52, false),
          lamp(0.68, true),
          lamp(0.86, true),
        ),
        lamp(0.7, true),
        lamp(0.88, true),
        path('M120 400l4-46q0-26 16-28q16 2 16 28l4 46z', '#080503'),
        circle(140, 314, 12, '#080503'),
        path('M124 352h32v5h-32zM122 368h36v5h-36z', '#ffd23f'),
        path('M127 312a13 13 0 0 1 26 0z', '#ff8a1f'),
      ];
    },
  },
  'paper-boats': {
    lines: ['Paper', 'Boats'],
    set: {
      x: 276,
      y: 28,
      width: 130,
      height: 28,
      align: 'right',
      stroke: 1.6,
      color: '#eaf3ea',
      cap: 'round',
    },
    draw(r) {
      const boat = (x, y, s, c) =>
        group(
          `transform="translate(${x} ${y}) scale(${s})"`,
          path('M-30 0h60l-12 16h-36z', c),
          path('M0-26L-18 0h36z', '#fff'),
          path('M0-26L0 0h18z', '#d5dfe0'),
          path('M-30 0L0 0l-18 16z', '#dfe7e6'),
          path('M-18 18h36l-8 9h-20z', '#fff', 'opacity=".16"'),
          stroke('M-6-8h6M-8-4h8', '#8aa', 0.9),
        );
      const ripples = times(14, (i) => {
        const y = 196 + i * 14.5;
        return `M${n(r() * 200)} ${n(y)}q14-4 28 0t28 0M${n(r() * 240)} ${n(y + 6)}q10-3 20 0`;
      });
      return [
        sky('#1d3b3f', '#49736a', '#b9c9a0') +
          down('w', [
            [0, '#5f8f86'],
            [0.4, '#1f5558'],
            [1, '#07272d'],
          ]),
        ground,
        circle(80, 92, 26, '#f3efcf', 'opacity=".85"'),
        path(ridge(r, { width: W, bottom: 200, y: 142, rise: 50, steps: 6, jag: 1 }), '#2f5a52'),
        path(ridge(r, { width: W, bottom: 200, y: 170, rise: 26, steps: 5 }), '#1c4541'),
        rect(0, 186, W, 214, 'url(#w)'),
        group(
          'opacity=".5"',
          path('M96 400V318l54-40l54 40v82z', '#031a1f'),
          rect(140, 330, 20, 26, '#f3d98a', 'opacity=".4"'),
          path('M172 290v-22h12v32z', '#031a1f'),
          path('M0 400v-52l26-18l28 20v50zM240 400v-56l34-24l30 22v58z', '#031a1f'),
        ),
        stroke(ripples, '#d9efe4', 1, 'opacity=".35"'),
        path('M182 186v-20l10-9l10 9v20z', '#14302f'),
        boat(232, 214, 0.42, '#e9eee8'),
        boat(176, 232, 0.6, '#e9eee8'),
        boat(106, 262, 0.95, '#f2f4ee'),
        boat(206, 318, 1.35, '#fff'),
      ];
    },
  },
};
