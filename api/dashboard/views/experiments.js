// All experiments, newest first: filters, pages, and the choice of some for a comparison.
import { html, useState } from '../vendor/htm-preact.js';
import { many } from '../format.js';
import { useLoad } from '../load.js';
import { Empty, Failure, Loading } from '../parts/notes.js';
import { Pager, pageToken } from '../parts/pager.js';
import { Ago, Badge, Took } from '../parts/status.js';
import { address, queryOf } from '../router.js';
import { STATUSES } from '../words.js';
import { Counts } from './counts.js';
import { Filters } from './filters.js';

const SEGMENTS = ['experiments'];
const FIELDS = [
  { name: 'name', label: 'Name', placeholder: 'exactly' },
  { name: 'status', label: 'Status', choices: STATUSES },
  { name: 'model', label: 'Model' },
  { name: 'tag', label: 'Tag' },
  { name: 'from', label: 'Started from', type: 'date' },
  { name: 'to', label: 'up to', type: 'date' },
];

/** The filters as the API takes them: days begin and end where the reader is. */
function filtersOf(query) {
  const day = (name, later) => {
    const begin = new Date(`${query.get(name)}T00:00`);
    begin.setDate(begin.getDate() + later);
    return Number.isNaN(begin.getTime()) ? '' : begin.toISOString();
  };
  const [name, status, model, tag] = ['name', 'status', 'model', 'tag'].map((field) => query.get(field));
  return { name, status, model, tag, started_after: day('from', 0), started_before: day('to', 1) };
}

/** How often the list is read again. */
const EVERY = 5000;

export function Experiments({ query }) {
  const filters = filtersOf(query);
  const asked = queryOf({ ...filters, page_size: 20, page_token: pageToken(query) });
  const { data, problem, loading, reload } = useLoad(`experiments?${asked}`, EVERY);
  const [chosen, setChosen] = useState([]);
  const choose = (id, isChosen) => setChosen((before) => (isChosen ? [...before, id] : before.filter((other) => other !== id)));
  return html`
    <div class="title">
      <h1>Experiments</h1>
      <a class="button" data-key="n" href=${address(['new'])}>New experiment</a>
      <button type="button" class="quiet" data-key="r" onClick=${reload}>Read again</button>
    </div>
    <${Filters} segments=${SEGMENTS} query=${query} fields=${FIELDS} />
    <${Counts} segments=${SEGMENTS} query=${query} filters=${filters} every=${EVERY} />
    <${Failure} problem=${problem} retry=${reload} />
    ${loading && html`<${Loading} what="experiments" />`}
    ${data && html`<${List} experiments=${data.experiments} filtered=${Object.values(filters).some(Boolean)} chosen=${chosen} choose=${choose} />`}
    ${data && html`<${Pager} segments=${SEGMENTS} query=${query} next=${data.next_page_token} of="experiments" />`}
    ${chosen.length > 0 && html`<${Chosen} chosen=${chosen} clear=${() => setChosen([])} />`}
  `;
}

function List({ experiments, filtered, chosen, choose }) {
  if (!experiments.length && filtered) return html`<${Empty}>No experiment is like that.<//>`;
  if (!experiments.length) {
    return html`<${Empty}>
      <p>There are no experiments yet.</p>
      <p>Create one <a href=${address(['new'])}>here</a>, with <code>ai-evolution run FILE</code> or <code>POST /v1/experiments</code>; it appears here by itself.</p>
    <//>`;
  }
  return html`
    <table class="list experiments">
      <caption class="hidden">Experiments, newest first</caption>
      <thead>
        <tr>
          <th scope="col"><span class="hidden">Choose</span></th>
          <th scope="col">Experiment</th>
          <th scope="col">Status</th>
          <th scope="col">Models</th>
          <th scope="col">Created</th>
          <th scope="col" class="n">Took</th>
        </tr>
      </thead>
      <tbody>
        ${experiments.map(
          (experiment) => html`<${Row} key=${experiment.id} experiment=${experiment} chosen=${chosen.includes(experiment.id)} choose=${choose} />`,
        )}
      </tbody>
    </table>
  `;
}

function Row({ experiment, chosen, choose }) {
  const { id, experiment_name: name, status, tags = [], models, created_at: created, ended_at: ended } = experiment;
  return html`
    <tr data-row-of=${id}>
      <td class="choice">
        <input type="checkbox" aria-label=${`Choose ${name} (${id}) for a comparison`} checked=${chosen}
          onChange=${(event) => choose(id, event.target.checked)} />
      </td>
      <th scope="row" class="name">
        <a data-row href=${address(['experiments', id])}>${name}</a>
        <span class="id">${id}</span>
        ${tags.map((tag) => html`<span class="chip">${tag}</span> `)}
      </th>
      <td class="status"><${Badge} status=${status} /></td>
      <td class="models">
        ${models.slice(0, 3).map((model) => html`<span class="chip">${model}</span> `)}
        ${models.length > 3 && html`<span class="soft">+${models.length - 3}</span>`}
      </td>
      <td class="when soft"><${Ago} at=${created} /></td>
      <td class="took soft n"><${Took} from=${created} to=${ended} /></td>
    </tr>
  `;
}

function Chosen({ chosen, clear }) {
  return html`
    <div class="chosen" role="region" aria-label="Chosen experiments">
      <span>${many(chosen.length, 'experiment')} chosen</span>
      <a class="button primary" href=${address(['compare'], { experiment: chosen })}>Compare</a>
      <button type="button" onClick=${clear}>Clear</button>
    </div>
  `;
}
