// How many experiments of each status there are, of those that the other filters let through; each count is a filter.
import { html } from '../vendor/htm-preact.js';
import { count } from '../format.js';
import { useLoad } from '../load.js';
import { parameters } from '../parts/pager.js';
import { address, queryOf } from '../router.js';
import { STATUSES, worded } from '../words.js';

/** Nothing while counts cannot be had, as from a Temporal that is not set up for the filters: the list says so. */
export function Counts({ segments, query, filters, every }) {
  const { data } = useLoad(`experiment-counts?${queryOf({ ...filters, status: '' })}`, every);
  if (!data) return null;
  const { total, ...counts } = data;
  const current = query.get('status') ?? '';
  const to = (status) => address(segments, { ...parameters(query), status });
  const link = (status, label, number) => html`<li key=${status}>
    <a href=${to(status)} aria-current=${status === current ? 'true' : undefined}>${label} <strong>${count(number)}</strong></a>
  </li>`;
  return html`
    <ul class="counts" aria-label="Experiments by status">
      ${link('', 'All', total)}
      ${Object.entries(counts).map(([status, number]) => number > 0 && link(status, worded(STATUSES, status), number))}
    </ul>
  `;
}
