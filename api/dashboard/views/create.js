// A new experiment: what it is, as JSON, from an example or from an experiment that is there. It is checked by the service,
// each fault is shown at its place, and then it is created.
import { html, useRef, useState } from '../vendor/htm-preact.js';
import { Problem, experiment as pathOf, request } from '../api.js';
import { EXAMPLES } from '../examples.js';
import { count, money } from '../format.js';
import { useLoad } from '../load.js';
import { Failure, Loading, Sentence, coded } from '../parts/notes.js';
import { lineOf, placeOf } from '../places.js';
import { address } from '../router.js';

export function Create({ query }) {
  const from = query.get('from');
  const experiment = useLoad(from && pathOf(from));
  const config = useLoad(from && pathOf(from, 'config'));
  const problem = experiment.problem ?? config.problem;
  const isThere = !from || (experiment.data && config.data);
  const begin = from && isThere ? { experiment_name: experiment.data.experiment_name, config: config.data } : EXAMPLES.recorded.body;
  return html`
    <h1>New experiment</h1>
    <${Failure} problem=${problem} />
    ${!isThere && !problem && html`<${Loading} what="the experiment" />`}
    ${isThere && html`<${Editor} key=${from ?? ''} begin=${written(begin)} />`}
  `;
}

const written = (body) => `${JSON.stringify(body, null, 2)}\n`;

function Editor({ begin }) {
  const [text, setText] = useState(begin);
  const [told, setTold] = useState({});
  const [busy, setBusy] = useState(false);
  const area = useRef();
  // The same text is the same experiment, however often it is sent.
  const key = useRef({});
  const change = (text) => {
    setText(text);
    setTold({});
  };
  const send = async (path, headers, then) => {
    setBusy(true);
    setTold({});
    try {
      const body = parsed(text);
      const answer = await request(path, { method: 'POST', body, headers });
      then(await answer.json());
    } catch (problem) {
      setTold({ problem });
    }
    setBusy(false);
  };
  const check = () => send('experiments?validate_only=true', {}, (checked) => setTold({ checked }));
  const create = (event) => {
    event.preventDefault();
    if (key.current.text !== text) key.current = { text, name: random() };
    send('experiments', { 'idempotency-key': key.current.name }, ({ id }) => (location.hash = address(['experiments', id])));
  };
  const show = (offset) => {
    area.current.focus();
    area.current.setSelectionRange(offset, offset);
    const height = area.current.scrollHeight / text.split('\n').length;
    area.current.scrollTop = Math.max(0, (lineOf(text, offset) - 5) * height);
  };
  return html`
    <form class="create" onSubmit=${create}>
      <label class="field"><span>Begin with an example</span>
        <select name="example" onChange=${(event) => event.target.value && change(written(EXAMPLES[event.target.value].body))}>
          <option value="">…</option>
          ${Object.entries(EXAMPLES).map(([name, { label }]) => html`<option value=${name}>${label}</option>`)}
        </select>
      </label>
      <label class="field"><span>Specification, as JSON (<a href="docs/">what it may have</a>)</span>
        <textarea ref=${area} name="specification" rows="22" spellcheck=${false} autocapitalize="off" value=${text}
          onInput=${(event) => change(event.target.value)}></textarea>
      </label>
      <${Faults} problem=${told.problem} text=${text} show=${show} />
      ${told.checked && html`<${Checked} estimate=${told.checked.estimate} />`}
      <div class="buttons">
        <button type="button" disabled=${busy} onClick=${check}>Check</button>
        <button class="primary" disabled=${busy}>Create</button>
      </div>
    </form>
  `;
}

/** The text as a value. What is no JSON is told like a fault that the service has found. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Problem({ code: 'malformed', status: 400, detail: `this is not JSON: ${error.message}` });
  }
}

/** A key that nobody else has. `randomUUID` is only there where the connection is secure. */
const random = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');

function Faults({ problem, text, show }) {
  if (!problem?.errors?.length) return html`<${Failure} problem=${problem} />`;
  return html`
    <div class="note bad" role="alert">
      <p><strong>It cannot be created so.</strong> <${Sentence} of=${problem.detail} /></p>
      <ul class="faults">
        ${problem.errors.map(({ pointer, message }) => {
          const offset = placeOf(text, pointer);
          return html`<li><button type="button" onClick=${() => show(offset)}>Line ${lineOf(text, offset)}</button> <code>${pointer}</code> ${coded(message)}</li>`;
        })}
      </ul>
    </div>
  `;
}

function Checked({ estimate }) {
  return html`
    <div class="note" role="status">
      <p><strong>Nothing is wrong with it.</strong> ${estimate
        ? `It takes ${range(estimate.calls)} model calls${estimate.scorer_calls.most === 0 ? '' : `, and ${range(estimate.scorer_calls)} of scorers`}.`
        : 'What it takes is known to the workers alone, which read the dataset.'}</p>
      ${estimate?.cost && html`<p>The outputs cost ${range(estimate.cost, money)}.</p>`}
    </div>
  `;
}

/** From how much to how much; without an end, or more. */
function range({ least, most }, write = count) {
  if (most === undefined) return `${write(least)} or more`;
  return String(least) === String(most) ? write(least) : `${write(least)} to ${write(most)}`;
}
