// Which runs are compared: experiments by id, and of their models those that are wanted.
import { html, useState } from '../vendor/htm-preact.js';
import { useLoad } from '../load.js';
import { address, replace } from '../router.js';

export function Choice({ experiment, model, runs }) {
  const [draft, setDraft] = useState('');
  const { data } = useLoad('experiments?page_size=50');
  const recent = (data?.experiments ?? []).filter(({ id }) => !experiment.includes(id));
  const names = Object.fromEntries((data?.experiments ?? []).map(({ id, experiment_name: name }) => [id, name]));
  const go = (experiment, model) => replace(address(['compare'], { experiment, model }));
  const without = (id) => experiment.filter((other) => other !== id);
  const add = (event) => {
    event.preventDefault();
    const id = draft.trim();
    if (id && !experiment.includes(id)) go([...experiment, id], []);
    setDraft('');
  };
  return html`
    <form class="choice-form" onSubmit=${add}>
      <label><span>Add an experiment</span>
        <input data-key="/" list="recent" name="experiment" value=${draft} placeholder="its id" autocomplete="off" spellcheck=${false}
          onInput=${(event) => setDraft(event.target.value)} /></label>
      <datalist id="recent">${recent.map(({ id, experiment_name: name }) => html`<option value=${id}>${name}</option>`)}</datalist>
      <button>Add</button>
    </form>
    <ol class="chosen-runs">
      ${experiment.map(
        (id, index) => html`<li key=${id}>
          <a href=${address(['experiments', id])}>${names[id] ?? id}</a> ${names[id] && html`<span class="id">${id}</span>`}
          ${index > 0 && html`<button type="button" class="quiet" onClick=${() => go([id, ...without(id)], model)}>Make it the baseline</button>`}
          <button type="button" class="quiet" aria-label=${`Take out ${id}`} onClick=${() => go(without(id), [])}>Take out</button>
        </li>`,
      )}
    </ol>
    <${Models} runs=${runs} model=${model} choose=${(model) => go(experiment, model)} />
  `;
}

/** The models of the runs; all are compared while none is chosen. */
function Models({ runs = [], model, choose }) {
  const [known, setKnown] = useState([]);
  const all = [...new Set([...known, ...runs.map((run) => run.model), ...model])];
  if (all.length > known.length) setKnown(all);
  if (all.length < 3) return null;
  const change = (name, isChosen) => {
    const before = model.length ? model : all;
    const after = isChosen ? [...before, name] : before.filter((other) => other !== name);
    choose(after.length === all.length ? [] : after);
  };
  return html`
    <fieldset class="models-choice">
      <legend>Models</legend>
      ${all.map(
        (name) => html`<label class="check" key=${name}><input type="checkbox" checked=${!model.length || model.includes(name)}
          onChange=${(event) => change(name, event.target.checked)} /> ${name}</label>`,
      )}
    </fieldset>
  `;
}
