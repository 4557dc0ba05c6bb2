// The backdrops behind the first words of a page, 1600 by 900: dark on the left, where the words stand.
// `moving` adds a slow drift of light, for those who have not asked for less motion.
import {
  across,
  circle,
  dots,
  down,
  figure,
  glow,
  group,
  n,
  path,
  random,
  rect,
  ridge,
  stroke,
  svg,
  times,
} from './draw.mjs';

const W = 1600;
const H = 900;
const sky = (...list) =>
  down(
    's',
    list.map((color, i) => [i / (list.length - 1), color]),
  );
const ground = rect(0, 0, W, H, 'url(#s)');

const scenes = {
  // An empty stage, its curtain just parting, and the row of footlights.
  default: {
    tint: '#0d0708',
    draw(r) {
      const fold = (i) => {
        const x = i * 54 - 30;
        const gap = Math.abs(x - 1120) < 190 ? 1 : 0;
        return gap
          ? ''
          : path(
              `M${x} 0h56q${x < 1120 ? 18 : -18} 330 ${x < 1120 ? -14 : 14} 700h-56z`,
              i % 2 ? '#6d1420' : '#4c0c16',
            );
      };
      const scallops = times(8, (i) => `q-100 ${i % 2 ? 54 : 66}-200 0`);
      const lights = times(
        15,
        (i) =>
          circle(110 + i * 100, 744, 120, 'url(#g)') +
          path(`M${88 + i * 100} 752a22 22 0 0 1 44 0z`, '#2b1a12') +
          path(`M${94 + i * 100} 748a16 16 0 0 1 32 0z`, '#ffd78a'),
      );
      return [
        sky('#140508', '#2a0a10', '#120608') +
          glow('g', [
            [0, '#ffcf7d', 0.75],
            [0.35, '#ff9a3d', 0.22],
            [1, '#ff9a3d', 0],
          ]) +
          down('b', [
            [0, '#fff1cf', 0.75],
            [1, '#ffc76b', 0.05],
          ]) +
          down('f', [
            [0, '#3a2116'],
            [1, '#0d0708'],
          ]) +
          glow('p', [
            [0, '#ffe3a6', 0.9],
            [1, '#ffb04d', 0],
          ]),
        ground,
        path('M940 0H1300V720H940z', '#1b0a0d'),
        times(30, fold),
        path(`M0 0H1600V70${scallops}V0z`, '#641320'),
        stroke(`M1600 70${scallops}`, '#d9a24a', 5),
        path('M0 690H1600V900H0z', 'url(#f)'),
        stroke(
          times(9, (i) => `M${n(800 + (i - 4) * 130)} 690L${n(800 + (i - 4) * 300)} 900`),
          '#0d0708',
          2,
          'opacity=".7"',
        ),
        group('class="beam"', path('M1096 0h48L1320 706H920z', 'url(#b)', 'opacity=".5"')),
        '<ellipse cx="1120" cy="706" rx="230" ry="36" fill="url(#p)"/>',
        stroke('M1120 640v62M1098 704h44', '#1b0a0d', 6),
        path('M1098 640q0-30 22-34q22 4 22 34z', '#1b0a0d'),
        path('M1104 590h32l8 44h-48z', '#ffe3a6'),
        stroke('M1120 590v-14', '#1b0a0d', 4),
        circle(1120, 614, 90, 'url(#p)', 'opacity=".7"'),
        { front: lights },
        dots(r, 50, {
          x: 900,
          y: 60,
          width: 440,
          height: 600,
          size: 3,
          opacity: 0.35,
          color: '#ffe3a6',
        }),
      ];
    },
  },
  // A dune, a crew, one arc light against the dusk.
  'feature-film': {
    tint: '#0b0910',
    draw(r) {
      return [
        sky('#0d1030', '#40265c', '#b54a55', '#f5a25d') +
          glow('u', [
            [0, '#fff6da'],
            [0.7, '#ffd894'],
            [1, '#ffb46b', 0.9],
          ]) +
          across('l', [
            [0, '#fff3cf', 0.0],
            [1, '#fff3cf', 0.8],
          ]),
        ground,
        dots(r, 120, { width: W, height: 420, size: 2, opacity: 0.6 }),
        circle(1180, 560, 190, 'url(#u)'),
        path(ridge(r, { width: W, bottom: H, y: 600, rise: 60, steps: 8 }), '#8c3f54'),
        path('M0 720C300 600 520 700 820 690S1300 600 1600 690V900H0z', '#5a2549'),
        path('M0 800C400 690 700 800 1000 760S1400 700 1600 760V900H0z', '#2b1230'),
        path('M0 860C300 800 800 880 1600 830V900H0z', '#140a1c'),
        group('class="beam"', path('M1352 520L930 660l40 74z', 'url(#l)', 'opacity=".55"')),
        stroke('M1372 724L1360 530M1340 728l24-100l34 96', '#140a1c', 7),
        path('M1338 500l44-10l10 44l-44 12z', '#140a1c'),
        figure(960, 742, 96, '#140a1c'),
        figure(1108, 742, 84, '#1b0e24'),
        figure(1242, 728, 76, '#1b0e24'),
        stroke('M1180 742l-26-72l-26 72M1154 670v-20', '#1b0e24', 5),
        path('M1128 626h44v26h-44z', '#1b0e24'),
        path('M1128 632l-20-6v20l20-4z', '#1b0e24'),
        circle(1140, 618, 11, '#1b0e24'),
        circle(1162, 618, 9, '#1b0e24'),
        stroke('M1262 688l-70-34', '#1b0e24', 4),
        rect(1186, 644, 22, 10, '#1b0e24'),
      ];
    },
  },
  // A street of windows at night, every one a different story.
  'tv-series': {
    tint: '#060b16',
    draw(r) {
      const tones = ['#ffcf7a', '#ffb04d', '#6fc7e8', '#3f87c9', '#ff8b7a', '#f6e7c1'];
      const house = (x, w, h, c, cols, rows) =>
        rect(x, H - h, w, h, c) +
        rect(x - 6, H - h - 10, w + 12, 14, c) +
        times(rows, (j) =>
          times(cols, (i) => {
            const a = r();
            const ww = (w / cols) * 0.46;
            const wx = x + (w / cols) * (i + 0.27);
            const wy = H - h + 40 + j * 92;
            if (wy > H - 60) return '';
            if (a < 0.5) return a < 0.12 ? rect(wx, wy, ww, 56, '#0a1526') : '';
            const t = tones[Math.floor(r() * 6)];
            return (
              rect(wx, wy, ww, 56, t, `opacity="${n(0.55 + r() * 0.4)}"`) +
              (a > 0.86
                ? figure(wx + ww / 2, wy + 56, 46, '#0a1526')
                : a > 0.74
                  ? rect(wx, wy, ww, 20, '#0a1526', 'opacity=".5"')
                  : '')
            );
          }),
        );
      return [
        sky('#060d22', '#122a4d', '#3c4f7a') +
          glow('g', [
            [0, '#6fc7e8', 0.6],
            [1, '#6fc7e8', 0],
          ]),
        ground,
        dots(r, 60, { width: W, height: 400, size: 2, opacity: 0.6 }),
        circle(1390, 150, 54, '#e9e4d0'),
        circle(1370, 138, 50, '#0d1c3b'),
        house(560, 190, 420, '#101f38', 3, 4),
        house(1240, 220, 500, '#101f38', 4, 5),
        house(760, 260, 620, '#0c1930', 4, 6),
        house(1030, 240, 540, '#0e1d36', 4, 5),
        house(1420, 220, 640, '#0c1930', 3, 6),
        house(300, 250, 520, '#0a152a', 3, 5),
        house(20, 260, 460, '#081223', 3, 2),
        group('class="beam"', circle(1150, 560, 210, 'url(#g)', 'opacity=".5"')),
        stroke('M300 372Q560 460 760 272T1040 352T1260 392T1600 250', '#050a14', 3),
        times(3, (i) =>
          stroke(`M${840 + i * 230} ${270 + i * 60}v-70m-26 12h52m-40 18h28`, '#050a14', 5),
        ),
        path('M0 850H1600V900H0z', '#050a14'),
      ];
    },
  },
  // One boat, one lamp, and the mountain they have come to film.
  documentary: {
    tint: '#06110f',
    draw(r) {
      return [
        sky('#0b1d2a', '#1f4a55', '#6c9a8f', '#d6c79a') +
          down('w', [
            [0, '#6f9a90'],
            [0.3, '#2a5a60'],
            [1, '#04141a'],
          ]) +
          glow('g', [
            [0, '#fff3c4', 0.95],
            [0.3, '#ffcf6b', 0.45],
            [1, '#ffcf6b', 0],
          ]),
        ground,
        dots(r, 60, { width: W, height: 260, size: 2, opacity: 0.45 }),
        path('M500 560L700 420L800 470L1060 170L1200 330L1270 290L1600 540V600H500z', '#3a6a70'),
        path('M1060 170L1200 330L1160 372L1110 320L1070 380L1030 300L980 350L954 292z', '#eef5ee'),
        path('M1270 290L1360 358L1300 380L1262 344L1228 316z', '#dfeae6'),
        path('M0 560L200 470L420 540L640 500L900 560L1200 510L1600 560V600H0z', '#1d444c'),
        rect(0, 580, W, 320, 'url(#w)'),
        path('M700 584h760L1100 800z', '#cfe0d2', 'opacity=".14"'),
        times(22, (i) =>
          rect(
            r() * 1500,
            600 + i * 13,
            60 + r() * 160,
            2,
            '#dff0e4',
            `opacity="${n(0.1 + r() * 0.25)}"`,
          ),
        ),
        path(
          'M0 560Q300 530 600 566T1200 560T1600 566V590Q1200 600 800 586T0 600z',
          '#d9e6d6',
          'opacity=".3"',
        ),
        circle(1130, 640, 150, 'url(#g)'),
        path('M960 690h300l-40 46q-110 14-220 0z', '#06110f'),
        figure(1040, 694, 84, '#06110f'),
        figure(1180, 694, 80, '#06110f'),
        stroke('M1130 692V640', '#06110f', 5),
        rect(1120, 622, 20, 26, '#ffe9a8'),
        stroke('M1046 648l70 80', '#06110f', 5),
        path('M1190 630h34v18h-34z', '#06110f'),
        group('class="beam"', path('M1090 742h80l40 120h-160z', '#ffdf94', 'opacity=".28"')),
        path('M0 900V800Q90 760 150 820T320 850T520 880V900z', '#04100f'),
      ];
    },
  },
  // One street lamp, one umbrella, rain.
  'short-film': {
    tint: '#0a0a12',
    draw(r) {
      const rain = times(130, () => {
        const x = r() * 1700;
        const y = r() * 800;
        const l = 18 + r() * 30;
        return `M${n(x)} ${n(y)}l${n(-l * 0.25)} ${n(l)}`;
      });
      return [
        sky('#0c0f1e', '#1c2440', '#3c3a55') +
          down('c', [
            [0, '#ffe2a0', 0.85],
            [1, '#ff9f45', 0.04],
          ]) +
          glow('p', [
            [0, '#ffcf7d', 0.85],
            [1, '#ff9f45', 0],
          ]) +
          down('f', [
            [0, '#2a2c44'],
            [1, '#090a12'],
          ]),
        ground,
        times(9, (i) => rect(i * 190 - 40, 260 + r() * 220, 150 + r() * 60, 500, '#141a30')),
        times(24, () =>
          rect(r() * 1560, 360 + r() * 300, 14, 20, '#ffcf7d', `opacity="${n(0.1 + r() * 0.3)}"`),
        ),
        rect(0, 720, W, 180, 'url(#f)'),
        group('class="beam"', path('M1160 226L880 770h520l-200-544z', 'url(#c)', 'opacity=".7"')),
        '<ellipse cx="1150" cy="776" rx="330" ry="52" fill="url(#p)"/>',
        stroke('M1290 780V250q0-60-60-60h-40', '#06070d', 12),
        path('M1140 214q0-40 44-40t44 40z', '#06070d'),
        path('M1152 214h64q-4 22-32 22t-32-22z', '#fff0c4'),
        circle(1184, 220, 110, 'url(#p)', 'opacity=".8"'),
        stroke(rain, '#dfe6ff', 1.6, 'opacity=".34"'),
        figure(1120, 772, 150, '#06070d'),
        path(
          'M1020 622q8-84 100-90q92 6 100 90q-24-22-50 0q-26-22-50 0q-26-22-50 0q-26-22-50 0z',
          '#b3263a',
        ),
        stroke('M1120 532v-14M1120 622v70', '#06070d', 5),
        path('M1100 780h44l60 110h-160z', '#06070d', 'opacity=".5"'),
        times(
          10,
          () =>
            `<ellipse cx="${n(900 + r() * 500)}" cy="${n(780 + r() * 90)}" rx="${n(16 + r() * 22)}" ry="4" fill="none" stroke="#ffdf9f" stroke-width="2" opacity=".4"/>`,
        ),
      ];
    },
  },
  // Islands in the air and a kite between them.
  animation: {
    tint: '#0e0a26',
    draw(r) {
      const island = (x, y, s, top) =>
        group(
          `transform="translate(${x} ${y}) scale(${s})"`,
          path('M-150 0Q-100 120-40 150Q0 250 30 150Q110 110 150 0z', '#5a3b7d'),
          path('M-150 0Q-100 120-40 150Q-20 200-4 210Q-40 100-60 0z', '#452c66'),
          path('M-156 4Q-150-26-90-26Q-30-44 30-28Q130-34 156 4Q80 26 0 18T-156 4z', top),
          path('M-40 22v60q10 24 20 0V20zM60 18v36q6 18 12 0V16z', top),
        );
      const tree = (x, y, s, c) =>
        group(
          `transform="translate(${x} ${y}) scale(${s})"`,
          path('M-6 0q4-50 0-80h12q-4 40 0 80z', '#3b2552'),
          circle(0, -100, 46, c),
          circle(-34, -80, 28, c),
          circle(34, -78, 30, c),
          circle(-14, -116, 18, '#fff', 'opacity=".12"'),
        );
      const cloud = (x, y, s, o) =>
        path(
          `M${n(x - 120 * s)} ${y}a${n(46 * s)} ${n(46 * s)} 0 0 1 ${n(40 * s)} ${n(-60 * s)}a${n(70 * s)} ${n(70 * s)} 0 0 1 ${n(120 * s)} ${n(-16 * s)}a${n(44 * s)} ${n(44 * s)} 0 0 1 ${n(80 * s)} ${n(76 * s)}z`,
          '#ffe0ef',
          `opacity="${o}"`,
        );
      return [
        sky('#15104a', '#4a2f96', '#c45fa8', '#ffb38a'),
        ground,
        dots(r, 110, { width: W, height: 480, size: 2.4, opacity: 0.7 }),
        circle(1370, 210, 84, '#fff0c9'),
        circle(1350, 194, 14, '#f1d9a0'),
        circle(1394, 240, 20, '#f1d9a0'),
        circle(900, 130, 26, '#f4b6d2'),
        cloud(700, 560, 0.8, 0.3),
        cloud(1460, 620, 1, 0.5),
        group('class="beam"', cloud(1040, 700, 1.3, 0.4)),
        island(1390, 500, 0.8, '#4fc28e'),
        tree(1420, 484, 0.7, '#ff8fa3'),
        tree(1350, 482, 0.5, '#ffb86b'),
        island(980, 440, 1.15, '#5fd0a0'),
        tree(920, 412, 1, '#7be0b0'),
        tree(1060, 410, 0.8, '#ff9f7a'),
        path('M980 410v-70h54v70z', '#ffe9c9'),
        path('M966 342l41-44l41 44z', '#e2547a'),
        rect(998, 372, 18, 38, '#6d3f8c'),
        rect(988, 352, 12, 12, '#ffcf4d'),
        island(760, 660, 0.55, '#3f9f86'),
        island(1230, 720, 0.62, '#3f9f86'),
        figure(1230, 704, 62, '#1d1240'),
        stroke('M1242 664Q1300 560 1250 420T1196 250', '#fff', 2.4, 'opacity=".8"'),
        path('M1196 250l-46-52l62-40l34 62z', '#ffcf4d'),
        path('M1196 250l16-92l34 62z', '#ff8a5c'),
        stroke('M1196 250q-30 20-14 44t-20 40', '#e2547a', 5),
        cloud(300, 860, 1.4, 0.16),
        cloud(1500, 880, 1.6, 0.34),
        cloud(860, 890, 1.2, 0.26),
      ];
    },
  },
  // A flat on a Saturday: lamp, phone on a tripod, the city outside.
  'web-series': {
    tint: '#130816',
    draw(r) {
      const city = times(16, (i) => {
        const h = 80 + r() * 200;
        return (
          rect(760 + i * 46, 520 - h, 40, h, i % 2 ? '#4a2361' : '#5c2c70') +
          times(5, () =>
            rect(
              764 + i * 46 + Math.floor(r() * 4) * 9,
              526 - h + Math.floor((r() * h) / 18) * 16,
              4,
              6,
              '#ffcf7a',
              'opacity=".8"',
            ),
          )
        );
      });
      return [
        sky('#1a0c22', '#2b1433', '#1a0c1e') +
          down('o', [
            [0, '#3a1f7a'],
            [0.6, '#e0527a'],
            [1, '#ffb36b'],
          ]) +
          glow('g', [
            [0, '#ffdf9f', 0.8],
            [1, '#ff9f6b', 0],
          ]) +
          glow('k', [
            [0, '#ff6ba8', 0.5],
            [1, '#ff6ba8', 0],
          ]),
        ground,
        circle(560, 300, 420, 'url(#k)'),
        rect(744, 130, 740, 400, '#0f0714'),
        path('M760 146h708v368H760z', 'url(#o)'),
        circle(1290, 400, 60, '#ffe6b0'),
        `<svg x="760" y="146" width="708" height="368" viewBox="760 146 708 368">${city}</svg>`,
        stroke('M760 330h708M996 146v368M1232 146v368', '#0f0714', 10),
        rect(724, 514, 780, 26, '#2a1430'),
        rect(0, 760, W, 140, '#120817'),
        path('M640 760v-120q0-40 46-40h380q46 0 46 40v120z', '#7a2c52'),
        path('M620 770V690q0-24 28-24t28 24v30h400v-30q0-24 28-24t28 24v80z', '#96386a'),
        stroke('M876 604v110', '#6a2346', 4),
        path('M690 700l60-50l50 50z', '#ffcf4d'),
        figure(820, 776, 190, '#1d0d24'),
        figure(960, 776, 176, '#240f2c'),
        path('M938 650q20-10 46 0l-6 50h-34z', '#2f7f86'),
        circle(820, 604, 19, '#3a1a1a'),
        path('M796 610q0-34 26-30q26 0 22 36q-6-16-22-20q-20 4-26 14z', '#120817'),
        stroke('M1300 770L1336 560L1372 770M1336 560V690', '#0b0510', 8),
        rect(1296, 490, 80, 60, '#0b0510', 'rx="6"'),
        rect(1302, 496, 68, 48, '#8fe3ff'),
        group('class="beam"', circle(1336, 520, 180, 'url(#g)', 'opacity=".4"')),
        stroke('M1500 780V440', '#0b0510', 8),
        path('M1450 440l24-70h56l24 70z', '#ffdf9f'),
        circle(1500, 430, 190, 'url(#g)'),
        path('M1180 776q-20-70 10-120q30 50 10 120zM1190 776q20-60 60-80q-6 60-46 80z', '#2f6b4f'),
        path('M1164 770h64l-8 50h-48z', '#c4632f'),
      ];
    },
  },
};

export function hero(name, moving = false) {
  const { tint, draw } = scenes[name];
  const [defs, ...body] = draw(random(name));
  // What the shade does not dim.
  const front = body.find((part) => part.front)?.front ?? '';
  const scene = body.filter((part) => !part.front).flat();
  const shade =
    across('v', [
      [0, tint, 0.92],
      [0.42, tint, 0.62],
      [0.72, tint, 0],
    ]) +
    down('z', [
      [0.55, tint, 0],
      [1, tint, 0.95],
    ]);
  const motion = moving
    ? '<style>@media (prefers-reduced-motion:no-preference){.beam{animation:b 9s ease-in-out infinite alternate}}@keyframes b{from{opacity:.45}to{opacity:1}}</style>'
    : '';
  return svg(
    W,
    H,
    motion + defs + shade,
    scene.join(''),
    rect(0, 0, W, H, 'url(#v)'),
    rect(0, 0, W, H, 'url(#z)'),
    front,
  ).replace('height="900">', 'height="900" preserveAspectRatio="xMidYMid slice">');
}
