// What an experiment is carried out by: its dataset, models, scorers and the rest of its configuration, part by part.
import { html } from '../vendor/htm-preact.js';
import { experiment as pathOf } from '../api.js';
import { many } from '../format.js';
import { useLoad } from '../load.js';
import { Failure, Loading } from '../parts/notes.js';
import { Verbatim } from '../parts/verbatim.js';
import { address } from '../router.js';

export function Setup({ experiment }) {
  const { data, problem, loading, reload } = useLoad(pathOf(experiment.id, 'config'));
  if (loading) return html`<${Loading} what="the configuration" />`;
  if (!data) return html`<${Failure} problem=${problem} retry=${reload} />`;
  const { dataset, models, scorers, ...rest } = data;
  return html`
    <p class="soft">As it holds in the latest round. <code>ai-evolution config ${experiment.id}</code> prints it as a file to run again, and
      <a href=${address(['new'], { from: experiment.id })}>a new experiment</a> may begin with it.</p>
    <div class="setup">
      <${Part} name="Dataset" value=${shortened(dataset)} />
      ${models.map(({ name, adapter }) => html`<${Part} key=${name} kind="Model" name=${name} value=${adapter} />`)}
      ${scorers.map((scorer, index) => html`<${Part} key=${index} kind="Scorer" name=${scorer.name ?? scorer.type} value=${scorer} />`)}
      ${Object.entries(rest).map(([name, value]) => html`<${Part} key=${name} name=${titled(name)} value=${value} />`)}
    </div>
  `;
}

const Part = ({ kind, name, value }) => html`
  <section class="panel">
    <h2>${name} ${kind && html`<span class="soft small">${kind}</span>`}</h2>
    <${Verbatim} label=${[kind, name].filter(Boolean).join(' ')} value=${value} />
  </section>
`;

const titled = (name) => name[0].toUpperCase() + name.slice(1);

/** Items that came with the request are among the items, and not told here again. */
const shortened = (dataset) => (dataset.items ? { ...dataset, items: many(dataset.items.length, 'item') } : dataset);
