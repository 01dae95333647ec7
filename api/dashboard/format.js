// Numbers, times and texts as people read them.

const counts = new Intl.NumberFormat('en');
const times = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });

export const count = (value) => counts.format(value);

/** So many of something, in words: `1 item`, `1,200 items`. */
export const many = (value, noun, nouns = `${noun}s`) => `${count(value)} ${value === 1 ? noun : nouns}`;

/** Decimals that a number known to so much can bear: two digits of the uncertainty. */
export function decimals(uncertainty) {
  if (!(uncertainty > 0)) return 3;
  return Math.max(0, Math.min(4, 1 - Math.floor(Math.log10(uncertainty))));
}

/** A number alone: three decimals for what lies about 0 to 1, fewer for what is large. */
export function number(value, digits) {
  const size = Math.abs(value);
  if (size >= 1e9) return value.toExponential(3);
  const places = digits ?? (size >= 1000 ? 0 : size >= 10 ? 1 : 3);
  return minus(value.toLocaleString('en', { minimumFractionDigits: places, maximumFractionDigits: places }));
}

const minus = (text) => text.replace('-', '−');

export const signed = (value, digits) => (value > 0 ? `+${number(value, digits)}` : number(value, digits));

/** The digits for estimates that stand below each other: as many as the surest of them can bear. */
export function digitsOf(intervals) {
  const known = intervals.filter(Boolean).map(({ low, high }) => decimals((high - low) / 2));
  return known.length ? Math.max(...known) : undefined;
}

/** The ends of an interval, in digits that its width can bear unless others are given. */
export function interval({ low, high }, write = number, digits = digitsOf([{ low, high }])) {
  return `${write(low, digits)} to ${write(high, digits)}`;
}

/** A number with as many digits as its interval can bear; a dash for one that is not known. */
export const estimate = (value, range, write = number, digits = digitsOf([range])) => (value === undefined ? '–' : write(value, digits));

/** A single score: no decimals where there is nothing behind the point. */
export const exact = (value) => (Number.isInteger(value) ? count(value) : number(value));

export const probability = (value) => (value < 1e-4 ? '< 0.0001' : value.toFixed(4));

export const percent = (part, whole) => (whole ? `${number((100 * part) / whole, 0)} %` : '');

/** US dollars, given as a decimal. */
export function money(value) {
  const dollars = Number(value);
  if (dollars === 0) return '$0';
  const options = dollars >= 1 ? { minimumFractionDigits: 2, maximumFractionDigits: 2 } : { maximumSignificantDigits: 3 };
  return `$${dollars.toLocaleString('en', options)}`;
}

export function seconds(value) {
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 60) return `${Math.round(value)} s`;
  if (value < 3600) return `${Math.floor(value / 60)} min ${String(Math.floor(value % 60)).padStart(2, '0')} s`;
  if (value < 86_400) return `${Math.floor(value / 3600)} h ${String(Math.floor((value % 3600) / 60)).padStart(2, '0')} min`;
  return `${Math.floor(value / 86_400)} d ${Math.floor((value % 86_400) / 3600)} h`;
}

export const milliseconds = (value) => (value < 1000 ? `${number(value, value < 10 ? 1 : 0)} ms` : seconds(value / 1000));

export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = value && Math.min(Math.floor(Math.log10(value) / 3), units.length - 1);
  return `${number(value / 1000 ** power, power ? 1 : 0)} ${units[power]}`;
}

export const moment = (value) => times.format(new Date(value));

/** How long ago something was. */
export function ago(value, now = Date.now()) {
  const passed = (now - new Date(value)) / 1000;
  if (passed < 5) return 'just now';
  if (passed < 60) return `${Math.floor(passed)} s ago`;
  if (passed < 3600) return `${Math.floor(passed / 60)} min ago`;
  if (passed < 86_400) return `${Math.floor(passed / 3600)} h ago`;
  if (passed < 30 * 86_400) return many(Math.floor(passed / 86_400), 'day') + ' ago';
  return new Date(value).toISOString().slice(0, 10);
}

/** Text as it is, other JSON indented; characters that turn the direction of writing or steer terminals are shown as �. */
export function text(value) {
  const plain = typeof value === 'string' ? value : JSON.stringify(value, null, 2) ?? '';
  return plain.replace(/[\u202a-\u202e\u2066-\u2069]|(?![\n\t])\p{Cc}/gu, '\ufffd');
}

/** The beginning of a text, in one line. */
export function excerpt(value, longest = 160) {
  const line = text(value).replace(/\s+/g, ' ').trim();
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
