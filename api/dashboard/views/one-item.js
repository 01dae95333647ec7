// One item by itself, with what each model has made of it: to be linked to.
import { html } from '../vendor/htm-preact.js';
import { experiment as pathOf } from '../api.js';
import { useLoad } from '../load.js';
import { Failure, Loading } from '../parts/notes.js';
import { address } from '../router.js';
import { Item } from './item.js';

export function OneItem({ experiment, id }) {
  const { data, problem, loading, reload } = useLoad(pathOf(experiment.id, 'results', encodeURIComponent(id)));
  return html`
    <p><a href=${address(['experiments', experiment.id, 'items'])}>All items</a></p>
    <h2 class="item-title"><code>${id}</code></h2>
    ${loading && html`<${Loading} what="the item" />`}
    <${Failure} problem=${problem} retry=${reload} />
    ${data?.results.map(
      ({ model, result }) => html`<section class="panel one" key=${`${model} ${result.sample}`}><${Item} model=${model} result=${result} /></section>`,
    )}
  `;
}
