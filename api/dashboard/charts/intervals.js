// A mean with its interval on an axis that the rows of a table share, and that axis.
import { html } from '../vendor/htm-preact.js';
import { number } from '../format.js';
import { scale, ticks } from './scale.js';

const WIDTH = 260;

/** One row: a dot, its whiskers, and a line at zero where differences are shown. What it says stands in words beside it. */
export function IntervalRow({ value, interval, range, zero, tone = '' }) {
  const at = scale(range, WIDTH);
  return html`
    <svg class="interval ${tone}" viewBox="0 0 ${WIDTH} 22" aria-hidden="true">
      ${ticks(range).map((tick) => html`<line class="grid" x1=${at(tick)} x2=${at(tick)} y1="0" y2="22" />`)}
      ${zero && html`<line class="zero" x1=${at(0)} x2=${at(0)} y1="0" y2="22" />`}
      ${interval &&
      html`<path class="whisker" d=${`M${at(interval.low)} 7v8m0-4H${at(interval.high)}m0-4v8`} />`}
      ${value !== undefined && html`<circle class="dot" cx=${at(value)} cy="11" r="4.5" />`}
    </svg>
  `;
}

export function IntervalAxis({ range }) {
  const at = scale(range, WIDTH);
  const marks = ticks(range);
  const digits = Math.max(0, ...marks.map((mark) => (String(mark).split('.')[1] ?? '').length));
  return html`
    <svg class="interval axis" viewBox="0 0 ${WIDTH} 20" aria-hidden="true">
      <line class="base" x1="0" x2=${WIDTH} y1="0.5" y2="0.5" />
      ${marks.map(
        (tick) => html`<text x=${at(tick)} y="15" text-anchor=${anchor(at(tick))}>${number(tick, Math.min(digits, 4))}</text>`,
      )}
    </svg>
  `;
}

const anchor = (place) => (place < 16 ? 'start' : place > WIDTH - 16 ? 'end' : 'middle');
