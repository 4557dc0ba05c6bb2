// Line drawings for services (96 by 96) and covers for resources (400 by 260).
import { across, circle, down, group, n, random, rect, stroke, svg, times } from './draw.mjs';

const drawings = {
  consult: 'M14 22h50v34H38L26 68V56H14zM72 36h12v32h-8v12L64 68H44v-6M24 34h30M24 43h20',
  'feature-pitch-deck':
    'M12 24h58v42H12zM24 24v-8h60v42H70M22 56l14-16l10 10l8-8l12 14M30 36a3 3 0 1 0 .1 0M41 66v14M28 80h26',
  'feature-package': 'M14 34L48 18L82 34V68L48 84L14 68zM14 34L48 50L82 34M48 50V84M31 26L65 42V54',
  'series-bible':
    'M48 24Q32 14 12 20V74Q32 68 48 78Q64 68 84 74V20Q64 14 48 24zM48 24V78M20 32q10-2 20 3M20 44q10-2 20 3M56 35q10-5 20-3M56 47q10-5 20-3',
  'series-pitch':
    'M14 20h68v48H14zM36 80h24M48 68v12M40 34v20l18-10zM22 28v6M22 40v6M22 52v6M74 28v6M74 40v6M74 52v6',
  'documentary-proposal':
    'M20 14h38l18 18v50H20zM58 14v18h18M30 44h36M30 54h36M30 64h20M58 70l6 6l12-14',
  'teaser-edit':
    'M12 34h72v44H12zM12 34l4-16l70 10l-2 6M28 20l8 12M46 23l8 11M64 26l8 8M40 46v20l18-10z',
  'short-launch':
    'M48 12q18 16 14 44H34Q30 28 48 12zM34 46L22 60l4 10l10-8M62 46l12 14l-4 10l-10-8M48 30a6 6 0 1 0 .1 0M42 66v12M48 66v18M54 66v12',
  'visual-bible':
    'M14 70L56 28l12 12L26 82H14zM50 34l12 12M70 14l4 9l9 4l-9 4l-4 9l-4-9l-9-4l9-4zM22 20a9 9 0 1 0 .1 0M48 80h34',
  'concept-frames': 'M12 26h40v30H12zM24 56v10h40V36H52M36 66v10h40V46H64M20 48l9-11l7 8l5-5l7 8',
  'web-season':
    'M12 18h20v20H12zM38 18h20v20H38zM64 18h20v20H64zM12 44h20v20H12zM38 44h20v20H38zM64 44h20v20H64zM20 74h56M19 24v8l7-4zM45 50v8l7-4z',
  'pitch-rehearsal':
    'M36 18a12 12 0 0 1 24 0v22a12 12 0 0 1-24 0zM26 38q0 26 22 26t22-26M48 64v14M34 80h28M14 28v16M20 32v8M76 32v8M82 28v16',
};
export const drawing = (name) =>
  svg(
    96,
    96,
    down('g', [
      [0, '#ffd894'],
      [1, '#f08a3c'],
    ]),
    stroke(drawings[name], 'url(#g)', 2.4, 'stroke-linejoin="round" stroke-linecap="round"'),
  );

const inks = [
  ['#16313a', '#2f6b6b', '#f2c46d'],
  ['#3a1520', '#8c2f3b', '#f4b27a'],
  ['#1d1a3f', '#4a418f', '#ff9f8a'],
  ['#2b1d12', '#8a5a2b', '#ffe0a0'],
  ['#12301f', '#3f7d55', '#e9e2a8'],
  ['#2a1235', '#7d3a7d', '#ffc6a0'],
  ['#0f2440', '#2d5f96', '#a8e0e8'],
];

// One idea to a kind of resource: a guide is a path, a worksheet cards, an essay rings, a template bars, and so on.
const motifs = {
  Guide: (r, [, mid, hi]) =>
    times(6, (i) =>
      stroke(
        `M-10 ${n(230 - i * 26)}C${n(80 + r() * 60)} ${n(140 - i * 22 + r() * 60)} ${n(220 + r() * 60)} ${n(290 - i * 26)} 420 ${n(150 - i * 34)}`,
        i === 2 ? hi : mid,
        i === 2 ? 4 : 14,
        i === 2 ? 'stroke-linecap="round"' : 'opacity=".45"',
      ),
    ) + circle(300 + r() * 40, 60 + r() * 20, 22, hi),
  Worksheet: (r, [dark, mid, hi]) =>
    times(5, (i) =>
      group(
        `transform="translate(${n(60 + i * 58)} ${n(96 + r() * 40)}) rotate(${n(-14 + r() * 28)})"`,
        rect(-34, -46, 84, 108, i === 3 ? hi : mid, 'stroke="' + dark + '" stroke-width="3"'),
        stroke('M-22-28h58M-22-14h46M-22 0h52', dark, 3, 'opacity=".55"'),
      ),
    ),
  Essay: (r, [, mid, hi]) => {
    const x = 120 + r() * 160;
    const y = 90 + r() * 80;
    return (
      times(
        8,
        (i) =>
          `<circle cx="${n(x)}" cy="${n(y)}" r="${18 + i * 26}" fill="none" stroke="${i === 1 ? hi : mid}" stroke-width="${i === 1 ? 5 : 9}" opacity="${i === 1 ? 1 : n(0.7 - i * 0.07)}"/>`,
      ) + circle(x, y, 8, hi)
    );
  },
  Template: (r, [, mid, hi]) =>
    times(9, (i) => {
      const h = 40 + r() * 150;
      return rect(
        28 + i * 40,
        236 - h,
        26,
        h,
        i === 5 ? hi : mid,
        i === 5 ? '' : `opacity="${n(0.4 + r() * 0.5)}"`,
      );
    }) + stroke('M16 238h368', hi, 3),
  Checklist: (r, [dark, mid, hi]) =>
    times(5, (i) => {
      const y = 40 + i * 42;
      return (
        rect(56, y, 26, 26, i < 3 ? hi : 'none', `stroke="${i < 3 ? hi : mid}" stroke-width="4"`) +
        (i < 3 ? stroke(`M62 ${y + 13}l6 7l10-13`, dark, 4) : '') +
        rect(104, y + 7, 120 + r() * 130, 12, mid, 'opacity=".75"')
      );
    }),
  Calendar: (r, [, mid, hi]) =>
    times(4, (j) =>
      times(7, (i) => circle(68 + i * 44, 56 + j * 50, 15, r() > 0.82 ? hi : mid, 'opacity=".85"')),
    ) + stroke('M68 156L200 106', hi, 4),
};

export function cover(name, kind) {
  const r = random(name);
  r();
  r();
  const ink = inks[Math.floor(r() * inks.length)];
  if (!motifs[kind])
    throw new Error(`covers: no motif for a resource of the kind ${JSON.stringify(kind)}`);
  return svg(
    400,
    260,
    across('b', [
      [0, ink[0]],
      [1, ink[1]],
    ]),
    rect(0, 0, 400, 260, 'url(#b)'),
    rect(0, 0, 400, 260, ink[0], 'opacity=".45"'),
    motifs[kind](r, ink),
    rect(0, 0, 10, 260, '#000', 'opacity=".28"'),
    rect(10, 0, 1.5, 260, '#fff', 'opacity=".18"'),
  );
}
