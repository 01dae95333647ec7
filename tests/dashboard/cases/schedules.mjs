// A schedule is seen with what it starts, and can be held.
import assert from 'node:assert/strict';
import { finished } from '../experiments.mjs';
import { Visit } from '../visit.mjs';

export async function aScheduleIsHeld({ browser, base, ask, writeKey }) {
  const { experiment_name, config } = finished;
  await ask('schedules', { schedule_id: 'yearly', experiment_name, config, spec: { cron: ['0 0 1 1 *'] } });
  const visit = await Visit.begin(browser, base, { key: writeKey });
  const { page } = visit;
  await visit.go('#/schedules', 'Schedules');
  const schedule = page.locator('.schedule', { hasText: 'yearly' });
  await schedule.getByText('0 0 1 1 *').waitFor();
  await schedule.getByRole('button', { name: 'Pause' }).click();
  await schedule.locator('.badge', { hasText: 'Paused' }).waitFor();
  assert.equal((await ask('schedules/yearly')).paused, true);
  await schedule.getByRole('button', { name: 'Resume' }).click();
  await schedule.locator('.badge', { hasText: 'Active' }).waitFor();
  await visit.end();
}
