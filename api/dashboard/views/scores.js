// The scores of an experiment: for each scorer the models side by side, with intervals and distributions.
import { html } from '../vendor/htm-preact.js';
import { Histogram } from '../charts/histogram.js';
import { IntervalAxis, IntervalRow } from '../charts/intervals.js';
import { StateCounts } from '../charts/progress.js';
import { range as rangeOf } from '../charts/scale.js';
import { count, digitsOf, estimate, interval, many, number } from '../format.js';
import { Empty } from '../parts/notes.js';
import { address } from '../router.js';
import { METHODS, isFinal, worded } from '../words.js';
import { Tags } from './tags.js';

/** Of the experiment as it stands, so that the scores of a run under way grow with it. */
export function Scores({ experiment }) {
  const { id, models } = experiment;
  const scorers = [...new Set(models.flatMap((run) => run.scorers.map(({ scorer }) => scorer)))];
  return html`
    ${!isFinal(experiment.status) && html`<p class="note">These are the scores so far.</p>`}
    <${Coverage} models=${models} />
    ${scorers.length === 0 && html`<${Empty}>There are no scores yet.<//>`}
    ${scorers.map((scorer) => html`<${Scorer} key=${scorer} scorer=${scorer} models=${models} />`)}
    ${models.length > 1 && scorers.length > 0 &&
    html`<p>Intervals that overlap do not say which is better: <a href=${address(['compare'], { experiment: id })}>compare the models item by item</a>.</p>`}
    ${scorers.length > 0 && isFinal(experiment.status) && html`<${Tags} id=${id} />`}
  `;
}

function Coverage({ models }) {
  return html`
    <section class="coverage" aria-label="What the scores are about">
      ${models.map(
        (run) => html`<div key=${run.model}>
          <strong>${run.model}</strong>
          <${StateCounts} run=${run} />
        </div>`,
      )}
    </section>
  `;
}

function Scorer({ scorer, models }) {
  const rows = models
    .map((run) => ({ model: run.model, found: run.scorers.find((other) => other.scorer === scorer) }))
    .filter(({ found }) => found);
  const range = rangeOf(rows.flatMap(({ found: { mean, confidence_interval: known } }) => [mean, known?.low, known?.high]));
  const digits = digitsOf(rows.map(({ found }) => found.confidence_interval));
  const method = rows.find(({ found }) => found.confidence_interval)?.found.confidence_interval.method;
  return html`
    <section class="panel">
      <h2>${scorer}</h2>
      <table class="estimates">
        <caption class="hidden">Means by ${scorer}</caption>
        <thead>
          <tr>
            <th scope="col">Model</th>
            <th scope="col">Mean</th>
            <th scope="col">95 % interval</th>
            <th scope="col" class="plot"><span class="hidden">Plot</span></th>
            <th scope="col" class="n">Scores</th>
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            ({ model, found: { mean, confidence_interval: known, count: scores, errors, agreement } }) => html`<tr key=${model}>
              <th scope="row">${model}</th>
              <td><strong>${estimate(mean, known, number, digits)}</strong></td>
              <td class="soft range">${known ? interval(known, number, digits) : '–'}</td>
              <td class="plot"><${IntervalRow} value=${mean} interval=${known} range=${range} /></td>
              <td class="n">${count(scores)}
                ${errors > 0 && html`<span class="aside">${many(errors, 'failure')}</span>`}
                ${agreement !== undefined && html`<span class="aside">agreement ${estimate(agreement)}</span>`}</td>
            </tr>`,
          )}
          <tr class="axis-row" aria-hidden="true">
            <td></td><td></td><td></td>
            <td class="plot"><${IntervalAxis} range=${range} /></td>
            <td></td>
          </tr>
        </tbody>
      </table>
      ${method && html`<p class="soft small">Intervals by ${worded(METHODS, method)}. A failed item is in no mean.</p>`}
      <div class="histograms">
        ${rows.map(({ model, found }) => html`<div key=${model}><h3>${model}</h3><${Histogram} scorer=${found} /></div>`)}
      </div>
    </section>
  `;
}
