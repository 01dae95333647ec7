// How far a run has come: one bar, in which items stand by their state.
import { html } from '../vendor/htm-preact.js';
import { count, percent } from '../format.js';
import { STATES } from '../words.js';

/** Items that have an answer, or none for good, but no scores yet. */
const unscored = ({ states, items_done: done }) => Math.max(0, done - Object.values(states).reduce((sum, items) => sum + items, 0));

export function ProgressBar({ run }) {
  const total = run.dataset?.count;
  const waiting = unscored(run);
  const left = Math.max(0, (total ?? 0) - run.items_done);
  const parts = [...Object.keys(STATES).map((state) => [state, run.states[state] ?? 0]), ['answered', waiting], ['left', left]];
  const said = total === undefined
    ? 'the dataset is not loaded yet'
    : `${count(run.items_done)} of ${count(total)} items done`;
  return html`
    <div class="progress" role="progressbar" aria-label=${`Progress of ${run.model}`} aria-valuemin="0"
      aria-valuemax=${total ?? 1} aria-valuenow=${Math.min(run.items_done, total ?? 0)} aria-valuetext=${said}>
      ${parts.map(([name, items]) => items > 0 && html`<span key=${name} data-part=${name} style=${{ flexGrow: items }}></span>`)}
    </div>
    <p class="progress-words">
      <strong>${count(run.items_done)}</strong>${total !== undefined && ` of ${count(total)} items`}
      ${total > 0 && html`<span class="soft"> · ${percent(run.items_done, total)}</span>`}
    </p>
  `;
}

/** The states as a legend with their counts; states without items are left out, but for the good one. */
export function StateCounts({ run }) {
  const { states } = run;
  const waiting = unscored(run);
  return html`
    <ul class="legend">
      ${Object.entries(STATES).map(
        ([state, label]) =>
          (states[state] > 0 || state === 'ok') &&
          html`<li key=${state} data-part=${state}><span>${label}</span> <strong>${count(states[state] ?? 0)}</strong></li>`,
      )}
      ${waiting > 0 && html`<li data-part="answered"><span>Not scored yet</span> <strong>${count(waiting)}</strong></li>`}
    </ul>
  `;
}
