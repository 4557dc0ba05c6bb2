// Posters of the animated films.
import { across, circle, dots, down, glow, group, n, path, rect, stroke, times } from '../draw.mjs';
import { foot, ground, sky } from './sheet.mjs';

export const animation = {
  'moth-lantern': {
    lines: ['Moth &', 'Lantern'],
    set: {
      x: 150,
      y: 318,
      width: 210,
      height: 26,
      align: 'middle',
      stroke: 3,
      color: '#ffe6ae',
      cap: 'round',
      gap: 0.4,
    },
    draw(r) {
      const tree = (x, w, c) =>
        path(`M${x} 400q6-200 0-400h${w}q-8 200 4 400z`, c) +
        stroke(
          `M${x + w / 2} 120q${w} -40 ${w * 2.4} -50M${x + w / 2} 180q${-w} -30 ${-w * 2} -36`,
          c,
          n(w / 4),
        );
      return [
        sky('#0b1a2a', '#12354a', '#1d5a5c') +
          glow('g', [
            [0, '#fff6d0'],
            [0.25, '#ffcf6b', 0.75],
            [1, '#ffb13d', 0],
          ]) +
          foot('#061019', 0.66)[0],
        ground,
        tree(24, 20, '#0e2a3c'),
        tree(96, 14, '#123649'),
        tree(206, 16, '#123649'),
        tree(250, 26, '#0c2434'),
        tree(-22, 34, '#081a28'),
        tree(284, 34, '#081a28'),
        circle(176, 212, 120, 'url(#g)'),
        group(
          'transform="translate(176 216)"',
          stroke('M-14-38a14 16 0 0 1 28 0', '#2a1a0c', 3),
          path('M-20-34h40l6 10h-52z', '#3a2612'),
          path('M-20-24h40v56h-40z', '#ffdf8f'),
          stroke('M-20-24v56M20-24v56M0-24v56', '#3a2612', 3),
          path('M-26 32h52v9h-52z', '#3a2612'),
          path('M0-10q12 16 6 28q-6 8-12 0q-6-12 6-28z', '#ff8f2e'),
        ),
        group(
          'transform="translate(92 150) rotate(-18)"',
          path('M0 0C-14-34-52-40-54-14C-54 8-26 12 0 4z', '#e9dcc3'),
          path('M0 0C14-34 52-40 54-14C54 8 26 12 0 4z', '#f6ecd8'),
          path(
            'M0 4C-10 28-34 32-34 16C-34 6-14 4 0 4zM0 4C10 28 34 32 34 16C34 6 14 4 0 4z',
            '#cdb892',
          ),
          circle(-32, -14, 6, '#8b5a3a'),
          circle(32, -14, 6, '#8b5a3a'),
          '<ellipse cy="6" rx="5" ry="15" fill="#5b3d28"/>',
          stroke('M-2-8q-6-14-14-16M2-8q6-14 14-16', '#5b3d28', 1.6),
        ),
        dots(r, 34, {
          x: 60,
          y: 80,
          width: 220,
          height: 240,
          size: 2,
          opacity: 0.8,
          color: '#ffe6a0',
        }),
        stroke('M92 164q20 60 60 20', '#fff3cf', 1, 'stroke-dasharray="2 5" opacity=".7"'),
        foot('#061019', 0.66)[1],
      ];
    },
  },
  'the-cartographers-cat': {
    lines: ['The Carto-', 'grapher’s Cat'],
    set: {
      x: 150,
      y: 30,
      width: 244,
      height: 22,
      align: 'middle',
      stroke: 2,
      color: '#3b2a1c',
      cap: 'round',
    },
    draw() {
      const contours = times(11, (i) => {
        const s = 1 + i * 0.42;
        return `M${n(160 - 26 * s)} ${n(250 + 6 * s)}C${n(160 - 34 * s)} ${n(250 - 26 * s)} ${n(160 - 4 * s)} ${n(250 - 34 * s)} ${n(160 + 16 * s)} ${n(250 - 22 * s)}S${n(160 + 44 * s)} ${n(250 + 2 * s)} ${n(160 + 28 * s)} ${n(250 + 20 * s)}S${n(160 - 20 * s)} ${n(250 + 34 * s)} ${n(160 - 26 * s)} ${n(250 + 6 * s)}z`;
      });
      return [
        sky('#f3e6c8', '#ecd9ae', '#dcc190') +
          glow('g', [
            [0.6, '#fffdf4', 0],
            [1, '#fffdf4', 0.9],
          ]),
        ground,
        path('M0 300C40 250 60 350 120 372S220 330 300 368V400H0z', '#8fb9b0', 'opacity=".8"'),
        path('M0 96C60 84 70 150 40 190S10 250 0 250z', '#8fb9b0', 'opacity=".8"'),
        stroke(contours, '#a8743f', 1.1, 'opacity=".75"'),
        stroke('M30 330Q90 300 120 318T214 288T280 200', '#b3392c', 2.2, 'stroke-dasharray="5 6"'),
        stroke('M274 192l12 14m0-14l-12 14', '#b3392c', 3),
        group(
          'transform="translate(52 112)"',
          stroke('M0-24V24M-24 0H24M-15-15L15 15M15-15L-15 15', '#7a5330', 1),
          path('M0-24l5 19L0 0zM0 24l-5-19L0 0zM24 0L5 5L0 0zM-24 0l19-5l5 5z', '#7a5330'),
        ),
        ground.replace('#s', '#g'),
        group(
          'transform="translate(150 262)"',
          path(
            'M-62 10q-4-40 34-44q30-4 48 2q2-10 10-16l2-18l14 12q8-2 14 0l14-12l2 20q8 12 0 24q-8 10-20 10l-4 46h-14l-4-34h-46l-6 34h-14l-2-32q-14 16-8 40q-20-4-18-36z',
            '#2d2320',
          ),
          stroke('M-60 10q-34-6-40-44q-2-22 16-26', '#2d2320', 10, 'stroke-linecap="round"'),
          circle(48, -30, 2.4, '#ffd35c'),
          circle(62, -30, 2.4, '#ffd35c'),
          stroke('M52-24l3 3l3-3', '#e9b0a0', 1.4),
          stroke('M66-24l18-3M66-21l18 2M44-24l-14-3', '#f3e6c8', 0.8),
        ),
      ];
    },
  },
  'the-thunder-factory': {
    lines: ['The Thunder', 'Factory'],
    set: {
      x: 150,
      y: 26,
      width: 236,
      height: 28,
      align: 'middle',
      stroke: 5,
      color: '#fff',
      cap: 'round',
      gap: 0.35,
    },
    draw() {
      const puff = (x, y, s, c) =>
        path(
          `M${n(x - 60 * s)} ${y}a${n(24 * s)} ${n(24 * s)} 0 0 1 ${n(18 * s)} ${n(-34 * s)}a${n(32 * s)} ${n(32 * s)} 0 0 1 ${n(56 * s)} ${n(-10 * s)}a${n(24 * s)} ${n(24 * s)} 0 0 1 ${n(38 * s)} ${n(22 * s)}a${n(18 * s)} ${n(18 * s)} 0 0 1 ${n(2 * s)} ${n(22 * s)}z`,
          c,
        );
      return [
        sky('#4a3fa8', '#7b6fd0', '#f59ab0', '#ffd3a8'),
        ground,
        puff(60, 150, 0.6, '#a79be6'),
        puff(250, 176, 0.5, '#c3a6e0'),
        path('M70 256V196h34l14-18v18h22l14-18v18h22l14-18v78z', '#2b2470'),
        path('M196 256V138h16v118zM222 256V158h14v98z', '#2b2470'),
        rect(194, 134, 20, 7, '#ffcf4d'),
        rect(220, 154, 18, 7, '#ffcf4d'),
        times(5, (i) => rect(80 + i * 22, 216, 12, 14, i === 2 ? '#fff7d1' : '#ffcf4d')),
        circle(206, 122, 8, '#fff', 'opacity=".85"'),
        circle(222, 114, 11, '#fff', 'opacity=".75"'),
        circle(242, 120, 9, '#fff', 'opacity=".7"'),
        circle(258, 112, 6, '#fff', 'opacity=".6"'),
        group(
          'transform="translate(160 252)"',
          circle(0, 0, 16, '#ff8a5c'),
          times(
            8,
            (i) => `<path d="M-3-22h6l1 8h-8z" fill="#ff8a5c" transform="rotate(${i * 45})"/>`,
          ),
          circle(0, 0, 6, '#2b2470'),
        ),
        puff(90, 296, 1.15, '#e7e0ff'),
        puff(220, 298, 1.2, '#fff'),
        puff(150, 310, 1.3, '#f3efff'),
        path(
          'M118 308l-20 40h16l-10 34l38-46h-18l14-28zM204 306l-14 30h12l-8 28l30-38h-14l10-20z',
          '#ffd23f',
        ),
        path('M160 312l-8 18h8l-4 16l16-22h-8l6-12z', '#fff3b0'),
        group(
          'transform="translate(252 252)"',
          path('M-8 4q0-18 8-18t8 18z', '#ff5f6d'),
          circle(0, -20, 8, '#ffd9b8'),
          path('M-9-21a9 9 0 0 1 18 0z', '#2b2470'),
          stroke('M8-6l16-12', '#ff5f6d', 3.4, 'stroke-linecap="round"'),
          path('M22-24l14-8v18l-14-4z', '#ffcf4d'),
        ),
      ];
    },
  },
  'tin-saints': {
    lines: ['Tin Saints'],
    set: { x: 150, y: 344, width: 236, height: 28, align: 'middle', stroke: 2.2, color: '#f3d9a2' },
    draw() {
      const rays = times(32, (i) => {
        const a = (i * Math.PI) / 16;
        return `M${n(150 + 50 * Math.cos(a))} ${n(150 + 50 * Math.sin(a))}L${n(150 + (i % 2 ? 64 : 76) * Math.cos(a))} ${n(150 + (i % 2 ? 64 : 76) * Math.sin(a))}`;
      });
      return [
        sky('#1a1020', '#351a2e', '#0f0a14') +
          down('a', [
            [0, '#1f6f78'],
            [1, '#0c2f3c'],
          ]) +
          across('m', [
            [0, '#6d7f88'],
            [0.4, '#e2e9ea'],
            [1, '#4a5a64'],
          ]) +
          foot('#0f0a14', 0.72)[0],
        ground,
        path('M46 400V170Q60 60 150 22Q240 60 254 170V400z', '#c9974a'),
        path('M54 400V172Q68 68 150 32Q232 68 246 172V400z', 'url(#a)'),
        stroke('M62 400V174Q76 76 150 42Q224 76 238 174V400', '#f3d9a2', 0.8),
        circle(150, 150, 46, '#f0c96a'),
        stroke(rays, '#f0c96a', 2.2),
        circle(150, 150, 40, '#d9a441'),
        path('M128 120h44q8 0 8 10v34q0 18-18 20h-24q-18-2-18-20v-34q0-10 8-10z', 'url(#m)'),
        path('M128 138h44v16h-44z', '#10202a'),
        circle(139, 146, 4, '#ffd35c'),
        circle(161, 146, 4, '#7fe0e6'),
        stroke('M138 170h24M142 166v8M148 166v8M154 166v8M160 166v8', '#4a5a64', 1.2),
        stroke('M150 120V106', '#9fb0b8', 2.4),
        circle(150, 104, 3.6, '#ff6b5e'),
        path('M84 400q-4-150 40-196q26 14 52 0q44 46 40 196z', '#5b2a1d'),
        path('M124 204q26 14 52 0l6 12q-32 20-64 0z', '#7d3d28'),
        stroke('M112 250q-8 70-6 150M188 250q8 70 6 150M150 224V400', '#3c180f', 3),
        path('M138 262l12-26l12 26v26h-24z', 'url(#m)'),
        stroke('M150 240v46', '#4a5a64', 1.4),
        foot('#0f0a14', 0.72)[1],
      ];
    },
  },
};
