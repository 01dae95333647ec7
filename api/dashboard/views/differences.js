// The differences of all pairs under one scorer: a forest plot, the figures, and the items that lost.
import { html } from '../vendor/htm-preact.js';
import { IntervalAxis, IntervalRow } from '../charts/intervals.js';
import { range as rangeOf } from '../charts/scale.js';
import { count, digitsOf, estimate, exact, interval, many, probability, signed } from '../format.js';
import { METHODS, TESTS, worded } from '../words.js';

export function Differences({ scorer, differences, name }) {
  const ends = differences.flatMap(({ mean_difference: mean, interval: known }) => [mean, known?.low, known?.high]);
  const range = rangeOf([0, ...ends]);
  const digits = digitsOf(differences.map((difference) => difference.interval));
  const wide = [Math.min(range[0], -range[1] * 0.15), Math.max(range[1], -range[0] * 0.15)];
  return html`
    <section class="panel">
      <h2>${scorer}</h2>
      <table class="estimates forest">
        <caption class="soft small">Mean difference with its 95 % interval; right of the line the candidate scores higher.
          ${differences.length > 1 && ' The verdict is corrected for making many comparisons at once, so that runs may be tied though an interval leaves zero out.'}</caption>
        <thead>
          <tr>
            <th scope="col">Candidate against baseline</th>
            <th scope="col">Difference</th>
            <th scope="col">95 % interval</th>
            <th scope="col" class="plot"><span class="hidden">Plot</span></th>
            <th scope="col">Verdict</th>
          </tr>
        </thead>
        <tbody>
          ${differences.map(
            (difference) => html`<${Row} key=${pair(difference)} difference=${difference} name=${name} range=${wide} digits=${digits} />`,
          )}
          <tr class="axis-row" aria-hidden="true">
            <td></td><td></td><td></td>
            <td class="plot"><${IntervalAxis} range=${wide} /></td>
            <td></td>
          </tr>
        </tbody>
      </table>
      ${differences.map((difference) => html`<${Figures} key=${pair(difference)} difference=${difference} name=${name} />`)}
    </section>
  `;
}

const pair = ({ baseline, candidate }) => `${baseline} ${candidate}`;

function verdict({ mean_difference: mean, statistically_tied: tied }) {
  if (mean === undefined) return ['Nothing to compare', 'tied'];
  if (tied) return ['Statistically tied', 'tied'];
  return mean > 0 ? ['Higher', 'higher'] : ['Lower', 'lower'];
}

function Row({ difference, name, range, digits }) {
  const { baseline, candidate, mean_difference: mean, interval: known } = difference;
  const [word, tone] = verdict(difference);
  return html`
    <tr>
      <th scope="row">${name(candidate)} <span class="soft">against ${name(baseline)}</span></th>
      <td><strong>${estimate(mean, known, signed, digits)}</strong></td>
      <td class="soft range">${known ? interval(known, signed, digits) : '–'}</td>
      <td class="plot"><${IntervalRow} value=${mean} interval=${known} range=${range} zero tone=${tone} /></td>
      <td class="verdict" data-verdict=${tone}>${word}</td>
    </tr>
  `;
}

/** The statement in words, and the figures that it rests on. */
function Figures({ difference, name }) {
  const { baseline, candidate, coverage, wins, losses, ties, statement } = difference;
  const left = coverage.paired === undefined ? 0 : coverage.only_baseline + coverage.only_candidate + coverage.neither;
  return html`
    <details class="pair">
      <summary>
        ${`${name(candidate)} against ${name(baseline)}: `}
        <span class="soft">${count(coverage.paired)} pairs, ${count(wins)} higher, ${count(losses)} lower, ${count(ties)} the same</span>
      </summary>
      <p>${coded(statement)}</p>
      <dl class="figures">
        <${Means} difference=${difference} />
        ${left > 0 && html`<div><dt>Left out</dt><dd>${many(left, 'item')} without a score in both</dd></div>`}
        <${Test} difference=${difference} />
      </dl>
      <${Regressions} difference=${difference} name=${name} />
    </details>
  `;
}

/** A statement of the service, in which names stand in backticks. */
const coded = (statement) => statement.split('`').map((part, index) => (index % 2 ? html`<code>${part}</code>` : part));

function Means({ difference: { baseline_mean: before, candidate_mean: after, minimum_detectable_effect: least, interval: known } }) {
  return html`
    ${before !== undefined && html`<div><dt>Means</dt><dd>${estimate(before, known)} → ${estimate(after, known)}</dd></div>`}
    ${least !== undefined && html`<div><dt>Least difference these items would have shown</dt><dd>${estimate(least, known)}</dd></div>`}
  `;
}

function Test({ difference: { deciding_test: test, p_value: alone, adjusted_p_value: adjusted, interval: known } }) {
  if (!test) return null;
  return html`
    <div>
      <dt>p, ${worded(TESTS, test)}</dt>
      <dd>${probability(adjusted)} <span class="aside">corrected for all comparisons; ${probability(alone)} alone</span></dd>
    </div>
    ${known && html`<div><dt>Interval</dt><dd>${worded(METHODS, known.method)}</dd></div>`}
  `;
}

function Regressions({ difference: { regressions, losses, baseline: before, candidate: after }, name }) {
  if (!regressions.length) return null;
  return html`
    <table class="regressions">
      <caption class="soft small">Items that lost most${losses > regressions.length && ` (${count(regressions.length)} of ${count(losses)})`}</caption>
      <thead>
        <tr>
          <th scope="col">Item</th>
          <th scope="col" class="n">${name(before)}</th>
          <th scope="col" class="n">${name(after)}</th>
        </tr>
      </thead>
      <tbody>
        ${regressions.map(
          ({ item_id: id, baseline, candidate }) => html`<tr key=${id}>
            <th scope="row"><code>${id}</code></th>
            <td class="n">${exact(baseline)}</td>
            <td class="n">${exact(candidate)}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}
