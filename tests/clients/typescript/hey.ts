// Calls every operation of the service through a typed client, and prints the ids of those that did as they should.
//
// `hey/` is what @hey-api/openapi-ts makes of the service's document:
//
//     node made/hey.js http://127.0.0.1:7890

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { client } from "./hey/client.gen.js";
import * as api from "./hey/index.js";

const DEADLINE_MS = 60_000;
const ITEMS = 20;

const baseUrl = process.argv[2];
assert(baseUrl);
client.setConfig({ baseUrl });

const path = { experiment_id: await create() };
await follow();
await read();
await upload();
await again();
await over();
await schedule();
await discover();

async function create(): Promise<string> {
  const { data, response } = await api.createExperiment({
    headers: { "Idempotency-Key": `hey-${process.hrtime.bigint()}` },
    body: experiment(),
  });
  assert.equal(response?.status, 201);
  assert(data && "links" in data);
  called("create_experiment");
  return data.id;
}

/** Every second answer is right. */
function experiment(): api.CreateExperiment {
  const items = Array.from({ length: ITEMS }, (_, index) => ({
    id: String(index),
    input: { prompt: `${index} + 0` },
    expected: String(index),
    output: index % 2 === 0 ? String(index) : "no idea",
  }));
  return {
    experiment_name: "by another generated TypeScript client",
    config: {
      dataset: { type: "inline", items },
      adapter: { type: "recorded" },
      models: [{ name: "recorded" }],
      scorers: [{ type: "exact_match" }],
    },
  };
}

/** Never called: what the compiler must refuse. */
export function misspelt(): api.CreateExperiment {
  const wrong = experiment();
  // @ts-expect-error There is no such scorer.
  wrong.config.scorers = [{ type: "exact_mtach" }];
  return wrong;
}

async function follow(experiment_id: string = path.experiment_id): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const { data } = await api.getExperiment({ path: { experiment_id }, query: { wait: "10s" } });
    assert(data);
    if (data.status === "completed") {
      assert.equal(data.models[0]?.items_done, ITEMS);
      break;
    }
    assert.equal(data.status, "running");
    assert(Date.now() < deadline, JSON.stringify(data));
  }
  called("get_experiment");
  // The client takes each event apart: what it gives is the experiment itself.
  const { stream } = await api.watchExperiment({ path: { experiment_id }, sseMaxRetryAttempts: 1 });
  const statuses: string[] = [];
  for await (const event of stream) {
    statuses.push((event as unknown as api.Experiment).status);
  }
  assert.deepEqual(statuses, ["completed"]);
  called("watch_experiment");
}

async function read(): Promise<void> {
  const summary = await api.getSummary({ path });
  assert.equal(summary.data?.models[0]?.scorers[0]?.mean, 0.5);
  called("get_summary");
  const broken = await api.getBreakdown({ path, query: { resamples: 200 } });
  assert(broken.data?.estimates[0]?.bootstrap);
  called("get_breakdown");
  const page = await api.listResults({ path, query: { page_size: 7, state: "ok" } });
  assert.equal(page.data?.results.length, 7);
  assert(page.data.next_page_token);
  called("list_results");
  const item = await api.getItemResults({ path: { ...path, item_id: "1" } });
  assert.deepEqual(item.data?.results, [page.data.results[1]]);
  called("get_item_results");
  const config = await api.getExperimentConfig({ path });
  assert.equal(config.data?.models[0]?.name, "recorded");
  called("get_experiment_config");
  const ledger = await api.getLedger({ path });
  assert.equal(ledger.data?.entries.length, ITEMS);
  called("get_ledger");

  const alone = await api.getComparison({ query: { experiment: [path.experiment_id] } });
  assert.equal(alone.error?.errors?.[0]?.pointer, "/experiment");
  const other = await create();
  await follow(other);
  const compared = await api.getComparison({ query: { experiment: [path.experiment_id, other] } });
  assert.equal(compared.data?.differences[0]?.ties, ITEMS);
  called("get_comparison");

  const listed = await api.listExperiments({ query: { page_size: 100 } });
  assert(listed.data?.experiments);
  called("list_experiments");
  const counts = await api.countExperiments({ query: { tag: "hey" } });
  assert.equal(counts.data?.total, 0);
  called("count_experiments");
  const workflow_id = path.experiment_id;
  const workflow = await api.getWorkflow({ path: { workflow_id } });
  assert.equal(workflow.data?.workflow_type, "ExperimentWorkflow");
  called("get_workflow");
  const history = await api.getWorkflowHistory({ path: { workflow_id } });
  assert.equal(history.data?.events.length, workflow.data.history_length);
  called("get_workflow_history");
  const ended = await api.cancelExperiment({ path });
  assert.equal(ended.data?.status, "completed");
  called("cancel_experiment");
}

async function upload(): Promise<void> {
  const content = '{"id": "1", "input": {}}\n';
  const sha256 = createHash("sha256").update(content).digest("hex");
  const name = "hey";
  const announced = await api.createDataset({
    body: { name, format: "jsonl", bytes: content.length, sha256 },
  });
  assert.equal(announced.data?.complete, false);
  called("create_dataset");
  const uploaded = await api.uploadDatasetPart({
    path: { name, version: sha256 },
    headers: { "Upload-Offset": 0 },
    body: new Blob([content]),
  });
  assert.equal(uploaded.data?.complete, true);
  called("upload_dataset_part");
  const version = await api.getDatasetVersion({ path: { name, version: sha256 } });
  assert.deepEqual(version.data, uploaded.data);
  called("get_dataset_version");
  const versions = await api.listDatasetVersions({ path: { name } });
  assert.deepEqual(versions.data?.versions, [uploaded.data]);
  called("list_dataset_versions");
  const sample = await api.getDatasetSample({ path: { name }, query: { limit: 1 } });
  assert.deepEqual(sample.data?.rows, [{ line: 1, row: { id: "1", input: {} } }]);
  called("get_dataset_sample");
  const datasets = await api.listDatasets();
  assert(datasets.data?.datasets.some((dataset) => dataset.name === name));
  called("list_datasets");
}

async function again(): Promise<void> {
  const retried = await api.retryExperiment({ path, body: { config: { retry: { maximum_attempts: 2 } } } });
  assert.equal(retried.data?.id, path.experiment_id);
  await follow();
  called("retry_experiment");
  const rescored = await api.rescoreExperiment({ path, body: { scorers: [{ type: "exact_match" }] } });
  assert.equal(rescored.data?.id, path.experiment_id);
  await follow();
  called("rescore_experiment");
  const delivered = await api.emitExperiment({ path, body: { sinks: [{ type: "jsonl" }] } });
  assert.equal(delivered.data?.models[0]?.round, 2);
  await follow();
  called("emit_experiment");
}

/** To what has ended nothing can be said any more, and to end it changes nothing. */
async function over(): Promise<void> {
  const paused = await api.pauseExperiment({ path, body: { reason: "a look" } });
  assert.equal(paused.error?.code, "ended");
  called("pause_experiment");
  const resumed = await api.resumeExperiment({ path });
  assert.equal(resumed.error?.code, "ended");
  called("resume_experiment");
  const changed = await api.changeLimits({ path, body: { concurrency_limit: 3 } });
  assert.equal(changed.error?.code, "ended");
  called("change_limits");
  const ended = await api.terminateExperiment({ path, body: { reason: "done" } });
  assert.equal(ended.data?.status, "completed");
  called("terminate_experiment");
}

async function schedule(): Promise<void> {
  const { experiment_name, config } = experiment();
  const path = { schedule_id: `hey-${process.hrtime.bigint()}` };
  const created = await api.createSchedule({
    body: { ...path, experiment_name, config, spec: { cron: ["0 3 1 1 *"], time_zone: "Europe/Berlin" } },
  });
  assert.equal(created.response?.status, 201);
  called("create_schedule");
  const changed = await api.updateSchedule({ path, body: { overlap_policy: "buffer_all" } });
  assert.equal(changed.data?.overlap_policy, "buffer_all");
  called("update_schedule");
  const paused = await api.pauseSchedule({ path, body: { note: "lunch" } });
  assert.equal(paused.data?.note, "lunch");
  called("pause_schedule");
  const resumed = await api.resumeSchedule({ path });
  assert.equal(resumed.data?.paused, false);
  called("resume_schedule");
  const triggered = await api.triggerSchedule({ path });
  assert.equal(triggered.response?.status, 202);
  called("trigger_schedule");
  const filled = await api.backfillSchedule({
    path,
    body: { start_time: "2024-01-01T00:00:00Z", end_time: "2024-01-02T00:00:00Z" },
  });
  assert.equal(filled.response?.status, 202);
  called("backfill_schedule");
  const seen = await api.getSchedule({ path });
  assert.equal(seen.data?.spec.time_zone, "Europe/Berlin");
  called("get_schedule");
  const listed = await api.listSchedules({ query: { page_size: 100 } });
  assert(listed.data?.schedules);
  called("list_schedules");
  const deleted = await api.deleteSchedule({ path });
  assert.equal(deleted.response?.status, 204);
  called("delete_schedule");
}

async function discover(): Promise<void> {
  const scorers = await api.listScorers();
  assert.equal(scorers.data?.scorers[0]?.name, "exact_match");
  called("list_scorers");
  const adapters = await api.listAdapters();
  assert.equal(adapters.data?.adapters[0]?.name, "recorded");
  called("list_adapters");
  const providers = await api.listProviders();
  assert(providers.data?.task_queue.live);
  called("list_providers");
  const webhooks = await api.listWebhooks();
  assert.deepEqual(webhooks.data?.webhooks, []);
  called("list_webhooks");
  const unknown = await api.testWebhook({ path: { webhook: "hey" } });
  assert.equal(unknown.error?.code, "not_found");
  called("test_webhook");
  const queue = await api.getTaskQueue({ path: { task_queue: "nobody" } });
  assert.equal(queue.data?.live, false);
  called("get_task_queue");
}

function called(operation: string): void {
  console.log(`called ${operation}`);
}
