// Axes: from values to places, and the ticks between.

/** Places values between `from` and `to` on so many pixels. */
export function scale([from, to], width, margin = 8) {
  const span = to - from || 1;
  return (value) => margin + ((Math.min(Math.max(value, from), to) - from) / span) * (width - 2 * margin);
}

/** Round numbers within a range: some five. */
export function ticks([from, to]) {
  const step = round((to - from) / 6);
  const first = Math.ceil(from / step - 1e-9);
  const all = [];
  for (let n = first; n * step <= to + step * 1e-6; n++) all.push(Number((n * step).toPrecision(12)));
  return all;
}

function round(step) {
  if (!(step > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(step));
  return [1, 2, 2.5, 5, 10].find((factor) => factor * power >= step - 1e-12) * power;
}

/** The least range that holds all intervals, with a little room; 0 to 1 where scores of that range fill much of it. */
export function range(values) {
  const known = values.filter(Number.isFinite);
  const low = Math.min(...known);
  const high = Math.max(...known);
  if (!known.length) return [0, 1];
  const room = (high - low) * 0.08 || Math.abs(high) * 0.1 || 1;
  const wide = [low - room, high + room];
  if (low >= 0 && high <= 1) return [Math.max(0, wide[0]), Math.min(1, wide[1])];
  return wide;
}
