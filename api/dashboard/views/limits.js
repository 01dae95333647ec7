// The limits of an experiment that is under way, to be changed while it runs.
import { html, useState } from '../vendor/htm-preact.js';
import { experiment as pathOf, request } from '../api.js';
import { Dialog } from '../parts/dialog.js';
import { Failure } from '../parts/notes.js';

const FIELDS = [
  { name: 'concurrency_limit', label: 'Calls at once', min: 1, max: 10_000, step: 1, required: true },
  { name: 'requests_per_minute', label: 'Requests a minute', min: 0.001, step: 'any' },
  { name: 'tokens_per_minute', label: 'Tokens a minute', min: 1, step: 'any' },
  { name: 'max_tokens', label: 'Tokens in all', min: 0, step: 1 },
  { name: 'max_cost', label: 'Dollars in all', min: 0, step: 'any', isText: true },
  { name: 'max_failure_rate', label: 'Share of failures beyond which it fails, 0 to 1', min: 0, max: 1, step: 'any' },
];

export function LimitsDialog({ experiment, done, close }) {
  const [problem, setProblem] = useState(null);
  const limits = experiment.models.find((run) => run.limits)?.limits ?? {};
  const submit = async (event) => {
    event.preventDefault();
    const body = change(limits, new FormData(event.target));
    if (!Object.keys(body).length) return close();
    try {
      await request(pathOf(experiment.id), { method: 'PATCH', body });
      done();
    } catch (problem) {
      setProblem(problem);
    }
  };
  return html`
    <${Dialog} title="Limits of each model" onClose=${close}>
      <form class="limits" onSubmit=${submit}>
        <p class="soft">They hold from now on. An empty field is no limit.</p>
        ${FIELDS.map(
          ({ name, label, isText, ...bounds }) => html`<label class="field"><span>${label}</span>
            <input type="number" inputmode="decimal" name=${name} defaultValue=${limits[name] ?? ''} ...${bounds} /></label>`,
        )}
        <${Failure} problem=${problem} />
        <div class="buttons">
          <button type="button" onClick=${close}>Leave them</button>
          <button class="primary">Change the limits</button>
        </div>
      </form>
    <//>
  `;
}

/** What is to be sent: fields that have another value, and the names of those that have none any more. */
function change(limits, form) {
  const body = {};
  const remove = [];
  for (const { name, isText } of FIELDS) {
    const value = form.get(name).trim();
    if (value === String(limits[name] ?? '')) continue;
    if (value === '') remove.push(name);
    else body[name] = isText ? value : Number(value);
  }
  return remove.length ? { ...body, remove } : body;
}
