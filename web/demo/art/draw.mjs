// Small helpers for drawing SVG by hand. Everything is deterministic: randomness comes from a seed.

// A generator of numbers in [0, 1), the same for the same name: xorshift32 over an FNV-1a hash.
export function random(name) {
  let state = 0x811c9dc5;
  for (const char of name) state = Math.imul(state ^ char.codePointAt(0), 0x01000193) >>> 0;
  state ||= 1;
  return () => {
    state ^= state << 13;
    state >>>= 0;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

export const n = (value) => String(Math.round(value * 10) / 10).replace(/^(-?)0\./, '$1.');

const stops = (list) =>
  list
    .map(
      ([at, color, opacity]) =>
        `<stop${at ? ` offset="${at}"` : ''} stop-color="${color}"${opacity === undefined ? '' : ` stop-opacity="${opacity}"`}/>`,
    )
    .join('');

// Gradients: `down` from top to bottom, `across` from left to right, `glow` from the middle outwards.
export const down = (id, list) =>
  `<linearGradient id="${id}" x2="0" y2="1">${stops(list)}</linearGradient>`;
export const across = (id, list) => `<linearGradient id="${id}">${stops(list)}</linearGradient>`;
export const glow = (id, list, at = '') =>
  `<radialGradient id="${id}"${at}>${stops(list)}</radialGradient>`;

export const rect = (x, y, w, h, fill, more = '') =>
  `<path d="M${n(x)} ${n(y)}h${n(w)}v${n(h)}h${n(-w)}z" fill="${fill}"${more && ' ' + more}/>`;
export const circle = (x, y, r, fill, more = '') =>
  `<circle cx="${n(x)}" cy="${n(y)}" r="${n(r)}" fill="${fill}"${more && ' ' + more}/>`;
export const path = (d, fill = 'none', more = '') =>
  `<path d="${d}" fill="${fill}"${more && ' ' + more}/>`;
export const stroke = (d, color, width = 1, more = '') =>
  `<path d="${d}" fill="none" stroke="${color}" stroke-width="${width}"${more && ' ' + more}/>`;
export const group = (more, ...parts) => `<g ${more}>${parts.join('')}</g>`;
export const times = (count, draw) => Array.from({ length: count }, (_, i) => draw(i)).join('');

// A ridge from the left edge to the right, closed at the bottom. `jag` 0 is smooth, 1 is mountain.
export function ridge(rand, { width, bottom, y, rise, steps, jag = 0 }) {
  let d = `M0 ${n(y + (rand() - 0.5) * rise)}`;
  for (let i = 1; i <= steps; i++) {
    const x = (width / steps) * i;
    const top = y + (rand() - 0.5) * rise * (jag && i % 2 ? 2 : 1);
    d += jag
      ? `L${n(x - (width / steps) * rand() * 0.3)} ${n(top)}`
      : `S${n(x - width / steps / 2)} ${n(top)} ${n(x)} ${n(top)}`;
  }
  return `${d}V${bottom}H0z`;
}

// Dots scattered over a box, as one path of round caps.
export function dots(
  rand,
  count,
  { x = 0, y = 0, width, height, color = '#fff', size = 1, opacity = 1 },
) {
  const d = times(count, () => `M${n(x + rand() * width)} ${n(y + rand() * height)}h0`);
  return stroke(d, color, size, `stroke-linecap="round" opacity="${opacity}"`);
}

// A standing figure seen from afar: head, coat, legs. (x, y) is the ground between its feet.
export function figure(x, y, h, fill) {
  const u = h / 10;
  return (
    `<path d="M${n(x - 1.5 * u)} ${n(y)}l${n(0.4 * u)} ${n(-4 * u)}q${n(-0.5 * u)} ${n(-3.6 * u)} ${n(1.1 * u)} ${n(-4 * u)}q${n(1.6 * u)} ${n(0.4 * u)} ${n(1.1 * u)} ${n(4 * u)}l${n(0.4 * u)} ${n(4 * u)}h${n(-1 * u)}l${n(-0.5 * u)} ${n(-3.6 * u)}l${n(-0.5 * u)} ${n(3.6 * u)}z" fill="${fill}"/>` +
    circle(x, y - 9 * u, u, fill)
  );
}

export const svg = (width, height, defs, ...body) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">${defs ? `<defs>${defs}</defs>` : ''}${body.join('')}</svg>\n`;
