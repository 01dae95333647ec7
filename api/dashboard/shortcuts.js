// Keys for those who know them. A shortcut belongs to the element that bears it (`data-key`), so that there is none for what
// is not on the page; rows of lists (`data-row`) are walked through.
import { html, useEffect, useState } from './vendor/htm-preact.js';
import { Dialog } from './parts/dialog.js';

const PLACE = 'ai-evolution.shortcuts';

const KEYS = [
  ['?', 'show this'],
  ['g e', 'experiments'],
  ['g c', 'compare'],
  ['g d', 'datasets'],
  ['g s', 'schedules'],
  ['n', 'a new experiment'],
  ['/', 'to the first filter'],
  ['j  k', 'to the next row, to the one before'],
  ['Enter', 'open the row'],
  ['x', 'choose the row for a comparison'],
  ['[  ]', 'to the page before, to the next page'],
  ['1  2  3  4', 'an experiment’s progress, scores, items, setup'],
  ['p', 'pause or resume the experiment'],
  ['l', 'change the limits of the experiment'],
  ['r', 'read again'],
  ['t', 'light or dark'],
  ['Esc', 'close a dialog'],
];

const on = () => localStorage.getItem(PLACE) !== 'off';

/** Listens for the keys, and is the dialog that explains them. */
export function Shortcuts({ shown, setShown }) {
  const [used, setUsed] = useState(on());
  useEffect(() => {
    let before = '';
    const pressed = (event) => {
      if (!on() || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target.closest('input:not([type=checkbox]), textarea, select, dialog')) return;
      const key = before === 'g' ? `g ${event.key}` : event.key;
      before = event.key;
      if (act(key, setShown)) event.preventDefault();
    };
    addEventListener('keydown', pressed);
    return () => removeEventListener('keydown', pressed);
  }, []);
  if (!shown) return null;
  const change = (event) => {
    localStorage.setItem(PLACE, event.target.checked ? 'on' : 'off');
    setUsed(event.target.checked);
  };
  return html`
    <${Dialog} title="Keys" onClose=${() => setShown(false)}>
      <table class="keys">
        <tbody>
          ${KEYS.map(
            ([keys, effect]) => html`<tr>
              <th scope="row">${keys.split('  ').map((key) => html`<kbd>${key}</kbd> `)}</th>
              <td>${effect}</td>
            </tr>`,
          )}
        </tbody>
      </table>
      <label class="check"><input type="checkbox" checked=${used} onChange=${change} /> Use these keys</label>
      <div class="buttons"><button type="button" class="primary" onClick=${() => setShown(false)}>Close</button></div>
    <//>
  `;
}

function act(key, setShown) {
  if (key === '?') return setShown(true), true;
  if (key === 'j' || key === 'k') return step(key === 'j' ? 1 : -1);
  if (key === 'x') return click(document.activeElement.closest('[data-row-of]')?.querySelector('input[type=checkbox]'));
  const found = document.querySelector(`[data-key="${CSS.escape(key)}"]:not([disabled])`);
  if (!found) return false;
  if (found.matches('input, select')) return found.focus(), true;
  return click(found);
}

function click(element) {
  element?.click();
  return Boolean(element);
}

/** Moves the focus to another row. */
function step(by) {
  const rows = [...document.querySelectorAll('[data-row]')];
  if (!rows.length) return false;
  const here = document.activeElement.closest('[data-row-of]')?.querySelector('[data-row]') ?? document.activeElement;
  const place = rows.indexOf(here);
  const next = place < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(place + by, 0), rows.length - 1);
  rows[next].focus();
  rows[next].scrollIntoView({ block: 'nearest' });
  return true;
}
