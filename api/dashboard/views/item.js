// One item in full: what was asked and expected, what came back, how it was judged.
import { html } from '../vendor/htm-preact.js';
import { count, exact, many, milliseconds, moment, money, text } from '../format.js';
import { Verbatim } from '../parts/verbatim.js';
import { STATES, worded } from '../words.js';

/** A score in a list: its name and value, with the comment on hovering. */
export const ScoreChip = ({ score }) => html`
  <span class="score" data-value=${tone(score.value)} title=${score.comment ?? ''}>${score.name} <strong>${shown(score.value)}</strong></span>
`;

const shown = (value) => (typeof value === 'boolean' ? (value ? 'yes' : 'no') : exact(value));

function tone(value) {
  if (value === true || value === 1) return 'full';
  return value === false || value === 0 ? 'none' : 'part';
}

export function Item({ model, result }) {
  const { item, state, output, scores = [], scorer_errors: failures = [] } = result;
  return html`
    <div class="item">
      <p class="facts soft">
        <span>${worded(STATES, state)}</span><span>${model}</span>
        ${item.tags?.map((tag) => html`<span class="chip">${tag}</span>`)}
        <${OutputFacts} output=${output} />
      </p>
      <div class="sides">
        <${Text} label="Input" value=${alone(item.input)} />
        ${item.expected !== undefined && html`<${Text} label="Expected" value=${item.expected} />`}
        ${output?.answer && html`<${Text} label="Output" value=${output.answer.value} />`}
        ${output?.error && html`<${CallError} error=${output.error} />`}
        ${output?.rejected && html`<${Text} label="Rejected answer" value=${output.rejected.value} />`}
        ${output?.answer?.tool_calls?.length > 0 && html`<${Text} label="Tool calls" value=${output.answer.tool_calls} />`}
      </div>
      ${(scores.length > 0 || failures.length > 0) && html`<${Judgement} scores=${scores} failures=${failures} />`}
      ${some(item.metadata) && html`<${Text} label="Metadata" value=${item.metadata} />`}
    </div>
  `;
}

const some = (metadata) => Object.keys(metadata ?? {}).length > 0;

/** An input of a single text is that text. */
function alone(input) {
  const values = Object.values(input);
  return values.length === 1 && typeof values[0] === 'string' ? values[0] : input;
}

const Text = ({ label, value }) => html`<section class="text"><h2 class="label">${label}</h2><${Verbatim} label=${label} value=${value} /></section>`;

function CallError({ error }) {
  return html`
    <section class="text"><h2 class="label">Error</h2>
      <p class="note bad">
        <code>${error.kind}</code> ${error.status && html`<code>${error.status}</code> `}<span class="verbatim">${text(error.message)}</span>
      </p>
    </section>
  `;
}

function OutputFacts({ output }) {
  if (!output) return null;
  const { answer } = output;
  const usage = answer?.usage;
  const facts = [
    many(output.attempts, 'attempt') + (output.excused_attempts ? ` (${count(output.excused_attempts)} excused)` : ''),
    output.cached && 'from the cache',
    answer?.latency_ms !== undefined && milliseconds(answer.latency_ms),
    usage && `${count(usage.input_tokens)} tokens in, ${count(usage.output_tokens)} out`,
    output.cost !== undefined && money(output.cost),
    answer?.finish_reason && `finished: ${answer.finish_reason}`,
    answer?.model && `answered by ${answer.model}`,
    output.round > 0 && `round ${output.round}`,
    output.ended_at && moment(output.ended_at),
  ];
  return facts.filter(Boolean).map((fact) => html`<span>${fact}</span>`);
}

function Judgement({ scores, failures }) {
  return html`
    <table class="judgement">
      <thead><tr><th scope="col">Scorer</th><th scope="col">Score</th><th scope="col">Comment</th></tr></thead>
      <tbody>
        ${scores.map(
          (score) => html`<tr>
            <th scope="row">${score.name}</th>
            <td><strong>${shown(score.value)}</strong></td>
            <td>
              <span class="verbatim">${text(score.comment ?? '')}</span>
              ${some(score.metadata) &&
              html`<details>
                <summary class="small">Details</summary>
                <${Verbatim} label=${`Details of ${score.name}`} value=${score.metadata} />
              </details>`}
            </td>
          </tr>`,
        )}
        ${failures.map(
          ({ name, message }) => html`<tr>
            <th scope="row">${name}</th>
            <td><span class="state" data-part="scorer_failed">Not scorable</span></td>
            <td><span class="verbatim">${text(message)}</span></td>
          </tr>`,
        )}
      </tbody>
    </table>
  `;
}
