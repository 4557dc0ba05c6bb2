// Posters of the feature films.
import {
  circle,
  dots,
  down,
  figure,
  glow,
  group,
  n,
  path,
  rect,
  ridge,
  stroke,
  times,
} from '../draw.mjs';
import { foot, ground, H, sky, W } from './sheet.mjs';

export const featureFilms = {
  'the-salt-road': {
    lines: ['The Salt', 'Road'],
    set: { x: 22, y: 26, width: 200, height: 36, stroke: 3.4, color: '#2b1210' },
    draw() {
      const cracks =
        times(9, (i) => `M${n(150 + (i - 4) * 14)} 232L${n(150 + (i - 4) * 92)} 400`) +
        times(6, (i) => `M0 ${n(238 + i * i * 5.6)}H300`);
      return [
        sky('#f4c08a', '#ee8d5c', '#c24a38') +
          down('w', [
            [0, '#fbe9d4'],
            [1, '#c98f78'],
          ]) +
          glow('u', [
            [0, '#fff3d9'],
            [0.9, '#ffd79a'],
            [1, '#ffd79a', 0],
          ]),
        ground,
        circle(206, 176, 66, 'url(#u)'),
        path('M0 224L40 206L74 216L118 196L160 218L210 204L262 220L300 208V240H0z', '#7b2b2b'),
        rect(0, 232, W, 168, 'url(#w)'),
        stroke(cracks, '#a76a58', 0.7, 'opacity=".55"'),
        path('M143 232h6L98 400H20z', '#5b2422', 'opacity=".85"'),
        group(
          'transform="translate(122 236)"',
          path('M0 0h22v18H0z', '#2b1210'),
          path('M24 5h9l4 6v7H24z', '#2b1210'),
          circle(6, 19, 3, '#2b1210'),
          circle(17, 19, 3, '#2b1210'),
          circle(31, 19, 3, '#2b1210'),
          path('M37 13l60 14v6L37 16z', '#fff3d9', 'opacity=".5"'),
        ),
      ];
    },
  },
  perihelion: {
    lines: ['Perihelion'],
    set: { x: 150, y: 348, width: 244, height: 22, align: 'middle', stroke: 2, color: '#ffe9c9' },
    draw(r) {
      return [
        sky('#07060f', '#150a1c', '#2a0d18') +
          glow('u', [
            [0, '#fff6dc'],
            [0.35, '#ffd27a'],
            [0.72, '#ff7a2f'],
            [0.97, '#c22a17'],
            [1, '#c22a17', 0.2],
          ]) +
          glow('h', [
            [0.55, '#ff7a2f', 0.55],
            [1, '#ff7a2f', 0],
          ]),
        ground,
        dots(r, 70, { width: W, height: H, size: 0.9, opacity: 0.7 }),
        dots(r, 12, { width: W, height: H, size: 1.8, opacity: 0.8 }),
        circle(150, 178, 168, 'url(#h)'),
        circle(150, 178, 104, 'url(#u)'),
        times(5, (i) =>
          stroke(
            `M${60 + i * 8} ${146 + i * 16}q40 ${8 - i * 4} 80 0t${80 - i * 12} 4`,
            '#fff1c4',
            1.2,
            'opacity=".28"',
          ),
        ),
        stroke('M-20 270C60 150 210 82 330 96', '#0b0913', 7),
        stroke('M-20 268C60 148 210 80 330 94', '#9fd3e6', 1.6),
        times(13, (i) => {
          const t = i / 12;
          const x = -20 + 350 * t;
          const y =
            (1 - t) ** 3 * 270 +
            3 * (1 - t) ** 2 * t * 150 +
            3 * (1 - t) * t * t * 82 +
            t ** 3 * 96;
          return rect(x - 1, y - 8, 2, 16, '#0b0913');
        }),
        figure(98, 164, 34, '#0b0913'),
      ];
    },
  },
  'a-quiet-burglary': {
    lines: ['A Quiet', 'Burglary'],
    set: { x: 24, y: 28, width: 180, height: 34, stroke: 5, color: '#12211f', gap: 0.35 },
    draw() {
      const keys = times(9, (i) => {
        const x = 20 + i * 30;
        const y = 356 - i * 27;
        return (
          path(`M${x} ${y}h30v${400 - y}h-30z`, i % 2 ? '#f7f0df' : '#efe4cb') +
          path(`M${x} ${y}h30v5h-30z`, '#fffaf0') +
          rect(x + 29, y, 1.2, 400 - y, '#b5a47f') +
          (i % 7 === 2 || i % 7 === 6 ? '' : rect(x + 21, y + 5, 17, 74, '#141c1b'))
        );
      });
      const thief = (x, y) =>
        group(
          `transform="translate(${x} ${y})"`,
          path('M-7 0l2-16q0-12 6-13q7 1 7 13l3 16h-5l-3-11l-4 11z', '#12211f'),
          circle(1, -33, 5.5, '#12211f'),
          path('M-7-37h17l-3-4h-10z', '#12211f'),
          path('M8-20l12 4l-1 10l-8 1z', '#c7402d'),
        );
      return [
        sky('#e9b44c', '#e3a23c', '#d88a30'),
        ground,
        circle(66, 196, 34, '#f7dfa0'),
        keys,
        thief(94, 302),
        thief(154, 248),
        thief(214, 194),
      ];
    },
  },
  'the-understudy': {
    lines: ['The', 'Understudy'],
    set: {
      x: 150,
      y: 314,
      width: 232,
      height: 24,
      align: 'middle',
      stroke: 2.2,
      color: '#fbe6c8',
      gap: 0.55,
    },
    draw() {
      const fold = (x, w, i) =>
        path(
          `M${n(x)} 0h${n(w)}q${i < 5 ? 3 : -3} 190 ${i < 5 ? -w * 0.2 : w * 0.2} 400h${n(-w)}z`,
          i % 2 ? '#7c1420' : '#5a0c17',
        );
      return [
        sky('#2a060c', '#120306') +
          down('l', [
            [0, '#fff0cf', 0.95],
            [1, '#ffce7d', 0.18],
          ]) +
          glow('p', [
            [0, '#fff0cf'],
            [1, '#e79a4a', 0.2],
          ]) +
          foot('#120306', 0.62)[0],
        ground,
        times(10, (i) => fold(i * 31 - 6, 32, i)),
        path('M128 0C132 150 96 250 84 400H216C204 250 168 150 172 0z', '#0c0204'),
        path('M146 0h8L214 304H86z', 'url(#l)', 'opacity=".8"'),
        '<ellipse cx="150" cy="304" rx="66" ry="11" fill="url(#p)"/>',
        path('M150 214q12 2 12 22q2 12 10 66h-44q8-54 10-66q0-20 12-22z', '#16060a'),
        circle(150, 204, 9.5, '#16060a'),
        path('M141 200q2-12 12-10q8 2 7 12q6 8 2 16q-4-8-8-14z', '#16060a'),
        foot('#120306', 0.62)[1],
      ];
    },
  },
  'the-night-exchange': {
    lines: ['The Night', 'Exchange'],
    set: { x: 24, y: 30, width: 220, height: 25, stroke: 1.8, color: '#dcebf2' },
    draw(r) {
      const poles = [
        [40, 372, 96],
        [118, 318, 62],
        [172, 286, 40],
        [208, 268, 26],
      ];
      const wires = times(3, (k) =>
        poles.slice(1).reduce(
          (d, [x, y, h], i) => {
            const [px, py, ph] = poles[i];
            const a = py - ph + 6 + (k * ph) / 14;
            const b = y - h + 4 + (k * h) / 14;
            return `${d}Q${n((px + x) / 2)} ${n((a + b) / 2 + ph / 6)} ${x} ${n(b)}`;
          },
          `M-30 ${n(250 + k * 9)}Q10 ${n(292 + k * 7)} 40 ${n(282 + k * 7)}`,
        ),
      );
      return [
        sky('#0d1f33', '#27506a', '#7da3b0') +
          down('m', [
            [0, '#e8f1f4'],
            [0.5, '#7f9fb0'],
            [1, '#24465c'],
          ]) +
          glow('y', [
            [0, '#ffd98a'],
            [1, '#ffb13d', 0],
          ]),
        ground,
        dots(r, 46, { width: W, height: 150, size: 1, opacity: 0.6 }),
        path('M60 300L150 150L186 196L226 128L330 300z', 'url(#m)'),
        path('M226 128L246 190L232 206L214 178L198 190z', '#f6fbfc'),
        path('M150 150L164 190L150 198L140 186L128 192z', '#f6fbfc'),
        path('M0 288Q90 250 190 270T300 256V400H0z', '#dbe8ec'),
        path('M0 330Q120 288 300 318V400H0z', '#b7cdd5'),
        circle(240, 250, 42, 'url(#y)', 'opacity=".8"'),
        path('M216 238l24-18l24 18v30h-48z', '#0e2233'),
        path('M212 240l28-22l28 22l-3 3l-25-18l-25 18z', '#eef5f7'),
        rect(232, 244, 12, 13, '#ffd98a'),
        stroke(wires, '#0b1a28', 1),
        poles
          .map(([x, y, h]) =>
            stroke(
              `M${x} ${y}V${y - h}M${n(x - h / 7)} ${n(y - h * 0.93)}h${n(h / 3.5)}M${n(x - h / 9)} ${n(y - h * 0.84)}h${n(h / 4.5)}`,
              '#0b1a28',
              n(h / 26),
            ),
          )
          .join(''),
        dots(r, 90, { width: W, height: H, size: 1.8, opacity: 0.75 }),
      ];
    },
  },
  'ninety-miles-of-flood': {
    lines: ['Ninety Miles', 'of Flood'],
    set: { x: 150, y: 28, width: 250, height: 23, align: 'middle', stroke: 2.4, color: '#f3e3c2' },
    draw() {
      const waves = times(15, (i) => {
        const y = 236 + i * i * 0.8;
        return (
          `M${n(-20 + (i % 3) * 9)} ${n(y)}` +
          times(7, () => `q${n(12 + i)} ${n(-2 - i * 0.45)} ${n(24 + i * 2)} 0t${n(24 + i * 2)} 0`)
        );
      });
      return [
        sky('#2d3433', '#5e6657', '#c9a45c') +
          down('w', [
            [0, '#b3894a'],
            [1, '#2d2413'],
          ]),
        ground,
        path(
          'M-20 60q40-30 80-6q30-34 80-8q50-30 84 6q50-18 96 16v30q-60-12-100 6q-50-18-92 4q-60-20-148-2z',
          '#252c2b',
          'opacity=".85"',
        ),
        path(
          'M-20 118q60-22 120 0t110-4t110 6v22q-80-10-130 4t-110-4t-100 4z',
          '#39413b',
          'opacity=".75"',
        ),
        stroke('M214 96l-10 30l10-2l-14 40', '#ffe9b0', 2),
        path(
          'M0 222l14-12l10 6l16-16l12 14l22-8l14 10l20-4V238H0zM210 230l12-14l14 8l18-18l14 14l32-8V240H210z',
          '#3d3a24',
        ),
        rect(0, 230, W, 170, 'url(#w)'),
        stroke(waves, '#f0d28f', 0.9, 'opacity=".42"'),
        path('M70 286h158l-14 26q-66 8-130 0z', '#1c150c'),
        path('M96 268h44v18H96zM150 274h52v12h-52z', '#2a2013'),
        stroke('M120 268V210M120 214q34 4 40 30q-20 8-40 4', '#1c150c', 2),
        path('M121 214q34 4 40 30q-20 8-40 4z', '#e8d3a0'),
        figure(210, 286, 26, '#1c150c'),
        stroke('M214 274l34 50', '#1c150c', 1.6),
        rect(104, 273, 6, 6, '#ffcf6b'),
        path('M84 316q66 8 128 0l-10 22q-54 8-108 0z', '#1c150c', 'opacity=".35"'),
      ];
    },
  },
  'slow-train-to-almeria': {
    lines: ['Slow Train', 'to Almería'],
    set: {
      x: 150,
      y: 336,
      width: 240,
      height: 19,
      align: 'middle',
      stroke: 2.4,
      color: '#fff3df',
      cap: 'round',
    },
    draw(r) {
      const windows = (x, y, w, h, k, tilt) =>
        group(
          `transform="translate(${x} ${y}) skewY(${tilt})"`,
          rect(0, 0, w, h, '#2a2350'),
          rect(0, 0, w, h * 0.12, '#453a7d'),
          times(k, (i) =>
            rect(
              (w / k) * i + (w / k) * 0.2,
              h * 0.28,
              (w / k) * 0.6,
              h * 0.36,
              i === 1 ? '#ff8f6b' : '#ffd98a',
            ),
          ),
        );
      return [
        sky('#2b1f5c', '#a33f6d', '#f98f54', '#ffd08a') +
          foot('#1b1238', 0.72)[0] +
          glow('u', [
            [0, '#fffbe6'],
            [1, '#ffd08a'],
          ]),
        ground,
        dots(r, 30, { width: W, height: 90, size: 1.1, opacity: 0.7 }),
        circle(214, 176, 40, 'url(#u)'),
        path(ridge(r, { width: W, bottom: 400, y: 196, rise: 34, steps: 5 }), '#b64e5a'),
        path(ridge(r, { width: W, bottom: 400, y: 226, rise: 26, steps: 4 }), '#7d2f5a'),
        path('M0 262C90 238 190 246 300 276V400H0z', '#43204f'),
        stroke('M-10 288C90 262 190 268 310 304', '#1b1238', 5),
        stroke('M-10 288C90 262 190 268 310 304', '#c77f62', 1.4, 'stroke-dasharray="2 5"'),
        windows(0, 256, 74, 26, 4, -9),
        windows(78, 244, 74, 27, 4, -1),
        windows(156, 243, 76, 28, 4, 7),
        group(
          'transform="translate(236 253) skewY(12)"',
          path('M0 0h38q18 4 22 30H0z', '#2a2350'),
          rect(8, 8, 14, 10, '#ffd98a'),
          path('M58 20l30-2v16l-28-6z', '#fff3c4', 'opacity=".75"'),
        ),
        path(
          'M186 244q4-22 22-26q-12-6 2-16q20-2 26-14q18-2 22-14',
          'none',
          'stroke="#fff3df" stroke-width="5" stroke-linecap="round" opacity=".28"',
        ),
        foot('#1b1238', 0.72)[1],
      ];
    },
  },
};
