// Posters of the documentaries.
import {
  across,
  circle,
  down,
  figure,
  glow,
  group,
  n,
  path,
  rect,
  stroke,
  times,
} from '../draw.mjs';
import { foot, ground, sky, W } from './sheet.mjs';

export const documentaries = {
  'the-last-projectionist': {
    lines: ['The Last', 'Projectionist'],
    set: { x: 24, y: 306, width: 252, height: 24, stroke: 2, color: '#f6ead2' },
    draw() {
      const bricks =
        times(9, (j) =>
          times(6, (i) => `M${n(118 + i * 34 + (j % 2) * 17)} ${n(62 + j * 16)}v16`),
        ) + times(10, (j) => `M108 ${62 + j * 16}H300`);
      return [
        sky('#10141c', '#1c2430') +
          across('b', [
            [0, '#fff2cf', 0.95],
            [1, '#fff2cf', 0.12],
          ]) +
          glow('i', [
            [0, '#fff7e2'],
            [1, '#e9c98c'],
          ]) +
          foot('#0a0d13', 0.6)[0],
        ground,
        path('M108 40h192v206H108z', '#28303b'),
        stroke(bricks, '#1a212b', 1.2),
        path('M128 72h150v118H128z', 'url(#i)'),
        path('M128 190V150q30-22 60-4q20-34 46-14q24-10 44 10v48z', '#8e6f4f'),
        circle(214, 108, 13, '#fff'),
        stroke('M128 84h150M160 72v118M242 72v118', '#fff', 0.8, 'opacity=".35"'),
        path('M36 236L128 72V190z', 'url(#b)', 'opacity=".5"'),
        path('M36 236L278 72L278 190z', 'url(#b)', 'opacity=".35"'),
        group(
          'transform="translate(14 222)"',
          rect(0, 6, 28, 22, '#05070b'),
          circle(4, 0, 9, '#05070b'),
          circle(22, -1, 7, '#05070b'),
          rect(28, 12, 8, 8, '#05070b'),
          stroke('M6 28L0 72M22 28l6 44', '#05070b', 3),
        ),
        path('M0 288h300v112H0z', '#0a0d13'),
        [90, 112, 150, 176, 204, 246, 268]
          .map(
            (x, i) =>
              circle(x, 282 - (i % 3) * 3, 7.5, '#0a0d13') +
              path(`M${x - 12} 300q0-14 12-14t12 14z`, '#0a0d13'),
          )
          .join(''),
        foot('#0a0d13', 0.6)[1],
      ];
    },
  },
  'what-the-glacier-kept': {
    lines: ['What the', 'Glacier', 'Kept'],
    set: { x: 22, y: 24, width: 118, height: 21, stroke: 1.8, color: '#0c2b3d', gap: 0.42 },
    draw(r) {
      const facets = times(30, () => {
        const x = r() * 300;
        const y = 186 + r() * 200;
        const s = 14 + r() * 34;
        return path(
          `M${n(x)} ${n(y)}l${n(s)} ${n(-s * 0.3)}l${n(-s * 0.2)} ${n(s)}z`,
          r() > 0.5 ? '#fff' : '#0f5d80',
          `opacity="${n(0.06 + r() * 0.14).replace(/^0?\./, '.')}"`,
        );
      });
      return [
        sky('#e9f1ee', '#b9dbe4', '#6fb3cc') +
          down('i', [
            [0, '#f4fcff'],
            [0.3, '#8fd0e6'],
            [0.7, '#2788b0'],
            [1, '#073a58'],
          ]),
        ground,
        path('M90 170L196 60L244 118L320 80V240H60z', '#39606f'),
        path('M196 60L244 118L226 128L206 108L190 124L166 92z', '#f8fdff'),
        path('M300 90L320 80V130l-30-10z', '#f8fdff'),
        path('M0 222L60 190L130 206L200 168L300 186V400H0z', 'url(#i)'),
        facets,
        path('M140 232L168 214L186 258L172 330L150 368L138 300z', '#062c45', 'opacity=".75"'),
        path('M150 252l12-8l6 26l-8 34z', '#0d5376'),
        stroke('M44 190L78 195L112 200', '#0c2b3d', 0.8),
        figure(44, 196, 15, '#0c2b3d'),
        figure(78, 198, 15, '#b3392c'),
        figure(112, 203, 15, '#0c2b3d'),
        group(
          'transform="translate(152 296) rotate(12)" opacity=".9"',
          rect(0, 0, 13, 10, '#c98b4b'),
          stroke('M4 0v-3h5v3', '#c98b4b', 1.4),
        ),
      ];
    },
  },
  'second-violin': {
    lines: ['Second', 'Violin'],
    set: { x: 276, y: 30, width: 120, height: 30, align: 'right', stroke: 2.2, color: '#f2d9b5' },
    draw() {
      return [
        sky('#171311', '#3a2418', '#7a3c1e') +
          down('v', [
            [0, '#d9823b'],
            [1, '#7d2f14'],
          ]),
        ground,
        path('M300 90V400H60z', '#f2b56b', 'opacity=".1"'),
        path('M300 180V400H150z', '#f2b56b', 'opacity=".12"'),
        group(
          'transform="translate(112 214) rotate(8)"',
          path('M-11-190h22l-3 96h-16z', '#1c120d'),
          path(
            'M0-100C40-104 58-78 52-50C46-26 34-22 34-2C34 18 62 24 66 66C70 118 38 142 0 142S-70 118-66 66C-62 24-34 18-34-2C-34-22-46-26-52-50C-58-78-40-104 0-100z',
            'url(#v)',
            'stroke="#2a120a" stroke-width="3"',
          ),
          path('M-8-110h16l3 128h-22z', '#1c120d'),
          stroke(
            'M-24 6q-9 12 0 26t-3 26M24 6q9 12 0 26t3 26',
            '#2a120a',
            3.4,
            'stroke-linecap="round"',
          ),
          path('M-22 46h44l-4 8h-36z', '#2a120a'),
          path('M-9 84h18l-4 46h-10z', '#1c120d'),
        ),
        times(4, (i) =>
          stroke(`M${n(118 + i * 5)} ${n(278 + i * 0.6)}L${n(139 + i * 4)} 20`, '#f7ead2', 1),
        ),
        times(
          5,
          (i) =>
            rect(26 + i * 60, 0, 7, 400, '#0d0a09', 'opacity=".88"') +
            rect(27.5 + i * 60, 0, 1.2, 400, '#8a6a4a', 'opacity=".5"'),
        ),
        rect(0, 366, 300, 9, '#0d0a09', 'opacity=".9"'),
      ];
    },
  },
  'honey-laundering': {
    lines: ['Honey', 'Laundering'],
    set: { x: 24, y: 316, width: 252, height: 25, stroke: 4.4, color: '#2b1604', gap: 0.4 },
    draw(r) {
      const hex = (x, y, s, fill, more) =>
        path(
          `M${n(x)} ${n(y - s)}l${n(s * 0.866)} ${n(s / 2)}v${n(s)}l${n(-s * 0.866)} ${n(s / 2)}l${n(-s * 0.866)} ${n(-s / 2)}v${n(-s)}z`,
          fill,
          more,
        );
      const tones = ['#f7b733', '#f2a71b', '#e8920c', '#ffcf5c', '#d97f06'];
      const cells = times(7, (j) =>
        times(7, (i) =>
          hex(
            8 + i * 47 + (j % 2) * 23.5,
            10 + j * 40.6,
            25,
            i === 4 && j === 3 ? '#b3201e' : tones[Math.floor(r() * 5)],
          ),
        ),
      );
      return [
        sky('#ffd166', '#f2a71b'),
        ground,
        cells,
        hex(219.5, 131.8, 25, 'none', 'stroke="#5c0d0d" stroke-width="2"'),
        group(
          'transform="translate(219 132) rotate(-24)"',
          '<ellipse rx="12" ry="8" fill="#2b1604"/>',
          rect(-3, -8, 3.4, 16, '#ffcf5c'),
          rect(4, -7, 3, 14, '#ffcf5c'),
          circle(-13, 0, 5, '#2b1604'),
          '<ellipse cx="1" cy="-11" rx="5" ry="9" fill="#fff" opacity=".75" transform="rotate(20)"/><ellipse cx="-4" cy="-10" rx="4" ry="8" fill="#fff" opacity=".6" transform="rotate(-20)"/>',
        ),
        path(
          'M0 292V272q24 6 34 0q8-8 8 18q0 18 8 18t8-24q0-14 16-10q28 4 40-2q14-8 14 30q0 26 9 26t9-30q0-24 18-24q30 4 50-2q18-4 18 12q0 20 8 20t8-20q0-14 20-10t32 0V400H0z',
          '#ffd976',
        ),
        path('M0 296q40 6 60 0t60 2t80-4t100 4V400H0z', '#ffd976'),
      ];
    },
  },
  'my-grandmothers-frequency': {
    lines: ['My Grandmother’s', 'Frequency'],
    set: { x: 150, y: 324, width: 248, height: 22, align: 'middle', stroke: 1.7, color: '#f1e7d3' },
    draw() {
      const code = ['-- -.--', '.-. .- -..', '.. ---', '.-.. --- ...-', '. -. .- -'];
      const birds = code.map((word, j) => {
        let x = 70 + j * 18;
        let d = '';
        let k = '';
        for (const c of word) {
          const y = 168 - j * 26 - (x - 70) * 0.22;
          if (c === '.') k += `M${n(x)} ${n(y)}h0`;
          else if (c === '-') d += `M${n(x)} ${n(y)}q4-5 7 0q3-5 7 0`;
          x += c === '-' ? 23 : 13;
        }
        return stroke(d, '#f1e7d3', 2) + stroke(k, '#f1e7d3', 4, 'stroke-linecap="round"');
      });
      return [
        sky('#23384a', '#5f7a78', '#c9a77a') +
          foot('#17232e', 0.66)[0] +
          down('d', [
            [0, '#7a4a2c'],
            [1, '#3c2014'],
          ]),
        ground,
        circle(226, 84, 32, '#f1dcae', 'opacity=".5"'),
        birds,
        path('M34 214h232v88H34z', 'url(#d)', 'stroke="#2a160d" stroke-width="3"'),
        path('M46 226h208v64H46z', '#27160e'),
        path('M60 280a42 42 0 0 1 84 0z', '#f3e2b6'),
        stroke('M102 280L124 250', '#b3392c', 2),
        stroke(
          times(9, (i) => {
            const a = Math.PI * (1 + i / 8);
            return `M${n(102 + 33 * Math.cos(a))} ${n(280 + 33 * Math.sin(a))}L${n(102 + 39 * Math.cos(a))} ${n(280 + 39 * Math.sin(a))}`;
          }),
          '#5a3a20',
          1.4,
        ),
        circle(184, 262, 17, '#c9a77a'),
        circle(184, 262, 10, '#5a3420'),
        circle(228, 262, 13, '#c9a77a'),
        circle(228, 262, 7, '#5a3420'),
        circle(206, 238, 3.4, '#ffcf6b'),
        stroke('M250 214V150M250 150l14 12M250 150l-14 12', '#2a160d', 2),
        rect(0, 302, W, 98, '#17232e'),
        foot('#17232e', 0.66)[1],
      ];
    },
  },
};
