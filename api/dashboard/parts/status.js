// The status of an experiment or of a run, as a mark with a word; and moments in time.
import { html, useEffect, useState } from '../vendor/htm-preact.js';
import { ago, moment, seconds } from '../format.js';
import { STATUSES, worded } from '../words.js';

export const Badge = ({ status }) => html`<span class="badge" data-status=${status}>${worded(STATUSES, status)}</span>`;

/** The present, again every second or as often as asked. */
export function useNow(every = 1000) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), every);
    return () => clearInterval(timer);
  }, [every]);
  return now;
}

export const Ago = ({ at }) => html`<time datetime=${at} title=${moment(at)}>${ago(at, useNow())}</time>`;

/** How long something took, or has taken so far. */
export function Took({ from, to }) {
  const now = useNow();
  if (!from) return null;
  const passed = ((to ? new Date(to) : now) - new Date(from)) / 1000;
  return html`<span>${seconds(Math.max(0, passed))}</span>`;
}
