// Schedules: what starts experiments again and again, when next, and what it has started; to be paused, and started from now.
import { html, useState } from '../vendor/htm-preact.js';
import { post } from '../api.js';
import { count, moment } from '../format.js';
import { useLoad } from '../load.js';
import { Empty, Failure, Loading } from '../parts/notes.js';
import { Pager, pageToken } from '../parts/pager.js';
import { Ago } from '../parts/status.js';
import { address, queryOf } from '../router.js';

const SEGMENTS = ['schedules'];

/** How often they are read again. */
const EVERY = 10_000;

export function Schedules({ query }) {
  const asked = queryOf({ page_size: 20, page_token: pageToken(query) });
  const { data, problem, loading, reload } = useLoad(`schedules?${asked}`, EVERY);
  return html`
    <h1>Schedules</h1>
    <${Failure} problem=${problem} retry=${reload} />
    ${loading && html`<${Loading} what="schedules" />`}
    ${data?.schedules.length === 0 && html`<${Empty}>There are no schedules. <code>POST /v1/schedules</code> makes one.<//>`}
    <div class="runs">
      ${data?.schedules.map((schedule) => html`<${Schedule} key=${schedule.id} schedule=${schedule} reload=${reload} />`)}
    </div>
    ${data && html`<${Pager} segments=${SEGMENTS} query=${query} next=${data.next_page_token} of="schedules" />`}
  `;
}

function Schedule({ schedule, reload }) {
  const { id, experiment_name: name, models, paused, note, next_times: next, running, recent, counts } = schedule;
  return html`
    <section class="panel schedule">
      <div class="title">
        <h2>${name}</h2>
        <span class="badge" data-status=${paused ? 'paused' : 'running'}>${paused ? 'Paused' : 'Active'}</span>
      </div>
      <p class="facts soft"><code>${id}</code><span>${times(schedule.spec)}</span></p>
      <p>${models.map((model) => html`<span class="chip">${model}</span> `)}</p>
      ${note && html`<p class="note">${note}</p>`}
      <dl class="figures">
        <div><dt>Next</dt><dd>${!paused && next.length ? moment(next[0]) : '–'}</dd></div>
        <div><dt>Started</dt><dd>${count(counts.started)}</dd></div>
        <div><dt>Skipped, missed</dt><dd>${count(counts.skipped)}, ${count(counts.missed)}</dd></div>
      </dl>
      ${running.length > 0 && html`<p>Under way: ${running.map((run) => html`<${To} id=${run.experiment_id} /> `)}</p>`}
      ${recent.length > 0 &&
      html`<ul class="deliveries small">
        ${recent.slice(-5).reverse().map((run) => html`<li key=${run.experiment_id}><${To} id=${run.experiment_id} /> <span class="soft"><${Ago} at=${run.started_at} /></span></li>`)}
      </ul>`}
      <${Actions} id=${id} paused=${paused} reload=${reload} />
    </section>
  `;
}

const To = ({ id }) => html`<a href=${address(['experiments', id])}>${id}</a>`;

function Actions({ id, paused, reload }) {
  const [problem, setProblem] = useState(null);
  const act = async (name) => {
    setProblem(null);
    try {
      await post(`schedules/${encodeURIComponent(id)}/${name}`);
      reload();
    } catch (problem) {
      setProblem(problem);
    }
  };
  return html`
    <div class="controls" role="group" aria-label=${`Controls of ${id}`}>
      <button type="button" onClick=${() => act(paused ? 'resume' : 'pause')}>${paused ? 'Resume' : 'Pause'}</button>
      <button type="button" onClick=${() => act('trigger')}>Start one now</button>
    </div>
    <${Failure} problem=${problem} />
  `;
}

/** When a schedule starts experiments, as it was written. */
function times({ cron = [], intervals = [], calendars = [], time_zone: zone }) {
  const parts = [
    ...cron,
    ...intervals.map(({ every, offset }) => `every ${every}${offset ? `, ${offset} later` : ''}`),
    ...calendars.map(({ comment }) => comment ?? 'by the calendar'),
  ];
  return [parts.join('; '), zone].filter(Boolean).join(', ');
}
