// What can be done to an experiment is done from the page; what cannot be done says why.
import assert from 'node:assert/strict';
import { endless } from '../experiments.mjs';
import { Visit } from '../visit.mjs';

const ALL = ['Pause', 'Resume', 'Limits', 'Cancel', 'Terminate', 'Retry', 'Rescore', 'Deliver again'];

/** Waits until these buttons, and no others, can be pressed. */
async function possible(visit, names) {
  await visit.page.waitForFunction(
    ([all, names]) => {
      const buttons = [...document.querySelectorAll('.controls button')];
      return buttons.length === all.length && buttons.every((button) => button.disabled !== names.includes(button.textContent));
    },
    [ALL, names],
  );
}

export async function aRunIsHeldAndEnded({ browser, base, ask, writeKey }) {
  await ask('experiments', endless);
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('#/experiments/endless', 'Sums, endless');
  await possible(visit, ['Pause', 'Limits', 'Cancel', 'Terminate']);
  await visit.button('Pause').click();
  await visit.status('Paused').waitFor();
  await page.getByText('Since ').waitFor();
  await possible(visit, ['Resume', 'Limits', 'Cancel', 'Terminate']);
  await visit.button('Resume').click();
  await visit.status('Running').waitFor();
  // Limits are changed while it runs, and taken away.
  await page.keyboard.press('l');
  await page.getByLabel('Calls at once').fill('2');
  await page.getByLabel('Dollars in all').fill('1.50');
  await page.keyboard.press('Enter');
  await page.getByText('2 calls at once').waitFor();
  assert.equal((await ask('experiments/endless')).models[0].limits.max_cost, '1.5');
  await visit.button('Limits').click();
  await page.getByLabel('Calls at once').fill('1');
  await page.getByLabel('Dollars in all').fill('');
  await visit.button('Change the limits').click();
  await page.getByText('1 call at once').waitFor();
  assert.equal((await ask('experiments/endless')).models[0].limits.max_cost, undefined);
  // What cannot be undone is asked about, and can be left.
  await visit.button('Cancel').click();
  await visit.button('Leave it').click();
  assert.equal((await ask('experiments/endless')).status, 'running');
  await visit.button('Cancel').click();
  await visit.button('Cancel the experiment').click();
  await visit.status('Cancelled').waitFor();
  await possible(visit, ['Retry', 'Rescore', 'Deliver again']);
  // Another round of it is followed without the page being loaded again.
  await visit.button('Retry').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Retry' }).click();
  await visit.status('Running').waitFor();
  await visit.button('Terminate').click();
  await page.getByLabel('Why').fill('the test is over');
  await visit.button('Terminate the experiment').click();
  await visit.status('Terminated').waitFor();
  await page.getByText('the test is over').first().waitFor();
  await visit.end();
}

export async function whatIsNotAllowedIsTold({ browser, base, ask, readKey }) {
  const visit = await Visit.begin(browser, base, { key: readKey });
  const { page } = visit;
  await visit.go('#/experiments/finished', 'Sums, finished');
  await visit.button('Rescore').click();
  await page.getByRole('dialog').getByRole('button', { name: 'Rescore' }).click();
  await page.getByRole('alert').getByText('Not allowed.').waitFor();
  assert.equal((await ask('experiments/finished')).models[0].round, 0);
  await visit.go('#/experiments/nothing');
  await page.getByRole('alert').getByText('Not found.').waitFor();
  await visit.go('#/compare?experiment=finished&experiment=nothing');
  await page.getByRole('alert').getByText('nothing').first().waitFor();
  await visit.go('#/nowhere', 'Nothing here');
  await visit.end();
}
