// What can be done to an experiment. What cannot be undone, or costs calls, is asked about first.
import { html, useState } from '../vendor/htm-preact.js';
import { experiment as pathOf, post } from '../api.js';
import { Dialog } from '../parts/dialog.js';
import { Failure } from '../parts/notes.js';
import { isFinal } from '../words.js';
import { LimitsDialog } from './limits.js';

const isRunning = ({ status }) => status === 'running';
const isPaused = ({ status }) => status === 'paused';
const isUnderWay = ({ status }) => !isFinal(status);
const isOver = ({ status }) => isFinal(status);

const ACTIONS = [
  { name: 'pause', label: 'Pause', key: 'p', when: isRunning, not: 'It is not running.' },
  { name: 'resume', label: 'Resume', key: 'p', when: isPaused, not: 'It is not paused.' },
  { name: 'limits', label: 'Limits', key: 'l', when: isUnderWay, not: 'It has ended.', opens: true },
  {
    name: 'cancel', label: 'Cancel', when: isUnderWay, not: 'It has ended.', danger: true,
    question: 'Cancel this experiment?', confirm: 'Cancel the experiment',
    text: 'No further call is begun. What is recorded is scored, summarised and delivered.',
  },
  {
    name: 'terminate', label: 'Terminate', when: isUnderWay, not: 'It has ended.', danger: true, asksReason: true,
    question: 'Terminate this experiment?', confirm: 'Terminate the experiment',
    text: 'It ends at once. Nothing is summarised or delivered; what is recorded stays, and can be scored later.',
  },
  {
    name: 'retry', label: 'Retry', when: isOver, not: 'It has not ended.',
    question: 'Retry this experiment?', confirm: 'Retry',
    text: 'Items without an output are asked again, which costs calls. Outputs that are there are kept.',
  },
  {
    name: 'rescore', label: 'Rescore', when: isOver, not: 'It has not ended.',
    question: 'Rescore this experiment?', confirm: 'Rescore',
    text: 'The outputs that are there are scored again by the same scorers. No model is asked for outputs.',
  },
  {
    name: 'emit', label: 'Deliver again', when: isOver, not: 'It has not ended.',
    question: 'Deliver the results again?', confirm: 'Deliver',
    text: 'The results go to the sinks of the experiment once more.',
  },
];

export function Controls({ experiment, follow }) {
  const [asked, setAsked] = useState(null);
  const [busy, setBusy] = useState(null);
  const [problem, setProblem] = useState(null);
  const act = async (action, body) => {
    setAsked(null);
    setProblem(null);
    setBusy(action.name);
    try {
      await post(pathOf(experiment.id, action.name), body);
      follow();
    } catch (problem) {
      setProblem(problem);
    }
    setBusy(null);
  };
  const changed = () => {
    setAsked(null);
    follow();
  };
  return html`
    <div class="controls" role="group" aria-label="Controls">
      ${ACTIONS.map((action) => {
        const possible = action.when(experiment) && !busy;
        return html`<button type="button" key=${action.name} class=${action.danger ? 'danger' : ''} disabled=${!possible}
          title=${action.when(experiment) ? '' : action.not} data-key=${action.key}
          onClick=${() => (action.question || action.opens ? setAsked(action) : act(action))}>${busy === action.name ? `${action.label} …` : action.label}</button>`;
      })}
    </div>
    <${Failure} problem=${problem} />
    ${asked?.opens && html`<${LimitsDialog} experiment=${experiment} done=${changed} close=${() => setAsked(null)} />`}
    ${asked?.question && html`<${Question} action=${asked} act=${act} close=${() => setAsked(null)} />`}
  `;
}

function Question({ action, act, close }) {
  const submit = (event) => {
    event.preventDefault();
    const reason = new FormData(event.target).get('reason')?.trim();
    act(action, reason ? { reason } : {});
  };
  return html`
    <${Dialog} title=${action.question} onClose=${close}>
      <form onSubmit=${submit}>
        <p>${action.text}</p>
        ${action.asksReason &&
        html`<label class="field"><span>Why (others will read it)</span><input name="reason" maxlength="200" autocomplete="off" /></label>`}
        <div class="buttons">
          <button type="button" onClick=${close} autofocus>Leave it</button>
          <button class=${action.danger ? 'danger solid' : 'primary'}>${action.confirm}</button>
        </div>
      </form>
    <//>
  `;
}
