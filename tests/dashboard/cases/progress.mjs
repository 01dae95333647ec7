// Progress comes to the page by itself, and what is shown is what the service says.
import assert from 'node:assert/strict';
import { watched } from '../experiments.mjs';
import { Visit } from '../visit.mjs';

const done = (bar) => bar.getAttribute('aria-valuenow').then(Number);

export async function aRunIsFollowed({ browser, base, ask, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('', 'Experiments');
  await page.getByRole('link', { name: 'Sums, finished' }).waitFor();
  await ask('experiments', watched);
  // It appears in the list without anybody's doing.
  await page.getByRole('link', { name: 'Sums, watched' }).click();
  await visit.heading('Sums, watched').waitFor();
  const bar = page.getByRole('progressbar');
  await bar.waitFor();
  const seen = new Set();
  while (!(await visit.status('Completed').isVisible())) {
    seen.add(await done(bar));
    await page.waitForFunction((before) => document.querySelector('[role=progressbar]').ariaValueNow !== before
      || document.querySelector('.badge').textContent === 'Completed', String(await done(bar)));
  }
  assert.ok(seen.size > 3, `the bar stood at ${[...seen]} only`);
  assert.equal(await done(bar), 200);
  const { models } = await ask('experiments/watched');
  const { calls, usage } = models[0].generated;
  const figures = await page.locator('.figures').innerText();
  assert.match(figures, new RegExp(`Calls\\s+${calls}\\b`));
  assert.match(figures, new RegExp(`Tokens\\s+${usage.input_tokens + usage.output_tokens}\\b`));
  await visit.end();
}

/** The first stream is cut off; the page says so, and goes on with another. */
export async function aBrokenStreamIsTakenUpAgain({ browser, base, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  let streams = 0;
  await page.route('**/events', (route) => (++streams <= 2 ? route.abort() : route.continue()));
  await visit.go('#/experiments/finished');
  await page.getByRole('alert').getByText('cannot be reached').waitFor();
  await visit.status('Completed').waitFor();
  assert.ok(streams > 2);
  assert.equal(await page.getByRole('alert').count(), 0);
  await visit.end();
}
