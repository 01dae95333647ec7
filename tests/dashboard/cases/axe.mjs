// What axe-core knows of accessibility (WCAG 2.2 AA and best practices) holds in every view, light and dark.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { VIEWS, Visit } from '../visit.mjs';

export async function axeFindsNothing({ browser, base, modules, writeKey }) {
  const axe = readFileSync(join(modules, 'axe-core/axe.min.js'), 'utf8');
  for (const colorScheme of ['light', 'dark']) {
    const visit = await Visit.begin(browser, base, { key: writeKey, colorScheme });
    const { page } = visit;
    const check = async (what) => {
      await page.evaluate(axe);
      const { violations } = await page.evaluate(() => window.axe.run(document));
      const told = violations.flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} ${node.failureSummary}`));
      assert.deepEqual(told, [], `${what}, ${colorScheme}`);
    };
    for (const [hash, heading, content] of VIEWS) {
      await visit.go(hash, heading);
      await page.locator(content).first().waitFor();
      await page.locator('details').evaluateAll((all) => all.forEach((details) => (details.open = true)));
      await check(hash);
    }
    await visit.go('#/experiments/nothing');
    await page.getByRole('alert').waitFor();
    await check('a failure');
    await visit.button('Keys').click();
    await check('a dialog');
    await visit.end();
  }
}
