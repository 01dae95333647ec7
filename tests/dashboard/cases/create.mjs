// An experiment is written, checked, mended and created in the page; each fault leads to its place.
import assert from 'node:assert/strict';
import { Visit } from '../visit.mjs';

export const FAULTY = { experiment_name: 'Made here', config: { dataset: { type: 'inline', items: [{ id: '1', input: {}, expected: 'a', output: 'a' }] },
  adapter: { type: 'recorded' }, models: [], scorers: [{ type: 'exact_match', patern: 'x' }] } };

export async function anExperimentIsCreated({ browser, base, ask, writeKey, readKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('', 'Experiments');
  await page.locator('.experiments').waitFor();
  await page.keyboard.press('n');
  await visit.heading('New experiment').waitFor();
  const area = page.getByLabel('Specification, as JSON');
  await area.fill('{"experiment_name": ');
  await visit.button('Check').click();
  await page.getByRole('alert').getByText('not JSON').waitFor();
  const text = JSON.stringify(FAULTY, null, 2);
  await area.fill(text);
  await visit.button('Check').click();
  await page.getByRole('alert').getByText('/config/models', { exact: true }).waitFor();
  const fault = page.getByRole('listitem').filter({ hasText: '/config/scorers/0/patern' });
  await fault.getByRole('button').click();
  const cursor = await area.evaluate((area) => [document.activeElement === area, area.selectionStart]);
  assert.deepEqual(cursor, [true, text.indexOf('"patern"')]);
  // What the example says is right, and what it takes is told.
  await page.getByLabel('Begin with an example').selectOption('recorded');
  await visit.button('Check').click();
  await page.getByRole('status').getByText('Nothing is wrong with it.').waitFor();
  await visit.button('Create').click();
  await visit.heading('Recorded sums').waitFor();
  await visit.status('Completed').waitFor();
  // Another one begins with it.
  const id = decodeURIComponent(page.url().split('/').pop());
  await visit.go(`#/experiments/${id}/setup`, 'Recorded sums');
  await page.getByRole('link', { name: 'a new experiment' }).click();
  await visit.heading('New experiment').waitFor();
  assert.equal(JSON.parse(await area.inputValue()).config.models[0].name, 'recorded');
  assert.equal((await ask(`experiments/${id}`)).models[0].states.ok, 2);
  await visit.end();
  const reader = await Visit.begin(browser, base, { key: readKey });
  await reader.go('#/new', 'New experiment');
  await reader.button('Create').click();
  await reader.page.getByRole('alert').getByText('Not allowed.').waitFor();
  await reader.end();
}
