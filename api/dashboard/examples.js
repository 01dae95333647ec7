// Specifications to begin with.

const items = [
  { id: '1', input: { prompt: 'What is 2 + 2?' }, expected: '4', output: '4' },
  { id: '2', input: { prompt: 'What is 2 + 3?' }, expected: '5', output: '6' },
];

const asked = items.map(({ output, ...item }) => item);

export const EXAMPLES = {
  recorded: {
    label: 'Outputs that are there already',
    body: {
      experiment_name: 'Recorded sums',
      config: {
        dataset: { type: 'inline', items },
        adapter: { type: 'recorded' },
        models: [{ name: 'recorded' }],
        scorers: [{ type: 'exact_match' }],
      },
    },
  },
  model: {
    label: 'A model of a provider',
    body: {
      experiment_name: 'Sums',
      config: {
        dataset: { type: 'inline', items: asked },
        adapter: { type: 'openai', provider: 'openai' },
        models: [{ name: 'gpt-4o-mini' }],
        scorers: [{ type: 'numeric' }],
        execution: { concurrency_limit: 5 },
      },
    },
  },
  uploaded: {
    label: 'A dataset that was uploaded',
    body: {
      experiment_name: 'A sample of a dataset',
      config: {
        dataset: { type: 'uploaded', name: 'NAME', sample: { size: 100 } },
        adapter: { type: 'openai', provider: 'openai' },
        models: [{ name: 'gpt-4o-mini' }],
        scorers: [{ type: 'exact_match' }],
      },
    },
  },
};
