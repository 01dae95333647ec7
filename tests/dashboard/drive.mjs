// Uses the dashboard as people do, in a real browser: node drive.mjs MODULES BASE WRITE_KEY READ_KEY
// Prints `shown NAME` for each case in which the page showed what it should; the first that does not ends the run.
import { launch } from './browser.mjs';
import { axeFindsNothing } from './cases/axe.mjs';
import { aRunIsHeldAndEnded, whatIsNotAllowedIsTold } from './cases/controls.mjs';
import { anExperimentIsCreated } from './cases/create.mjs';
import { hostileTextStaysText } from './cases/hostile.mjs';
import { aKeyboardSuffices } from './cases/keyboard.mjs';
import { aKeyIsAskedFor } from './cases/key.mjs';
import { experimentsAreFound } from './cases/list.mjs';
import { aPhoneIsWideEnough } from './cases/phone.mjs';
import { aRunIsFollowed, aBrokenStreamIsTakenUpAgain } from './cases/progress.mjs';
import { itemsAreFoundAndOpened, modelsAreCompared, scoresHaveIntervals } from './cases/results.mjs';
import { aScheduleIsHeld } from './cases/schedules.mjs';
import * as experiments from './experiments.mjs';

const CASES = {
  'a key is asked for': aKeyIsAskedFor,
  'experiments are found': experimentsAreFound,
  'a run is followed from the list to its end': aRunIsFollowed,
  'a broken stream is taken up again': aBrokenStreamIsTakenUpAgain,
  'scores have intervals and distributions': scoresHaveIntervals,
  'items are found and opened': itemsAreFoundAndOpened,
  'models are compared': modelsAreCompared,
  'an experiment is created': anExperimentIsCreated,
  'a run is held and ended': aRunIsHeldAndEnded,
  'what is not allowed is told': whatIsNotAllowedIsTold,
  'a schedule is held': aScheduleIsHeld,
  'hostile text stays text': hostileTextStaysText,
  'a phone is wide enough': aPhoneIsWideEnough,
  'a keyboard suffices': aKeyboardSuffices,
  'axe finds nothing': axeFindsNothing,
};

const [modules, base, writeKey, readKey] = process.argv.slice(2);

async function ask(path, body) {
  const headers = { authorization: `Bearer ${writeKey}`, 'content-type': 'application/json' };
  const answer = await fetch(`${base}/v1/${path}`, { method: body ? 'POST' : 'GET', headers, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}

const browser = await launch(modules);
try {
  const { finished, tied, hostile } = experiments;
  for (const body of [finished, tied, hostile]) await ask('experiments', body);
  for (const { experiment_id: id } of [finished, tied, hostile]) await ask(`experiments/${id}?wait=30s`);
  const stage = { browser, base, modules, ask, writeKey, readKey };
  for (const [name, run] of Object.entries(CASES)) {
    await run(stage);
    console.log(`shown ${name}`);
  }
} finally {
  await browser.close();
}
