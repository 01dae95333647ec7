// Nobody needs a pointer: everything is reached by keys, and the focus is always somewhere and seen.
import assert from 'node:assert/strict';
import { Visit } from '../visit.mjs';

const focused = (page) => page.evaluate(() => document.activeElement.textContent.trim());

export async function aKeyboardSuffices({ browser, base, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  const { keyboard } = page;
  await visit.go('', 'Experiments');
  await page.locator('.experiments').waitFor();
  await keyboard.press('Tab');
  assert.equal(await focused(page), 'Skip to the content');
  await keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'main');
  // From the content on, every stop of Tab can be seen.
  for (let stop = 0; stop < 8; stop++) {
    await keyboard.press('Tab');
    const outline = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
    assert.notEqual(outline, 'none', await focused(page));
  }
  await keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement.name), 'name');
  await keyboard.type('Sums, finished');
  await keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.experiments tbody tr').length === 1);
  await keyboard.press('Tab');
  await keyboard.press('j');
  assert.equal(await focused(page), 'Sums, finished');
  await keyboard.press('x');
  await page.getByText('1 experiment chosen').waitFor();
  await keyboard.press('j');
  await keyboard.press('Enter');
  await visit.heading('Sums, finished').waitFor();
  await keyboard.press('2');
  await page.locator('.histogram').first().waitFor();
  await keyboard.press('3');
  await page.locator('.items').waitFor();
  await keyboard.press('j');
  await keyboard.press('Enter');
  await page.locator('.item').waitFor();
  // A dialog takes the focus and gives it back.
  const before = await focused(page);
  await keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  await keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await focused(page), before);
  await keyboard.press('g');
  await keyboard.press('c');
  await visit.heading('Compare').waitFor();
  const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
  assert.equal(await theme(), 'light');
  await keyboard.press('t');
  assert.equal(await theme(), 'dark');
  await page.reload();
  assert.equal(await theme(), 'dark');
  await visit.end();
}
