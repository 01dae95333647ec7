// The items of an experiment with what came of them: filters, pages, and each in full on demand.
import { html, useState } from '../vendor/htm-preact.js';
import { experiment as pathOf } from '../api.js';
import { excerpt } from '../format.js';
import { useLoad } from '../load.js';
import { Empty, Failure, Loading } from '../parts/notes.js';
import { Pager, pageToken } from '../parts/pager.js';
import { queryOf } from '../router.js';
import { STATES, isFinal, worded } from '../words.js';
import { Filters } from './filters.js';
import { Item, ScoreChip } from './item.js';

/** How often they are read again while the experiment runs. */
const EVERY = 3000;

export function Items({ experiment, query }) {
  const { id, models, status } = experiment;
  const segments = ['experiments', id, 'items'];
  const fields = [
    { name: 'model', label: 'Model', choices: Object.fromEntries(models.map(({ model }) => [model, model])) },
    { name: 'state', label: 'State', choices: STATES },
  ];
  const filters = Object.fromEntries(fields.map(({ name }) => [name, query.get(name)]));
  const asked = queryOf({ ...filters, page_size: 25, page_token: pageToken(query) });
  const { data, problem, loading, reload } = useLoad(`${pathOf(id, 'results')}?${asked}`, isFinal(status) ? 0 : EVERY);
  return html`
    <${Filters} segments=${segments} query=${query} fields=${fields} />
    <${Failure} problem=${problem} retry=${reload} />
    ${loading && html`<${Loading} what="items" />`}
    ${data?.results.length === 0 &&
    html`<${Empty}>${Object.values(filters).some(Boolean) ? 'No item is like that.' : 'No item is done yet.'}<//>`}
    ${data?.results.length > 0 &&
    html`<ul class="items">
      ${data.results.map(({ model, result }) => html`<${Row} key=${`${model} ${result.item.id}`} model=${model} result=${result} several=${models.length > 1} />`)}
    </ul>`}
    ${data && !data.complete && html`<p class="soft small">The experiment is under way: more items will follow.</p>`}
    ${data && html`<${Pager} segments=${segments} query=${query} next=${data.next_page_token} of="items" />`}
  `;
}

function Row({ model, result, several }) {
  const [open, setOpen] = useState(false);
  const { item, state, output, scores = [] } = result;
  const said = output?.answer ? output.answer.value : output?.error?.message;
  return html`
    <li data-row-of=${item.id}>
      <details onToggle=${(event) => setOpen(event.target.open)}>
        <summary data-row>
          <span class="item-id">${item.id}</span>
          ${several && html`<span class="chip">${model}</span>`}
          ${state !== 'ok' && html`<span class="state" data-part=${state}>${worded(STATES, state)}</span>`}
          <span class="said ${output?.answer ? '' : 'soft'}">${excerpt(said ?? '')}</span>
          <span class="scores">${scores.map((score) => html`<${ScoreChip} score=${score} />`)}</span>
        </summary>
        ${open && html`<${Item} model=${model} result=${result} />`}
      </details>
    </li>
  `;
}
