// How far the runs of an experiment have come, what they cost, and what they wait for.
import { html } from '../vendor/htm-preact.js';
import { ProgressBar, StateCounts } from '../charts/progress.js';
import { count, digitsOf, estimate, interval, many, moment, money, number, seconds } from '../format.js';
import { sentence } from '../parts/notes.js';
import { Badge, Took, useNow } from '../parts/status.js';
import { PAUSED_BY, STAGES, WAITING, isFinal, worded } from '../words.js';

export const Progress = ({ experiment }) =>
  html`<div class="runs">${experiment.models.map((run) => html`<${Run} key=${run.model} run=${run} told=${experiment.waiting_on?.detail} />`)}</div>`;

/** Why nothing moves, in words, and when it will. */
export function Waiting({ waiting }) {
  return html`
    <div class="note wait" role="status">
      <p><strong>${worded(WAITING, waiting.reason)}.</strong> ${sentence(waiting.detail)} ${waiting.until && html`<${Until} at=${waiting.until} />`}
      ${waiting.attempt > 1 && html` <span class="soft">Attempt ${waiting.attempt} comes next.</span>`}</p>
    </div>
  `;
}

function Until({ at }) {
  const left = (new Date(at) - useNow()) / 1000;
  return left > 0 ? html`<span>Goes on in ${seconds(left)}.</span>` : html`<span>Goes on now.</span>`;
}

/** The run of a model. What it waits for is told unless that was `told` of the whole experiment. */
function Run({ run, told }) {
  const over = isFinal(run.status);
  return html`
    <section class="panel run">
      <div class="title">
        <h2>${run.model}</h2>
        ${over || run.status === 'paused'
          ? html`<${Badge} status=${run.status} />`
          : html`<span class="badge" data-status="running">${worded(STAGES, run.stage)}</span>`}
      </div>
      <${ProgressBar} run=${run} />
      <${StateCounts} run=${run} />
      ${run.reason && html`<p class="note bad">${sentence(run.reason)}</p>`}
      ${run.waiting_on && run.waiting_on.detail !== told && html`<${Waiting} waiting=${run.waiting_on} />`}
      ${run.pause &&
      html`<p class="soft small">
        Since ${moment(run.pause.since)}: ${worded(PAUSED_BY, run.pause.by)}${run.pause.reason && `, “${run.pause.reason}”`}.
      </p>`}
      <${Figures} run=${run} over=${over} />
      <${Means} scorers=${run.scorers} />
      <${Deliveries} deliveries=${run.deliveries} />
      <${Limits} limits=${run.limits} />
    </section>
  `;
}

const Fact = ({ label, children }) => html`<div><dt>${label}</dt><dd>${children}</dd></div>`;

function Figures({ run, over }) {
  const { generated } = run;
  const tokens = generated.usage.input_tokens + generated.usage.output_tokens;
  return html`
    <dl class="figures">
      ${run.started_at && html`<${Fact} label=${over ? 'Took' : 'Runs for'}><${Took} from=${run.started_at} to=${run.ended_at} /><//>`}
      ${!over && run.eta_seconds !== undefined && html`<${Fact} label="Time left, about">${seconds(run.eta_seconds)}<//>`}
      <${Fact} label="Calls">${count(generated.calls)}<${Aside} generated=${generated} /><//>
      <${Fact} label="Tokens">${count(tokens)}
        ${tokens > 0 && html`<span class="aside">${count(generated.usage.input_tokens)} in, ${count(generated.usage.output_tokens)} out</span>`}<//>
      <${Fact} label="Cost">${Number(generated.cost ?? 0) > 0 ? money(generated.cost) : html`<span class="soft">none known</span>`}<//>
      ${run.round > 0 && html`<${Fact} label="Round">${run.round}<//>`}
    </dl>
  `;
}

/** Calls that were not as they should be. */
function Aside({ generated: { cached, repeated, lost } }) {
  const parts = [[cached, 'from the cache'], [repeated, 'repeated'], [lost, 'lost']];
  const said = parts.filter(([calls]) => calls > 0).map(([calls, how]) => `${count(calls)} ${how}`).join(', ');
  return said && html`<span class="aside">${said}</span>`;
}

function Means({ scorers }) {
  if (!scorers.length) return null;
  const digits = digitsOf(scorers.map((scorer) => scorer.confidence_interval));
  return html`
    <table class="means">
      <thead>
        <tr>
          <th scope="col">Scorer</th>
          <th scope="col">Mean</th>
          <th scope="col">95 % interval</th>
          <th scope="col" class="n">Scores</th>
        </tr>
      </thead>
      <tbody>
        ${scorers.map(
          ({ scorer, mean, confidence_interval: range, count: scores, errors }) => html`<tr key=${scorer}>
            <th scope="row">${scorer}</th>
            <td><strong>${estimate(mean, range, number, digits)}</strong></td>
            <td class="soft range">${range ? interval(range, number, digits) : '–'}</td>
            <td class="n">${count(scores)}${errors > 0 && html`<span class="aside">${many(errors, 'failure')}</span>`}</td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}

function Deliveries({ deliveries = [] }) {
  if (!deliveries.length) return null;
  return html`
    <ul class="deliveries small">
      ${deliveries.map(
        ({ sink, location, error }) => html`<li key=${sink} class=${error ? 'failed' : ''}>
          <strong>${sink}</strong> ${error ? html`not delivered: ${error}` : html`delivered${location && html` to <code>${location}</code>`}`}
        </li>`,
      )}
    </ul>
  `;
}

function Limits({ limits }) {
  if (!limits) return null;
  const said = [
    `${many(limits.concurrency_limit, 'call')} at once`,
    limits.requests_per_minute && `${count(limits.requests_per_minute)} requests a minute`,
    limits.tokens_per_minute && `${count(limits.tokens_per_minute)} tokens a minute`,
    limits.max_cost && `at most ${money(limits.max_cost)}`,
    limits.max_tokens && `at most ${count(limits.max_tokens)} tokens`,
    limits.max_failure_rate !== undefined && `fails past ${count(limits.max_failure_rate * 100)} % failures`,
  ];
  return html`<p class="soft small">Limits: ${said.filter(Boolean).join(', ')}.</p>`;
}
