// Takes the pictures of the documentation: node screenshots.mjs MODULES BASE FOLDER EXPERIMENT
// BASE is a service without keys, EXPERIMENT one of several models there.
import { join } from 'node:path';
import { launch } from './browser.mjs';
import { FAULTY } from './cases/create.mjs';
import { Visit } from './visit.mjs';

const PHONE = { width: 360, height: 720 };

const pictures = (id) => [
  ['list', '#/', '.experiments', {}],
  ['progress', `#/experiments/${id}`, '.means', {}],
  ['scores', `#/experiments/${id}/scores`, '.histogram', { colorScheme: 'dark' }],
  ['compare', `#/compare?experiment=${id}`, '.forest', {}],
  ['create', '#/new', 'textarea', { viewport: { width: 1100, height: 970 } }],
  ['items', `#/experiments/${id}/items`, '.items', {}],
  ['phone', `#/experiments/${id}/scores`, '.histogram', { viewport: PHONE }],
];

const [modules, base, folder, experiment] = process.argv.slice(2);
const browser = await launch(modules);
for (const [name, hash, content, options] of pictures(experiment)) {
  const visit = await Visit.begin(browser, base, { viewport: { width: 1100, height: 720 }, ...options });
  await visit.go(hash);
  await visit.page.locator(content).first().waitFor();
  if (name === 'items') await visit.page.locator('.items summary').first().click();
  if (name === 'create') {
    await visit.page.getByLabel('Specification, as JSON').fill(JSON.stringify(FAULTY, null, 2));
    await visit.button('Check').click();
    await visit.page.getByRole('alert').waitFor();
  }
  await visit.page.screenshot({ path: join(folder, `dashboard-${name}.png`) });
  await visit.end();
}
await browser.close();
