// How the scores of one scorer are spread, with their mean and its interval on the same axis.
import { html } from '../vendor/htm-preact.js';
import { count, estimate, interval, many } from '../format.js';

const WIDTH = 260;
const HEIGHT = 78;
const LEFT = 8;
const SPAN = WIDTH - 2 * LEFT;

/** Ten bins over 0 to 1. Scores outside of that are counted beside. */
export function Histogram({ scorer }) {
  const { bins, below, above } = scorer.histogram;
  const most = Math.max(1, ...bins);
  const within = bins.some(Boolean);
  const at = (value) => LEFT + Math.min(Math.max(value, 0), 1) * SPAN;
  const shown = scorer.mean >= 0 && scorer.mean <= 1;
  const range = scorer.confidence_interval;
  if (!within) return html`<p class="soft small">${outside(below, above) || 'No scores yet.'} ${ends(scorer)}</p>`;
  return html`
    <figure class="histogram">
      <svg viewBox="0 0 ${WIDTH} ${HEIGHT + 30}" role="img" aria-label=${described(scorer)}>
        ${bins.map((bin, index) => {
          const height = bin && Math.max(1.5, (bin / most) * (HEIGHT - 14));
          const x = LEFT + (index * SPAN) / 10;
          return html`
            <rect class="bar" x=${x + 1} y=${HEIGHT - height} width=${SPAN / 10 - 2} height=${height} rx="1.5" />
            ${bin > 0 && html`<text class="bin" x=${x + SPAN / 20} y=${HEIGHT - height - 3} text-anchor="middle">${count(bin)}</text>`}
          `;
        })}
        <line class="base" x1=${LEFT} x2=${WIDTH - LEFT} y1=${HEIGHT + 0.5} y2=${HEIGHT + 0.5} />
        ${shown &&
        html`
          ${range && html`<path class="whisker" d=${`M${at(range.low)} ${HEIGHT + 4}v8m0-4H${at(range.high)}m0-4v8`} />`}
          <circle class="dot" cx=${at(scorer.mean)} cy=${HEIGHT + 8} r="4" />
        `}
        ${[0, 0.5, 1].map(
          (tick) => html`<text x=${at(tick)} y=${HEIGHT + 28} text-anchor=${tick === 0 ? 'start' : tick === 1 ? 'end' : 'middle'}>${tick}</text>`,
        )}
      </svg>
      ${(below > 0 || above > 0) && html`<figcaption class="soft small">${outside(below, above)}</figcaption>`}
    </figure>
  `;
}

function outside(below, above) {
  const parts = [];
  if (below) parts.push(`${many(below, 'score')} below 0`);
  if (above) parts.push(`${many(above, 'score')} above 1`);
  return parts.length ? `${parts.join(', ')}.` : '';
}

const ends = ({ min, max, mean, confidence_interval: range }) =>
  min === undefined ? '' : `From ${estimate(min, range)} to ${estimate(max, range)}, mean ${estimate(mean, range)}.`;

function described(scorer) {
  const bins = scorer.histogram.bins
    .map((bin, index) => bin && `${count(bin)} from ${index / 10} to ${(index + 1) / 10}`)
    .filter(Boolean);
  const range = scorer.confidence_interval;
  const mean = `mean ${estimate(scorer.mean, range)}${range ? `, 95 % interval ${interval(range)}` : ''}`;
  return `${many(scorer.count, 'score')} by ${scorer.scorer}: ${bins.join(', ')}; ${mean}`;
}
