// The API key: asked for when the service wants one, kept for the life of the tab, sent to this service alone.
import { html, useEffect, useState } from './vendor/htm-preact.js';
import { Dialog } from './parts/dialog.js';

const PLACE = 'ai-evolution.key';

let question = null;
let show = () => {};

export const currentKey = () => sessionStorage.getItem(PLACE) ?? '';

export function forgetKey() {
  sessionStorage.removeItem(PLACE);
  location.reload();
}

/** Asks for another key than the one that was refused; whether there is one. All who ask at once share the question. */
export function askForKey(refused) {
  if (currentKey() !== refused) return Promise.resolve(true);
  if (!question) {
    question = {};
    question.answered = new Promise((resolve) => (question.answer = resolve));
    question.refused = refused !== '';
    show(question);
  }
  return question.answered;
}

function answer(key) {
  if (key) sessionStorage.setItem(PLACE, key);
  question?.answer(Boolean(key));
  question = null;
  show(null);
}

/** The dialog that asks. */
export function KeyDialog() {
  const [asked, setAsked] = useState(question);
  useEffect(() => {
    show = setAsked;
    setAsked(question);
  }, []);
  if (!asked) return null;
  const submit = (event) => {
    event.preventDefault();
    answer(new FormData(event.target).get('key').trim());
  };
  return html`
    <${Dialog} title="This service asks for an API key" onClose=${() => answer('')}>
      <form onSubmit=${submit}>
        ${asked.refused && html`<p class="note bad" role="alert">The service does not know this key, or it has expired.</p>`}
        <label class="field">
          <span>API key</span>
          <input name="key" type="password" autocomplete="off" spellcheck=${false} required autofocus />
        </label>
        <p class="soft">It is kept in this tab until that is closed. A key with the role <code>read</code> suffices to look.</p>
        <div class="buttons">
          <button type="button" onClick=${() => answer('')}>Not now</button>
          <button class="primary">Use this key</button>
        </div>
      </form>
    <//>
  `;
}
