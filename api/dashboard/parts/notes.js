// What a view says when there is nothing to show: that it loads, that there is nothing, what went wrong.
import { html } from '../vendor/htm-preact.js';

/** What a request failed of: the service's own words, each fault with its place. */
export function Failure({ problem, retry }) {
  if (!problem) return null;
  return html`
    <div class="note bad" role="alert">
      <p><strong>${titled(problem)}</strong> ${sentence(problem.detail)}</p>
      ${problem.errors?.length > 0 &&
      html`<ul>
        ${problem.errors.map(({ pointer, message }) => html`<li><code>${pointer}</code> ${message}</li>`)}
      </ul>`}
      ${problem.requestId && html`<p class="soft small">Request <code>${problem.requestId}</code></p>`}
      ${retry && html`<button type="button" onClick=${retry}>Try again</button>`}
    </div>
  `;
}

function titled({ status }) {
  if (status === 0) return 'No connection.';
  if (status === 401) return 'A key is needed.';
  if (status === 403) return 'Not allowed.';
  if (status === 404) return 'Not found.';
  if (status === 409) return 'Not possible now.';
  if (status === 503) return 'Not available right now.';
  return 'That did not work.';
}

export const sentence = (text = '') => (text ? text[0].toUpperCase() + text.slice(1) + (/[.!?]$/.test(text) ? '' : '.') : '');

export const Loading = ({ what }) => html`<p class="loading soft" role="status">Loading ${what} …</p>`;

export const Empty = ({ children }) => html`<div class="empty soft">${children}</div>`;
