// Runs compared item by item: who is best, who cannot be told apart, and by how much they differ.
import { html } from '../vendor/htm-preact.js';
import { count } from '../format.js';
import { useLoad } from '../load.js';
import { Empty, Failure, Loading } from '../parts/notes.js';
import { queryOf } from '../router.js';
import { Choice } from './choice.js';
import { Differences } from './differences.js';

export function Compare({ query }) {
  const experiment = query.getAll('experiment');
  const model = query.getAll('model');
  const path = experiment.length ? `comparisons?${queryOf({ experiment, model })}` : null;
  const { data, problem, loading, reload } = useLoad(path);
  return html`
    <h1>Compare</h1>
    <p class="soft">Runs on the same items, paired item by item. The first is the baseline of all others.</p>
    <${Choice} experiment=${experiment} model=${model} runs=${data?.runs} />
    ${!path && html`<${Empty}>Choose experiments to compare; one with several models can be compared with itself.<//>`}
    ${loading && html`<${Loading} what="the comparison" />`}
    <${Failure} problem=${problem} retry=${reload} />
    ${data && html`<${Comparison} comparison=${data} />`}
  `;
}

function Comparison({ comparison }) {
  const { runs, standings, differences, partial_scorers: partial, complete } = comparison;
  const name = namer(runs);
  const scorers = [...new Set(differences.map(({ scorer }) => scorer))];
  const experiments = Object.fromEntries(runs.map((run) => [run.name, run]));
  return html`
    ${!complete && html`<p class="note">Not all runs have ended: this is about the items scored so far.</p>`}
    <${Verdicts} standings=${standings} name=${name} />
    ${scorers.map(
      (scorer) => html`<${Differences} key=${scorer} scorer=${scorer} name=${name} runs=${experiments}
        differences=${differences.filter((difference) => difference.scorer === scorer)} />`,
    )}
    ${differences.length === 0 && html`<${Empty}>There is nothing to compare: it takes two runs with scores of the same scorer.<//>`}
    ${partial.length > 0 && html`<p class="soft small">Not every run has scores of: ${partial.join(', ')}.</p>`}
  `;
}

/** What a run is called here: its model, unless that is the same for all, or leaves doubt. */
function namer(runs) {
  const models = runs.map(({ model }) => model);
  const ids = new Set(runs.map(({ experiment_id: id }) => id));
  const short = (run) => {
    if (ids.size === 1) return run.model;
    if (ids.size === runs.length && new Set(models).size < models.length) return run.experiment_id;
    return new Set(models).size === models.length ? run.model : run.name;
  };
  const names = Object.fromEntries(runs.map((run) => [run.name, short(run)]));
  return (run) => names[run] ?? run;
}

function Verdicts({ standings, name }) {
  if (!standings.length) return null;
  return html`
    <ul class="verdicts">
      ${standings.map(({ scorer, best, tied_with_best: tied }) => html`<li key=${scorer} class="panel">
        <span class="soft small">${scorer}</span>
        ${tied.length
          ? html`<p><strong>Statistically tied:</strong> ${list([best, ...tied].map(name))}</p>`
          : html`<p><strong>${name(best)}</strong> scores highest</p>`}
      </li>`)}
    </ul>
  `;
}

const list = (names) => (names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`);
