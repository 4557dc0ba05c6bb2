// Posters of the web series.
import { circle, dots, down, glow, group, n, path, rect, stroke, times } from '../draw.mjs';
import { ground, sky, W } from './sheet.mjs';

export const webSeries = {
  'rent-controlled': {
    lines: ['Rent-', 'Controlled'],
    set: { x: 24, y: 28, width: 250, height: 30, stroke: 4.4, color: '#d9ffe8', gap: 0.35 },
    draw(r) {
      const lit = ['#ffcf6b', '#2b1f4a', '#ff8fa3', '#2b1f4a', '#3a2c63', '#8fe3ff'];
      const windows = times(5, (j) =>
        times(4, (i) => {
          const x = 68 + i * 44;
          const y = 158 + j * 48;
          const ghost = i === 2 && j === 1;
          return (
            rect(x, y, 28, 32, ghost ? '#0f3d3a' : lit[Math.floor(r() * 6)]) +
            (ghost ? '' : stroke(`M${x + 14} ${y}v32M${x} ${y + 14}h28`, '#170f2e', 1.6)) +
            rect(x - 3, y + 32, 34, 4, '#170f2e')
          );
        }),
      );
      return [
        sky('#120a2a', '#3a1c5e', '#8a3b7c'),
        ground,
        circle(262, 118, 15, '#fbe9c8'),
        circle(268, 114, 13.5, '#54296f'),
        dots(r, 40, { width: W, height: 200, size: 1.1, opacity: 0.7 }),
        path('M0 400V250h44v150zM258 400V220h42v180z', '#1c1136'),
        path('M48 400V142h204v258z', '#2a1b4d'),
        path('M42 134h216v12H42z', '#170f2e'),
        path('M70 134v-18h20v18zM200 134v-26h14v26z', '#170f2e'),
        windows,
        group(
          'transform="translate(170 216)"',
          circle(0, 6, 40, '#7dffc4', 'opacity=".2"'),
          path('M-13 22V2a13 14 0 0 1 26 0v20l-5-4l-4 4l-4-4l-4 4l-4-4z', '#e6fff2'),
          path('M10 2q10-2 12-14q4 2 2 8q-4 12-14 14z', '#e6fff2'),
          circle(-4, 1, 2, '#170f2e'),
          circle(5, 1, 2, '#170f2e'),
          stroke('M-2 8q3 3 5 0', '#170f2e', 1.4),
        ),
        stroke(
          'M236 160v220m12-220v220' + times(9, (i) => `M236 ${170 + i * 24}h12`),
          '#170f2e',
          2,
        ),
        rect(0, 392, W, 8, '#0d0820'),
      ];
    },
  },
  'lost-property': {
    lines: ['Lost', 'Property'],
    set: {
      x: 24,
      y: 26,
      width: 200,
      height: 30,
      stroke: 2,
      color: '#3a1420',
      gap: 0.4,
      cap: 'round',
    },
    draw() {
      const shelf = (y) => rect(0, y, W, 8, '#8c4a3a') + rect(0, y + 8, W, 5, '#6a3328');
      const umbrella = (x, y, c) =>
        path(`M${x - 26} ${y}a26 26 0 0 1 52 0q-6-6-13 0q-6-6-13 0q-6-6-13 0q-7-6-13 0z`, c) +
        stroke(`M${x} ${y - 28}V${y + 34}q0 7-7 7t-7-6`, '#3a1420', 2.2);
      return [
        sky('#f9d5c0', '#f4b9a4', '#e79d8f'),
        ground,
        shelf(196),
        shelf(284),
        shelf(372),
        umbrella(58, 155, '#c2324c'),
        umbrella(120, 152, '#2d6a8e'),
        group(
          'transform="translate(190 148)"',
          path('M0 0h70v48H0z', '#a3653a'),
          path('M0 0h70v6H0zM12 0v48h6V0zM52 0v48h6V0z', '#7a4424'),
          stroke('M24 0v-9h22v9', '#5a2f18', 3),
          path('M4 26l14-4l2 8l-14 4z', '#fff3df'),
        ),
        group(
          'transform="translate(24 236)"',
          path('M0 48q-2-34 14-40h22q16 6 14 40z', '#2d6a8e'),
          circle(25, 4, 9, 'none', 'stroke="#2d6a8e" stroke-width="3"'),
          rect(10, 24, 30, 15, '#3f86b0'),
        ),
        group(
          'transform="translate(104 250)"',
          path('M0 0h10l6 8h26q8 0 8 8v18H0z', '#c2324c'),
          circle(26, 20, 9, '#3a1420'),
          circle(26, 20, 5, '#9ad0e0'),
        ),
        group(
          'transform="translate(176 240)"',
          path('M0 44L6 4h20l6 40z', '#f7e9c9'),
          path('M10 4l3-12h6l3 12z', '#e0b04b'),
          stroke('M8 20h16', '#c2324c', 2),
        ),
        group(
          'transform="translate(232 246)"',
          path('M0 38q0-30 20-34q22 4 22 34z', '#3d7a5a'),
          path('M-6 38h54v5H-6z', '#2c5a42'),
          rect(2, 26, 38, 5, '#f7e9c9'),
        ),
        group(
          'transform="translate(40 318)"',
          path('M0 54V8h36v46z', '#3d7a5a'),
          path('M40 54V0h14v54z', '#c2324c'),
          path('M58 54V14h10v40z', '#2d6a8e'),
          stroke('M8 18h20M8 24h14', '#f7e9c9', 2),
        ),
        group(
          'transform="translate(208 330)"',
          circle(0, 0, 18, '#ffe9a8', 'opacity=".8"'),
          circle(0, 0, 40, '#ffe9a8', 'opacity=".3"'),
          path('M0 30C-34 4-20-22 0-8C20-22 34 4 0 30z', '#c2324c'),
          circle(0, 2, 4, '#3a1420'),
          path('M-2 2h4l2 12h-8z', '#3a1420'),
        ),
        rect(136, 342, 26, 30, '#f7e9c9'),
        stroke('M136 350h26M149 342v30', '#c2324c', 2),
      ];
    },
  },
  'small-claims': {
    lines: ['Small', 'Claims'],
    set: {
      x: 150,
      y: 26,
      width: 220,
      height: 30,
      align: 'middle',
      stroke: 3,
      color: '#ffeecb',
      gap: 0.35,
    },
    draw(r) {
      return [
        sky('#183a37', '#205e52', '#4a8a63') +
          down('d', [
            [0, '#9a5a2b'],
            [1, '#4f2710'],
          ]) +
          glow('g', [
            [0, '#fff3b8', 0.9],
            [1, '#fff3b8', 0],
          ]),
        ground,
        path('M30 400V180a120 100 0 0 1 240 0V400z', '#143330', 'opacity=".7"'),
        times(5, (i) =>
          stroke(`M${78 + i * 36} 400V${n(150 - 20 * Math.sin(i * 0.78))}`, '#205e52', 2),
        ),
        stroke('M150 128V290M70 166q80-26 160 0', '#f0c96a', 5, 'stroke-linecap="round"'),
        circle(150, 128, 8, '#f0c96a'),
        stroke('M74 168l-30 66M74 168l30 66M226 168l-30 40M226 168l30 40', '#f0c96a', 1.6),
        path('M36 234h76q-8 24-38 24t-38-24zM188 208h76q-8 24-38 24t-38-24z', '#d9a441'),
        circle(74, 212, 50, 'url(#g)'),
        group(
          'transform="translate(74 232)"',
          path('M-18 0q-6-34 18-40q24 6 18 40z', '#f7fbe4'),
          path('M-12-34l-8-14l14 8zM12-34l8-14l-14 8z', '#f7fbe4'),
          circle(-6, -20, 3, '#183a37'),
          circle(7, -20, 3, '#183a37'),
          stroke('M-4-11q4 4 9 0', '#183a37', 1.8),
          path(
            'M-10 0q-8 6-2 10M10 0q8 6 2 10',
            'none',
            'stroke="#f7fbe4" stroke-width="4" stroke-linecap="round"',
          ),
        ),
        group(
          'transform="translate(226 206)"',
          circle(0, -26, 9, '#ffd9b8'),
          path('M-13 2q0-20 13-20t13 20z', '#c94f3d'),
          path('M-10-28a10 10 0 0 1 20 0q-4-6-10-5t-10 5z', '#3a1f10'),
        ),
        path('M20 300h260v100H20z', 'url(#d)'),
        path('M8 288h284v14H8z', '#b87539'),
        path('M50 322h84v78H50zM166 322h84v78h-84z', 'none', 'stroke="#d69a5a" stroke-width="2"'),
        group(
          'transform="translate(150 280)"',
          rect(-16, 0, 32, 8, '#3a1f10'),
          rect(-3, -24, 26, 5, '#3a1f10', 'transform="rotate(-20)"'),
          rect(-16, -30, 16, 18, '#3a1f10', 'transform="rotate(-20)"'),
        ),
        dots(r, 18, {
          x: 30,
          y: 130,
          width: 110,
          height: 120,
          size: 2,
          opacity: 0.8,
          color: '#fff3b8',
        }),
      ];
    },
  },
  'logging-off': {
    lines: ['Logging', 'Off'],
    set: {
      x: 24,
      y: 28,
      width: 200,
      height: 26,
      stroke: 4,
      color: '#fff1e0',
      cap: 'butt',
      gap: 0.4,
    },
    draw(r) {
      const p = 8;
      const px = (x, y, w, h, c) => rect(x * p, y * p, w * p, h * p, c);
      const sun = times(11, (j) => {
        const w = [4, 8, 10, 12, 12, 12, 12, 12, 10, 8, 4][j];
        return px(24 - w / 2, 14 + j, w, j > 6 ? 0.6 : 1, '#ffe08a');
      });
      const island = [
        [6, 31, 25],
        [5, 32, 27],
        [7, 33, 22],
        [9, 34, 18],
        [11, 35, 13],
        [13, 36, 9],
        [15, 37, 5],
        [16, 38, 2],
      ]
        .map(([x, y, w], i) =>
          px(x, y, w, 1, i < 1 ? '#7be0a0' : i < 2 ? '#3f9d7a' : i % 2 ? '#5a3a6b' : '#6d4780'),
        )
        .join('');
      const player = (x, c) =>
        px(x, 27, 1, 1, '#ffd9b8') +
        px(x - 0.5, 28, 2, 2, c) +
        px(x - 0.5, 30, 0.8, 1, '#2a1745') +
        px(x + 0.7, 30, 0.8, 1, '#2a1745');
      return [
        sky('#2a1745', '#6d2a7a', '#e2547a', '#ffb07a'),
        ground,
        times(40, () => {
          const s = r() > 0.7 ? 4 : 2;
          return rect(
            Math.floor(r() * 75) * 4,
            Math.floor(r() * 40) * 4,
            s,
            s,
            '#fff',
            `opacity="${n(0.3 + r() * 0.6)}"`,
          );
        }),
        sun,
        px(0, 25, 8, 1, '#ffd0b0'),
        px(2, 24, 4, 1, '#ffd0b0'),
        px(30, 21, 8, 1, '#ffd0b0'),
        px(31, 20, 4, 1, '#ffd0b0'),
        island,
        px(8, 26, 1, 5, '#5a3a2b'),
        px(6, 23, 5, 2, '#3f9d7a'),
        px(7, 22, 3, 1, '#7be0a0'),
        px(6, 25, 5, 1, '#2f7a62'),
        player(15, '#4fc3f7'),
        player(18, '#ffca4d'),
        player(21, '#ff6b81'),
        player(26, '#9be15d'),
        px(11, 41, 3, 1, '#6d4780'),
        px(20, 43, 2, 1, '#6d4780'),
        px(26, 40, 1, 1, '#5a3a6b'),
        rect(24, 372, 252, 8, '#2a1745'),
        rect(26, 374, 30, 4, '#7be0a0'),
        times(30, () =>
          rect(
            Math.floor(r() * 37) * 8,
            320 + Math.floor(r() * 6) * 8,
            8,
            8,
            '#ffb07a',
            'opacity=".18"',
          ),
        ),
      ];
    },
  },
};
