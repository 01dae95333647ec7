// Scores, items and comparisons say what the API says.
import assert from 'node:assert/strict';
import { Visit } from '../visit.mjs';

export async function scoresHaveIntervals({ browser, base, ask, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('#/experiments/finished', 'Sums, finished');
  await page.getByRole('link', { name: 'Scores' }).click();
  const summary = await ask('experiments/finished/summary');
  for (const { model, states, scorers } of summary.models) {
    const coverage = page.locator('.coverage > div', { hasText: model });
    await coverage.getByText(`Scored ${states.ok}`).waitFor();
    if (states.generation_failed) await coverage.getByText(`No output ${states.generation_failed}`).waitFor();
    for (const { scorer, mean, confidence_interval: interval, histogram } of scorers) {
      const panel = page.locator('section.panel', { has: page.getByRole('heading', { level: 2, name: scorer }) });
      const row = panel.getByRole('row').filter({ hasText: model });
      const numbers = (await row.innerText()).match(/−?\d+\.\d+/g).map((text) => Number(text.replace('−', '-')));
      for (const [index, expected] of [mean, interval.low, interval.high].entries()) {
        assert.ok(Math.abs(numbers[index] - expected) < 0.006, `${model} ${scorer}: ${numbers} for ${expected}`);
      }
      const chart = panel.locator('.histograms > div', { hasText: model }).getByRole('img');
      const described = await chart.getAttribute('aria-label');
      const bars = histogram.bins.filter(Boolean).length;
      assert.equal(await chart.locator('rect').count(), 10);
      assert.equal(described.match(/ from /g).length, bars, described);
      assert.match(described, /95 % interval/);
    }
  }
  // What was asked for is beside what came out.
  await page.getByRole('link', { name: 'Setup' }).click();
  const dataset = page.getByRole('group', { name: 'Dataset' });
  assert.match(await dataset.innerText(), /"items": "60 items"/);
  assert.match(await page.getByRole('group', { name: 'Model poor' }).innerText(), /"provider": "test"/);
  await page.getByRole('link', { name: 'Scores' }).click();
  // The tags are read when they are asked for.
  await page.getByText('By tag').click();
  await page.getByRole('rowheader', { name: 'even' }).first().waitFor();
  await visit.end();
}

export async function itemsAreFoundAndOpened({ browser, base, ask, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('#/experiments/finished/items', 'Sums, finished');
  const rows = page.locator('.items > li');
  await rows.first().waitFor();
  assert.equal(await rows.count(), 25);
  await page.getByRole('link', { name: 'Next' }).click();
  await page.getByText('Page 2').waitFor();
  await page.getByLabel('State').selectOption({ label: 'No output' });
  await page.getByLabel('Model').selectOption('poor');
  const found = await ask('experiments/finished/results?state=generation_failed&model=poor');
  await page.waitForFunction((count) => document.querySelectorAll('.items > li').length === count, found.results.length);
  await rows.first().locator('summary').click();
  const { item, output } = found.results[0].result;
  const opened = rows.first().locator('.item');
  await opened.getByText(output.error.kind).waitFor();
  await opened.getByText(output.error.message).waitFor();
  await opened.getByText(item.input.prompt, { exact: true }).waitFor();
  await opened.getByText('1 attempt').waitFor();
  // The address holds the filters: another visitor sees the same.
  await page.reload();
  await page.waitForFunction((count) => document.querySelectorAll('.items > li').length === count, found.results.length);
  // An item has an address of its own, with what all models made of it.
  await rows.first().locator('summary').click();
  await page.getByRole('link', { name: 'This item by itself' }).click();
  await page.locator('section.one').nth(1).waitFor();
  assert.equal(await page.locator('section.one').count(), 2);
  // Scores are bounded once it is said whose.
  await visit.go('#/experiments/finished/items?model=poor', 'Sums, finished');
  await page.getByLabel('Scorer').selectOption('correct');
  await page.getByLabel('To', { exact: true }).fill('0');
  await page.keyboard.press('Enter');
  const wrong = await ask('experiments/finished/results?model=poor&scorer=correct&max_score=0&page_size=25');
  // As many may have been there before.
  await page.waitForFunction(
    (count) => document.querySelectorAll('.items > li').length === count && !document.querySelector('.score[data-value=full]'),
    wrong.results.length,
  );
  await visit.end();
}

export async function modelsAreCompared({ browser, base, ask, writeKey }) {
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('', 'Experiments');
  await page.getByRole('checkbox', { name: /\(tied\)/ }).check();
  await page.getByRole('link', { name: 'Compare', exact: true }).last().click();
  await visit.heading('Compare').waitFor();
  const { differences, standings } = await ask('comparisons?experiment=tied');
  const verdicts = page.locator('td.verdict');
  await verdicts.first().waitFor();
  assert.equal(await verdicts.count(), differences.length);
  for (const { scorer, baseline, candidate, statistically_tied: tied, mean_difference: mean } of differences) {
    const panel = page.locator('section.panel', { has: page.getByRole('heading', { level: 2, name: scorer }) });
    const [a, b] = [candidate, baseline].map((name) => name.replace('tied/', ''));
    const row = panel.locator('.forest').getByRole('row', { name: new RegExp(`^${a} against ${b} `) });
    const expected = tied ? 'Statistically tied' : mean > 0 ? 'Higher' : 'Lower';
    assert.equal(await row.locator('.verdict').innerText(), expected);
    const shown = Number((await row.locator('strong').innerText()).replace('−', '-'));
    assert.ok(Math.abs(shown - mean) < 0.006, `${shown} for ${mean}`);
    assert.equal(await row.locator('circle').count(), 1);
  }
  assert.ok(differences.some(({ statistically_tied: tied }) => tied) && differences.some(({ statistically_tied: tied }) => !tied));
  assert.equal(await page.locator('.verdicts li').count(), standings.length);
  await page.getByText('Statistically tied: good and good-again').first().waitFor();
  // One model less is a comparison of two; another experiment is one of more.
  await page.getByRole('checkbox', { name: 'poor' }).uncheck();
  await page.waitForFunction(() => document.querySelectorAll('td.verdict').length === 2);
  await page.getByLabel('Add an experiment').fill('finished');
  await page.keyboard.press('Enter');
  await page.getByText('finished/good').first().waitFor();
  await visit.end();
}
