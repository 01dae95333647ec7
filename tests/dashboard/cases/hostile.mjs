// Texts of strangers stay texts, wherever they are shown.
import assert from 'node:assert/strict';
import { HOSTILE } from '../experiments.mjs';
import { Visit } from '../visit.mjs';

const VISIBLE = HOSTILE.replace('\u202e', '\ufffd');

export async function hostileTextStaysText({ browser, base, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  const places = ['', '#/experiments/hostile', '#/experiments/hostile/scores', '#/experiments/hostile/setup', '#/compare?experiment=hostile'];
  for (const place of places) {
    await visit.go(place);
    await page.getByText('window.harmed=1').first().waitFor();
  }
  await visit.go('#/experiments/hostile/items');
  await page.locator('.items summary').nth(2).waitFor();
  for (const row of await page.locator('.items summary').all()) await row.click();
  await page.locator('.item').nth(2).waitFor();
  const output = page.getByRole('group', { name: 'Output' }).first();
  assert.equal(await output.innerText(), VISIBLE);
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  assert.equal(await page.locator('main :is(img, script, iframe)').count(), 0);
  // The address is a text of strangers, too.
  await visit.go(`#/experiments/${encodeURIComponent(HOSTILE)}`);
  await page.getByRole('alert').waitFor();
  await visit.go(`#/${encodeURIComponent(HOSTILE)}?${encodeURIComponent(HOSTILE)}=1&experiment=%`, 'Nothing here');
  assert.equal(await page.evaluate(() => window.harmed), undefined);
  await visit.end();
}
