// Experiments are found by what is known of them, and counted.
import assert from 'node:assert/strict';
import { Visit } from '../visit.mjs';

export async function experimentsAreFound({ browser, base, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('', 'Experiments');
  const rows = page.locator('.experiments tbody tr');
  const found = (count) => page.waitForFunction((count) => document.querySelectorAll('.experiments tbody tr').length === count, count);
  await found(3);
  await page.locator('.counts').getByRole('link', { name: 'Completed' }).click();
  assert.match(page.url(), /status=completed/);
  await page.getByLabel('Model').fill('good-again');
  await page.keyboard.press('Enter');
  await found(1);
  await rows.getByText('Sums, tied').waitFor();
  await visit.button('Clear').click();
  await found(3);
  await page.getByLabel('Started from').fill('2100-01-01');
  await page.getByText('No experiment is like that.').waitFor();
  // What is found has an address.
  await page.reload();
  await page.getByText('No experiment is like that.').waitFor();
  await visit.end();
}
