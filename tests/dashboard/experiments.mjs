// The experiments that the cases look at, as a stranger would post them.

/** A text that would do harm wherever it is taken for markup. */
export const HOSTILE = `"><img src=x onerror="window.harmed=1"><script>window.harmed=1</script>\u202e`;

const sums = (count) =>
  Array.from({ length: count }, (_, index) => ({
    id: `sum-${String(index).padStart(3, '0')}`,
    input: { prompt: `${index} + ${index}` },
    expected: String(index + index),
    tags: [index % 2 ? 'odd' : 'even'],
  }));

/** An experiment that asks the provider of the test. */
const asked = (id, count, models, execution) => ({
  experiment_name: `Sums, ${id}`,
  experiment_id: id,
  config: {
    dataset: { type: 'inline', items: sums(count) },
    adapter: { type: 'openai', provider: 'test' },
    models: models.map((name) => ({ name })),
    scorers: [{ type: 'numeric', name: 'correct' }, { type: 'levenshtein' }],
    execution,
    retry: { initial_interval: '100ms', maximum_interval: '200ms' },
  },
});

/** Two models, the second of which is often wrong, and refuses some. */
export const finished = asked('finished', 60, ['good', 'poor'], { concurrency_limit: 30 });

/** The same model twice, as good once as the other time. */
export const tied = asked('tied', 60, ['good', 'poor', 'good-again'], { concurrency_limit: 30 });

/** Slow enough to be watched. */
export const watched = asked('watched', 200, ['slow'], { concurrency_limit: 2 });

/** Longer than any test. */
export const endless = asked('endless', 2000, ['slow'], { concurrency_limit: 1 });

export const hostile = {
  experiment_name: `Hostile ${HOSTILE}`,
  experiment_id: 'hostile',
  config: {
    dataset: {
      type: 'inline',
      items: [
        { id: `id ${HOSTILE}`, input: { prompt: HOSTILE }, expected: 'a', output: HOSTILE, tags: [HOSTILE], metadata: { [HOSTILE]: HOSTILE } },
        { id: 'long', input: { prompt: 'p'.repeat(3000) }, expected: 'a', output: 'unbroken'.repeat(500) },
        { id: 'none', input: { prompt: 'nobody has answered this' } },
      ],
    },
    adapter: { type: 'recorded' },
    models: [{ name: `model ${HOSTILE}` }],
    scorers: [{ type: 'exact_match', name: 'exact' }],
  },
};
