// The studio's own capitals, drawn as strokes: posters look the same wherever they are shown, without any font.
//
// A glyph is [width, path] on a grid ten units high, baseline at 10, with absolute M, L, C and Z only, so that scaling is
// a walk over the numbers. Stroke width does not scale with the letters; the caller chooses it.

const glyphs = {
  A: [8, 'M0 10L4 0L8 10M1.5 6.6L6.5 6.6'],
  B: [6.6, 'M0 0L0 10L3.4 10C7.8 10 7.8 4.6 3.4 4.6L0 4.6M0 0L3.2 0C6.8 0 6.8 4.6 3.2 4.6'],
  C: [8, 'M8 1.9C6 -.8 0 -1 0 5C0 11 6 10.8 8 8.1'],
  D: [7.6, 'M0 0L0 10L2.4 10C9.4 10 9.4 0 2.4 0Z'],
  E: [5.4, 'M5.4 0L0 0L0 10L5.4 10M0 4.8L4.5 4.8'],
  F: [5.2, 'M5.2 0L0 0L0 10M0 4.8L4.4 4.8'],
  G: [8.4, 'M8 1.9C6 -.8 0 -1 0 5C0 11 6.6 10.9 8.4 8.4L8.4 5.4L5 5.4'],
  H: [7, 'M0 0L0 10M7 0L7 10M0 4.8L7 4.8'],
  I: [0, 'M0 0L0 10'],
  J: [4.5, 'M4.5 0L4.5 7.2C4.5 10.9 .6 10.9 0 8.2'],
  K: [6.8, 'M0 0L0 10M6.4 0L0 6M2.5 3.8L6.8 10'],
  L: [5, 'M0 0L0 10L5 10'],
  M: [9, 'M0 10L.8 0L4.5 7.2L8.2 0L9 10'],
  N: [7.2, 'M0 10L0 0L7.2 10L7.2 0'],
  O: [9, 'M4.5 0C10.5 0 10.5 10 4.5 10C-1.5 10 -1.5 0 4.5 0Z'],
  P: [6.2, 'M0 10L0 0L3.2 0C7.2 0 7.2 5.4 3.2 5.4L0 5.4'],
  Q: [9, 'M4.5 0C10.5 0 10.5 10 4.5 10C-1.5 10 -1.5 0 4.5 0ZM6 7.2L9 10.4'],
  R: [6.6, 'M0 10L0 0L3.2 0C7.2 0 7.2 5.2 3.2 5.2L0 5.2M3 5.2L6.6 10'],
  S: [6, 'M5.7 1.7C4.7 -.7 .3 -.6 .3 2.5C.3 5.5 6 4.3 6 7.4C6 10.7 .8 10.7 0 8.1'],
  T: [7, 'M0 0L7 0M3.5 0L3.5 10'],
  U: [7, 'M0 0L0 6.2C0 11.3 7 11.3 7 6.2L7 0'],
  V: [8, 'M0 0L4 10L8 0'],
  W: [11, 'M0 0L2.8 10L5.5 2L8.2 10L11 0'],
  X: [7, 'M0 0L7 10M7 0L0 10'],
  Y: [7.4, 'M0 0L3.7 5L7.4 0M3.7 5L3.7 10'],
  Z: [6.6, 'M0 0L6.6 0L0 10L6.6 10'],
  '&': [
    7.8,
    'M7.8 10L2.2 3.2C.6 1.1 1.8 -.2 3.5 0C5.5 .2 5.5 2.4 3.5 3.9C1 5.6 0 6.2 0 7.6C0 10.9 5 10.9 7.4 6',
  ],
  '-': [3, 'M0 5.2L3 5.2'],
  '’': [0.6, 'M.6 0L0 2'],
  '.': [0.2, 'M0 9.8L.2 9.8'],
};
const marks = {
  '\u0301': (w) => `M${w / 2} -1.4L${w / 2 + 1.6} -3.2`,
  '\u0308': (w) => `M${w / 2 - 1.6} -2L${w / 2 - 1.4} -2M${w / 2 + 1.4} -2L${w / 2 + 1.6} -2`,
};
const tracking = 2.2;
const space = 3.6;

const round = (n) => String(Math.round(n * 10) / 10).replace(/^(-?)0\./, '$1.');

function pieces(text) {
  const out = [];
  let x = 0;
  for (const char of text.toUpperCase().normalize('NFD')) {
    if (char === ' ') {
      x += space;
      continue;
    }
    const mark = marks[char];
    if (mark) {
      const under = out[out.length - 1];
      out.push({ ...under, path: mark(under.width), mark: true });
      continue;
    }
    const glyph = glyphs[char];
    if (!glyph)
      throw new Error(`lettering: no glyph for ${JSON.stringify(char)} in ${JSON.stringify(text)}`);
    out.push({ x, width: glyph[0], path: glyph[1] });
    x += glyph[0] + tracking;
  }
  return { letters: out, width: x - tracking };
}

// The path of one line whose capitals are at most `height` high and which is at most `width` wide.
// Returns {d, height, width}; (x, y) is the top left corner, the top middle or the top right one by `align`.
export function line(text, { x, y, width, height, align = 'left', stretch = 1 }) {
  const { letters, width: natural } = pieces(text);
  const scale = Math.min(height / 10, width / (natural * stretch));
  const sx = scale * stretch;
  const left = x - natural * sx * { left: 0, middle: 0.5, right: 1 }[align];
  let d = '';
  for (const letter of letters) {
    let even = true;
    d += letter.path.replace(/-?\d*\.?\d+/g, (n) => {
      const value = even ? left + (letter.x + Number(n)) * sx : y + Number(n) * scale;
      even = !even;
      return round(value);
    });
  }
  return { d: d.replace(/ -/g, '-'), height: scale * 10, width: natural * sx };
}

// Lines set one under the other, as one path element.
export function title(
  lines,
  {
    x,
    y,
    width,
    height,
    align,
    stretch,
    gap = 0.5,
    stroke = 3,
    color = '#fff',
    cap = 'butt',
    opacity,
  },
) {
  let top = y;
  let d = '';
  for (const text of lines) {
    const set = line(text, { x, y: top, width, height, align, stretch });
    d += set.d;
    top += set.height * (1 + gap);
  }
  const fade = opacity ? ` opacity="${opacity}"` : '';
  return `<path d="${d}" fill="none" stroke="${color}" stroke-width="${stroke}" stroke-linecap="${cap}" stroke-linejoin="round"${fade}/>`;
}
