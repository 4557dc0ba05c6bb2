// Posters of the television series.
import { circle, dots, down, figure, glow, group, n, path, rect, stroke, times } from '../draw.mjs';
import { foot, ground, sky, W } from './sheet.mjs';

export const series = {
  'harbor-nine': {
    lines: ['Harbor Nine'],
    set: { x: 22, y: 350, width: 256, height: 24, stroke: 4, color: '#ffefe0' },
    draw(r) {
      const colors = ['#c4432f', '#d98032', '#1f5c6b', '#2b7a78', '#8c2f39', '#e0b04b', '#274060'];
      const stack = times(7, (c) =>
        times(2 + Math.floor(r() * 4), (k) => {
          const x = c * 44 - 8;
          const y = 312 - k * 19;
          return (
            rect(x, y, 42, 18, colors[Math.floor(r() * 7)]) +
            stroke(
              `M${x + 7} ${y + 2}v14m7-14v14m7-14v14m7-14v14m7-14v14`,
              '#000',
              1.2,
              'opacity=".22"',
            )
          );
        }),
      );
      const crane = (x, s, c) =>
        group(
          `transform="translate(${x} 310) scale(${s})" stroke="${c}" fill="none"`,
          '<path stroke-width="5" d="M0 0L12-130M60 0L48-130M-60-138H150M12-130V-176L-58-140M12-176L148-140M6-64H54M48-130L12-64M54-64L6 0"/><path stroke-width="1.4" d="M104-138v54M112-138v54"/>',
          rect(88, -84, 40, 16, c),
        );
      return [
        sky('#0f2438', '#5c4260', '#e2725b', '#ffc27a') + foot('#0a1420', 0.7)[0],
        ground,
        circle(78, 236, 34, '#ffe2ae'),
        crane(190, 0.72, '#6b3f4c'),
        crane(34, 1.05, '#1b2233'),
        stack,
        rect(0, 330, W, 70, '#0a1420'),
        times(16, () =>
          rect(r() * 280, 338 + r() * 14, 14 + r() * 26, 1.6, '#ffb168', 'opacity=".5"'),
        ),
        foot('#0a1420', 0.7)[1],
        circle(259, 268, 5, '#ffe9b8'),
        circle(259, 268, 14, '#ffd27a', 'opacity=".25"'),
      ];
    },
  },
  'the-lamplighters': {
    lines: ['The', 'Lamplighters'],
    set: {
      x: 150,
      y: 26,
      width: 252,
      height: 26,
      align: 'middle',
      stroke: 1.9,
      color: '#f7dca6',
      gap: 0.45,
    },
    draw(r) {
      const house = (x, w, h, c) =>
        path(
          `M${n(x)} 400V${n(400 - h)}l${n(w / 2)} ${n(-w * 0.55)}l${n(w / 2)} ${n(w * 0.55)}V400z`,
          c,
        );
      const win = times(10, () =>
        rect(
          6 + Math.floor(r() * 5) * 22 + (r() > 0.5 ? 190 : 0),
          190 + Math.floor(r() * 6) * 24,
          5,
          9,
          '#f2b75a',
          'opacity=".6"',
        ),
      );
      const lamp = (x, y, s) =>
        circle(x, y - 50 * s, 30 * s, 'url(#g)') +
        stroke(
          `M${x} ${y}V${n(y - 40 * s)}M${n(x - 6 * s)} ${n(y - 38 * s)}h${n(12 * s)}`,
          '#0c1119',
          n(2.6 * s),
        ) +
        path(
          `M${n(x - 5 * s)} ${n(y - 40 * s)}l${n(-3 * s)} ${n(-13 * s)}l${n(8 * s)} ${n(-7 * s)}l${n(8 * s)} ${n(7 * s)}l${n(-3 * s)} ${n(13 * s)}z`,
          '#ffdf9a',
        );
      return [
        sky('#10182b', '#1f3b4d', '#3f6a68') +
          glow('g', [
            [0, '#ffe9b3', 0.95],
            [0.3, '#ffb648', 0.5],
            [1, '#ffb648', 0],
          ]) +
          down('p', [
            [0, '#6b5a3a'],
            [1, '#151318'],
          ]),
        ground,
        circle(150, 176, 42, '#d9e3d0', 'opacity=".25"'),
        stroke('M150 176V146M150 176L172 188', '#f7dca6', 2.5, 'opacity=".7"'),
        stroke(
          times(12, (i) => {
            const a = (i * Math.PI) / 6;
            return `M${n(150 + 36 * Math.sin(a))} ${n(176 + 36 * Math.cos(a))}L${n(150 + 41 * Math.sin(a))} ${n(176 + 41 * Math.cos(a))}`;
          }),
          '#f7dca6',
          1.6,
          'opacity=".7"',
        ),
        house(84, 40, 122, '#1d3442'),
        house(180, 38, 130, '#1d3442'),
        house(52, 52, 168, '#16283a'),
        house(200, 50, 178, '#16283a'),
        house(-20, 92, 226, '#0e1a2a'),
        house(232, 90, 214, '#0e1a2a'),
        win,
        path('M118 292h62L300 400H0z', 'url(#p)'),
        stroke('M124 300h50M108 318h84M84 342h132M48 372h208', '#0c0f17', 1, 'opacity=".6"'),
        lamp(122, 300, 0.34),
        lamp(180, 302, 0.36),
        lamp(100, 324, 0.62),
        lamp(206, 330, 0.7),
        lamp(64, 372, 1.12),
        lamp(252, 384, 1.3),
        figure(170, 372, 52, '#0b0f17'),
        stroke('M176 348L224 298', '#0b0f17', 2),
      ];
    },
  },
  understaffed: {
    lines: ['Understaffed'],
    set: { x: 150, y: 30, width: 250, height: 30, align: 'middle', stroke: 5.2, color: '#0f3b4c' },
    draw() {
      const rows = times(5, (j) =>
        times(9, (i) => {
          const lit = [
            [1, 2],
            [3, 6],
            [4, 1],
            [2, 7],
          ].some(([a, b]) => a === j && b === i);
          return path(
            `M${52 + i * 23} ${n(158 + j * 30)}v-9a5.5 5.5 0 0 1 11 0v9z`,
            lit ? '#ffd35c' : '#7fb5b5',
          );
        }),
      );
      return [
        sky('#bfe3dd', '#f7e3c3', '#f6b9a0'),
        ground,
        circle(238, 104, 20, '#fff6df'),
        path('M40 132h220v178H40z', '#fdf6ea'),
        path('M32 124h236v10H32z', '#e2725b'),
        path('M116 124l34-34l34 34z', '#e2725b'),
        stroke('M150 90V64', '#0f3b4c', 2),
        path('M151 64l24 7l-24 8z', '#e2725b'),
        rows,
        path('M132 310v-22a18 14 0 0 1 36 0v22z', '#0f3b4c'),
        times(10, (i) => rect(40 + i * 22, 140, 1, 170, '#d8c9b0')),
        path('M0 306h300v34H0z', '#e8cf9c'),
        path('M0 330q18-8 36 0t36 0t36 0t36 0t36 0t36 0t36 0t36 0t36 0V400H0z', '#2f8f9d'),
        path('M0 352q18-8 36 0t36 0t36 0t36 0t36 0t36 0t36 0t36 0t36 0V400H0z', '#1c6b80'),
        path('M0 376q18-8 36 0t36 0t36 0t36 0t36 0t36 0t36 0t36 0t36 0V400H0z', '#0f4c63'),
        [96, 122, 182, 208]
          .map((x, i) => figure(x, 322, 34, ['#0f3b4c', '#c94f3d', '#0f3b4c', '#c94f3d'][i]))
          .join(''),
        rect(202, 294, 18, 2, '#fff'),
      ];
    },
  },
  'signal-hill': {
    lines: ['Signal', 'Hill'],
    set: { x: 24, y: 282, width: 170, height: 38, stroke: 2, color: '#d8ffe0', gap: 0.4 },
    draw(r) {
      return [
        sky('#03100f', '#0b3b38', '#2c8a6b', '#c9e88a') + foot('#03100f', 0.58)[0],
        ground,
        dots(r, 60, { width: W, height: 160, size: 1, opacity: 0.7 }),
        times(7, (i) =>
          stroke(
            `M${n(206 - 24 - i * 24)} 118a${24 + i * 24} ${24 + i * 24} 0 0 1 ${48 + i * 48} 0`,
            '#d8ffe0',
            n(2.6 - i * 0.3),
            `opacity="${n(0.8 - i * 0.1)}"`,
          ),
        ),
        path('M-10 316C70 300 140 236 206 232S290 264 320 280V410H-10z', '#041b1a'),
        path('M-10 356C90 316 180 330 320 318V410H-10z', '#020d0d'),
        stroke(
          'M190 240L206 112L222 240M193 214h26M197 186h18M200 160h12M193 214L215 186M219 214L197 186M197 186L212 160M215 186L200 160M206 112V92',
          '#020d0d',
          2.2,
        ),
        circle(206, 92, 3.5, '#ff5a4f'),
        circle(206, 92, 10, '#ff5a4f', 'opacity=".3"'),
        path('M238 236h22v12h-22z', '#020d0d'),
        path('M236 236l13-9l13 9z', '#020d0d'),
        rect(246, 239, 6, 5, '#ffd98a'),
        foot('#03100f', 0.58)[1],
      ];
    },
  },
  'the-cold-ward': {
    lines: ['The Cold', 'Ward'],
    set: { x: 24, y: 306, width: 200, height: 27, align: 'left', stroke: 1.7, color: '#e6f6fb' },
    draw() {
      const frames = times(6, (i) => {
        const k = 0.9 ** i * (1 - i * 0.09);
        const w = 150 * k;
        const t = 220 - 190 * k;
        const b = 232 + 168 * k;
        return (
          path(
            `M${n(150 - w)} ${n(b)}V${n(t)}H${n(150 + w)}V${n(b)}z`,
            `hsl(195 ${34 - i * 2}% ${10 + i * 5}%)`,
          ) +
          stroke(
            `M${n(150 - w * 0.4)} ${n(t + 2)}H${n(150 + w * 0.4)}`,
            '#dff6ff',
            n(4 * k),
            'opacity=".75"',
          ) +
          path(
            `M${n(150 - w)} ${n(b)}V${n(t + 70 * k)}l${n(16 * k)} ${n(6 * k)}V${n(b - 16 * k)}z`,
            '#08222c',
          ) +
          path(
            `M${n(150 + w)} ${n(b)}V${n(t + 70 * k)}l${n(-16 * k)} ${n(6 * k)}V${n(b - 16 * k)}z`,
            '#08222c',
          )
        );
      });
      return [
        sky('#061820', '#0d3340') +
          glow('g', [
            [0, '#f1fcff'],
            [0.5, '#9fd6e6', 0.7],
            [1, '#9fd6e6', 0],
          ]) +
          foot('#04131a', 0.7)[0],
        ground,
        frames,
        circle(150, 226, 62, 'url(#g)'),
        path('M137 290l3-44q-1-22 10-24q11 2 10 24l3 44z', '#04131a'),
        circle(150, 214, 8, '#04131a'),
        path('M140 290l-46 110h112L160 290z', '#04131a', 'opacity=".55"'),
        foot('#04131a', 0.7)[1],
        stroke('M0 72h150l8-10l10 26l14-54l12 46l8-8h98', '#ff6b5e', 1.6, 'opacity=".9"'),
      ];
    },
  },
  'the-carousel-sisters': {
    lines: ['The Carousel', 'Sisters'],
    set: {
      x: 150,
      y: 334,
      width: 240,
      height: 20,
      align: 'middle',
      stroke: 2,
      color: '#fff0d6',
      cap: 'round',
    },
    draw() {
      const horse = (x, y, s, c, m) =>
        group(
          `transform="translate(${x} ${y}) scale(${s})"`,
          stroke('M0-80V60', '#f2cf7a', 4),
          path(
            'M-38 6q-4-22 18-24q24 0 36-4q4-24 22-34l4 8l10 10l12 14l-6 8l-16-6q-2 20-10 32q14 10 22 30l-8 4q-12-20-26-26q-14 4-28 2q-10 10-24 20l-4 20l-8-2l2-24q8-8 14-18q-4-4-4-10q-12 2-14 22q-8-16 8-22z',
            c,
          ),
          path('M-20-16q16 8 36-4l-6 16q-16 8-30 0z', m),
          path('M16-22q0-20 20-34q-14 2-24 14t-6 22z', m),
          circle(46, -32, 1.8, '#1c1028'),
        );
      return [
        sky('#22103a', '#5b1f5e', '#b7446b') + foot('#1c0c2c', 0.68)[0],
        ground,
        times(12, (i) =>
          path(`M150 30L${n(-20 + i * 28.4)} 118h28.4z`, i % 2 ? '#fbe7c6' : '#d6413f'),
        ),
        times(12, (i) =>
          path(`M${n(-20 + i * 28.4)} 117a14.2 13 0 0 0 28.4 0z`, i % 2 ? '#d6413f' : '#fbe7c6'),
        ),
        circle(150, 27, 6, '#f2cf7a'),
        times(15, (i) => circle(8 + i * 20.4, 136, 2.6, '#ffe39a')),
        times(15, (i) => circle(8 + i * 20.4, 136, 7, '#ffe39a', 'opacity=".18"')),
        horse(66, 214, 0.78, '#f6ead8', '#2f7f86'),
        horse(228, 204, 0.78, '#f6ead8', '#e0a43a'),
        horse(140, 258, 1.1, '#fff8ec', '#d6413f'),
        foot('#1c0c2c', 0.68)[1],
      ];
    },
  },
};
