// One experiment: its head with the controls, and what is told of it in four parts.
import { html, useEffect } from '../vendor/htm-preact.js';
import { useExperiment } from '../load.js';
import { Failure, Loading, sentence } from '../parts/notes.js';
import { Ago, Badge, Took } from '../parts/status.js';
import { address } from '../router.js';
import { isFinal } from '../words.js';
import { Controls } from './controls.js';
import { Items } from './items.js';
import { Progress, Waiting } from './progress.js';
import { Scores } from './scores.js';
import { Setup } from './setup.js';

const PARTS = [
  [undefined, 'Progress', '1'],
  ['scores', 'Scores', '2'],
  ['items', 'Items', '3'],
  ['setup', 'Setup', '4'],
];

export function Experiment({ id, part, query }) {
  const { experiment, problem, live, follow } = useExperiment(id);
  useEffect(() => {
    document.title = experiment ? `${experiment.experiment_name} · AI Evolution` : 'AI Evolution';
    return () => (document.title = 'AI Evolution');
  }, [experiment?.experiment_name]);
  if (!experiment) {
    if (problem) return html`<h1>${id}</h1><${Failure} problem=${problem} retry=${follow} />`;
    return html`<h1>${id}</h1><${Loading} what="the experiment" />`;
  }
  return html`
    <${Head} experiment=${experiment} live=${live} problem=${problem} />
    <${Controls} experiment=${experiment} follow=${follow} />
    <nav class="tabs" aria-label="Parts of the experiment">
      ${PARTS.map(
        ([name, label, key]) => html`<a href=${address(['experiments', id, name].filter(Boolean))} data-key=${key}
          aria-current=${name === part ? 'page' : undefined}>${label}</a>`,
      )}
    </nav>
    ${part === undefined && html`<${Progress} experiment=${experiment} />`}
    ${part === 'scores' && html`<${Scores} experiment=${experiment} />`}
    ${part === 'setup' && html`<${Setup} experiment=${experiment} />`}
    ${part === 'items' && html`<${Items} experiment=${experiment} query=${query} />`}
  `;
}

function Head({ experiment, live, problem }) {
  const { id, experiment_name: name, status, reason, waiting_on: waiting, created_at: created, ended_at: ended, links } = experiment;
  return html`
    <div class="title">
      <h1>${name}</h1>
      <${Badge} status=${status} />
    </div>
    <p class="facts soft">
      <code>${id}</code>
      <span>created <${Ago} at=${created} /></span>
      <span>${ended ? 'took' : 'for'} <${Took} from=${created} to=${ended} /></span>
      ${!isFinal(status) && html`<span class="live" data-live=${live} role="status">${live ? 'live' : 'connection lost, trying again'}</span>`}
      ${links.temporal_ui && html`<a href=${links.temporal_ui} rel="noreferrer">Temporal UI</a>`}
    </p>
    ${reason && html`<p class="note ${status === 'completed' ? '' : 'bad'}">${sentence(reason)}</p>`}
    ${waiting && html`<${Waiting} waiting=${waiting} />`}
    ${live === false && isFinal(status) && html`<${Failure} problem=${problem} />`}
  `;
}
