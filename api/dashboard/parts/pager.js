// Pages of a list: the tokens of the pages before are in the address, so that a page can be linked to and left.
import { html } from '../vendor/htm-preact.js';
import { address } from '../router.js';

/** Links to the page before and the next. `query` is that of the view, in which `page` holds a token for each page. */
export function Pager({ segments, query, next, of }) {
  const tokens = query.getAll('page');
  if (!tokens.length && !next) return null;
  const to = (tokens) => address(segments, { ...parameters(query), page: tokens });
  return html`
    <nav class="pager" aria-label=${`Pages of ${of}`}>
      ${tokens.length
        ? html`<a class="button" data-key="[" href=${to(tokens.slice(0, -1))}>← Before</a>`
        : html`<span class="button" aria-disabled="true">← Before</span>`}
      <span class="soft">Page ${tokens.length + 1}</span>
      ${next
        ? html`<a class="button" data-key="]" href=${to([...tokens, next])}>Next →</a>`
        : html`<span class="button" aria-disabled="true">Next →</span>`}
    </nav>
  `;
}

/** The token of the page that the address names. */
export const pageToken = (query) => query.getAll('page').at(-1);

/** All parameters but the page: with another filter, pages begin anew. */
export function parameters(query) {
  const all = {};
  for (const name of new Set(query.keys())) if (name !== 'page') all[name] = query.getAll(name);
  return all;
}
