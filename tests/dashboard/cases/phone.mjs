// On a phone everything is within the width of the screen.
import assert from 'node:assert/strict';
import { VIEWS, Visit } from '../visit.mjs';

const HOSTILE_VIEWS = [
  ['#/experiments/hostile', undefined, '.run'],
  ['#/experiments/hostile/scores', undefined, 'section'],
  ['#/experiments/hostile/items', undefined, '.items li'],
  ['#/experiments/hostile/setup', undefined, '.setup .panel'],
];

export async function aPhoneIsWideEnough({ browser, base, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey, viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true });
  const { page } = visit;
  for (const [hash, heading, content] of [...VIEWS, ...HOSTILE_VIEWS]) {
    await visit.go(hash, heading);
    await page.locator(content).first().waitFor();
    await page.locator('details').evaluateAll((all) => all.forEach((details) => (details.open = true)));
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= 360, `${hash} is ${width} wide`);
  }
  await visit.end();
}
