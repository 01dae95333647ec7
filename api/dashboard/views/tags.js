// The scores by the items' tags, read when somebody asks for them.
import { html, useState } from '../vendor/htm-preact.js';
import { experiment as pathOf } from '../api.js';
import { count, estimate, interval } from '../format.js';
import { useLoad } from '../load.js';
import { Empty, Failure, Loading } from '../parts/notes.js';

export function Tags({ id }) {
  const [open, setOpen] = useState(false);
  return html`
    <details class="panel" onToggle=${(event) => setOpen(event.target.open)}>
      <summary>By tag</summary>
      ${open && html`<${Breakdown} id=${id} />`}
    </details>
  `;
}

function Breakdown({ id }) {
  const { data, problem, loading, reload } = useLoad(pathOf(id, 'breakdown'));
  if (loading) return html`<${Loading} what="the scores by tag" />`;
  if (!data) return html`<${Failure} problem=${problem} retry=${reload} />`;
  const tagged = data.estimates.filter(({ tag }) => tag !== undefined);
  if (!tagged.length) return html`<${Empty}>The items have no tags.<//>`;
  return html`
    <div class="wide" tabindex="0" role="region" aria-label="Scores by tag">
      <table>
        <thead>
          <tr>
            <th scope="col">Tag</th>
            <th scope="col">Model</th>
            <th scope="col">Scorer</th>
            <th scope="col">Mean</th>
            <th scope="col">95 % interval</th>
            <th scope="col" class="n">Scores</th>
          </tr>
        </thead>
        <tbody>
          ${tagged.map(
            ({ tag, model, scorer, mean, interval: range, coverage }) => html`<tr>
              <th scope="row"><span class="chip">${tag}</span></th><td>${model}</td><td>${scorer}</td>
              <td><strong>${estimate(mean, range)}</strong></td>
              <td class="soft range">${range ? interval(range) : '–'}</td><td class="n">${count(coverage.scored)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  `;
}
