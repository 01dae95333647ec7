// A service with keys asks for one, says when it is wrong, and is used with the right one until the tab is closed.
import assert from 'node:assert/strict';
import { Visit } from '../visit.mjs';

export async function aKeyIsAskedFor({ browser, base, writeKey }) {
  const visit = await Visit.begin(browser, base);
  const { page } = visit;
  await visit.go('');
  const field = page.getByLabel('API key', { exact: true });
  await field.fill('aie_wrong');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').getByText('does not know this key').waitFor();
  await field.fill(writeKey);
  await visit.button('Use this key').click();
  await page.getByRole('link', { name: 'Sums, finished' }).waitFor();
  assert.equal(await page.getByRole('dialog').count(), 0);
  assert.ok(!page.url().includes(writeKey) && !(await page.content()).includes(writeKey));
  // Another view needs no key again; one that is forgotten is asked for anew.
  await page.getByRole('link', { name: 'Datasets' }).click();
  await visit.heading('Datasets').waitFor();
  await visit.button('Forget key').click();
  await field.waitFor();
  await page.keyboard.press('Escape');
  await page.getByRole('alert').getByText('A key is needed').waitFor();
  await visit.end();
}
