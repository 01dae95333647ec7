// One visit to the page: what the cases do there again and again, and what must hold all the while.
import assert from 'node:assert/strict';

/** Views and the headings by which they are known to be there. */
export const VIEWS = [
  ['#/', 'Experiments', '.experiments tbody tr'],
  ['#/experiments/finished', 'Sums, finished', '.run .means'],
  ['#/experiments/finished/scores', 'Sums, finished', '.histogram'],
  ['#/experiments/finished/items', 'Sums, finished', '.items li'],
  ['#/experiments/finished/setup', 'Sums, finished', '.setup .panel'],
  ['#/compare?experiment=finished', 'Compare', '.forest'],
  ['#/new?from=finished', 'New experiment', 'textarea'],
  ['#/datasets', 'Datasets', '.empty, .datasets'],
  ['#/schedules', 'Schedules', '.schedule'],
];

export class Visit {
  /** Opens the page, and gives the key if there is one. */
  static async begin(browser, base, { key, ...options } = {}) {
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, ...options });
    const page = await context.newPage();
    const visit = new Visit(context, page, base);
    visit.watch();
    if (key) await context.addInitScript((key) => sessionStorage.setItem('ai-evolution.key', key), key);
    return visit;
  }

  constructor(context, page, base) {
    Object.assign(this, { context, page, base, faults: [] });
  }

  /** Takes note of errors, of what the policy forbids, and of requests to elsewhere. */
  watch() {
    this.page.on('pageerror', (error) => this.faults.push(`error: ${error.message}`));
    this.page.on('console', (message) => {
      const text = message.text();
      // Answers of 4xx are told in the console by the browser itself.
      if (message.type() === 'error' && !text.startsWith('Failed to load resource')) this.faults.push(`console: ${text}`);
    });
    this.page.on('request', (request) => {
      if (!request.url().startsWith(this.base)) this.faults.push(`request: ${request.url()}`);
    });
  }

  async go(hash, heading) {
    await this.page.goto(`${this.base}/${hash}`);
    if (heading) await this.heading(heading).waitFor();
  }

  heading(name) {
    return this.page.getByRole('heading', { level: 1, name });
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  /** The experiment's status as the head of the page shows it. */
  status(name) {
    return this.page.locator('.title h1 + .badge', { hasText: name });
  }

  async end() {
    await this.context.close();
    assert.deepEqual(this.faults, []);
  }
}
