// The service's vocabulary in words for people.

export const STATUSES = {
  running: 'Running',
  paused: 'Paused',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Cancelled',
  terminated: 'Terminated',
  timed_out: 'Timed out',
};

export const isFinal = (status) => !['running', 'paused'].includes(status);

export const STAGES = {
  queued: 'Queued',
  loading: 'Loading the dataset',
  evaluating: 'Evaluating',
  emitting: 'Delivering results',
  done: 'Done',
};

/** States of items, in the order in which they are shown. */
export const STATES = {
  ok: 'Scored',
  generation_failed: 'No output',
  scorer_failed: 'Not scorable',
  skipped: 'Never asked',
};

export const WAITING = {
  worker: 'Waits for a worker',
  rate_limit: 'Held back by a rate limit',
  backoff: 'Waits to try again',
  paused: 'Paused',
  provider: 'Waits for the provider',
};

export const PAUSED_BY = {
  user: 'paused by a user',
  cost: 'its budget of costs is spent',
  tokens: 'its budget of tokens is spent',
};

export const TESTS = {
  mcnemar: 'McNemar’s test',
  permutation: 'permutation test',
  paired_t: 'paired t test',
};

export const METHODS = {
  wilson: 'Wilson',
  student_t: 'Student’s t',
  bonett_price: 'Bonett–Price',
};

/** A word of the service that this page does not know, as people write. */
export const worded = (words, name) => words[name] ?? String(name).replaceAll('_', ' ');
