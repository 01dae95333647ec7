// Calls every operation of the service through a typed client, and prints the ids of those that did as they should.
//
// `schema.ts` is what openapi-typescript makes of the service's document:
//
//     node made/drive.js http://127.0.0.1:7890

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, operations, paths } from "./schema.js";

type CreateExperiment = components["schemas"]["CreateExperiment"];
type ModelResult = components["schemas"]["ModelResult"];

const DEADLINE_MS = 60_000;
const ITEMS = 20;

const baseUrl = process.argv[2];
assert(baseUrl);
// Results can be had as files, too; here they are wanted as JSON.
type Wanted = "application/json" | "application/problem+json" | "text/event-stream";
const client = createClient<paths, Wanted>({ baseUrl });

await check();
const id = await create();
await follow();
await read();
await upload();
await again();
await over();
await schedule();
await discover();
await errors();

async function check(): Promise<void> {
  const { data, response } = await client.POST("/v1/experiments", {
    params: { query: { validate_only: true } },
    body: experiment(),
  });
  assert.equal(response.status, 200);
  assert(data);
}

async function create(): Promise<string> {
  const { data, response } = await client.POST("/v1/experiments", {
    params: { header: { "Idempotency-Key": `typescript-${process.hrtime.bigint()}` } },
    body: experiment(),
  });
  assert.equal(response.status, 201);
  assert(data && "links" in data);
  assert.equal(response.headers.get("location"), data.links.self);
  called("create_experiment");
  return data.id;
}

/** Every second answer is right. */
function experiment(): CreateExperiment {
  const items = Array.from({ length: ITEMS }, (_, index) => ({
    id: String(index),
    input: { prompt: `${index} + 0` },
    expected: String(index),
    output: index % 2 === 0 ? String(index) : "no idea",
    tags: ["sum"],
  }));
  return {
    experiment_name: "by a generated TypeScript client",
    config: {
      dataset: { type: "inline", items },
      adapter: { type: "recorded" },
      models: [{ name: "recorded" }],
      scorers: [{ type: "exact_match" }, { type: "regex", name: "number", pattern: "^[0-9]+$" }],
      sinks: [{ type: "jsonl" }],
      tags: ["typescript"],
    },
  };
}

/** Never called: what the compiler must refuse. */
export function misspelt(): CreateExperiment {
  const wrong = experiment();
  // @ts-expect-error There is no such scorer.
  wrong.config.scorers = [{ type: "exact_mtach" }];
  // @ts-expect-error A regular expression has no such key.
  wrong.config.scorers = [{ type: "regex", patern: "^a$" }];
  // @ts-expect-error A dataset cannot be left out.
  wrong.config = { models: [{ name: "m" }], scorers: [{ type: "exact_match" }] };
  return wrong;
}

async function follow(): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const { data } = await client.GET("/v1/experiments/{experiment_id}", {
      params: { path: { experiment_id: id } },
    });
    assert(data);
    if (data.status === "completed") {
      assert.equal(data.models[0]?.items_done, ITEMS);
      break;
    }
    assert.equal(data.status, "running");
    assert(Date.now() < deadline, JSON.stringify(data));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  called("get_experiment");

  const stream = await client.GET("/v1/experiments/{experiment_id}/events", {
    params: { path: { experiment_id: id } },
    parseAs: "text",
  });
  assert(stream.data?.includes('"status":"completed"'));
  called("watch_experiment");
}

async function upload(): Promise<void> {
  const content = '{"id": "1", "input": {}}\n';
  const sha256 = createHash("sha256").update(content).digest("hex");
  const announced = await client.POST("/v1/datasets", {
    body: { name: "typescript", format: "jsonl", bytes: content.length, sha256 },
  });
  assert.equal(announced.response.status, 201);
  assert.equal(announced.data?.complete, false);
  called("create_dataset");
  const path = { name: "typescript", version: sha256 };
  const uploaded = await client.PATCH("/v1/datasets/{name}/versions/{version}", {
    params: { path, header: { "Upload-Offset": 0 } },
    headers: { "content-type": "application/octet-stream" },
    body: content,
    bodySerializer: (part) => part,
  });
  assert.equal(uploaded.data?.complete, true);
  called("upload_dataset_part");
  const version = await client.GET("/v1/datasets/{name}/versions/{version}", { params: { path } });
  assert.deepEqual(version.data, uploaded.data);
  called("get_dataset_version");
  const versions = await client.GET("/v1/datasets/{name}", { params: { path: { name: "typescript" } } });
  assert.deepEqual(versions.data?.versions, [uploaded.data]);
  called("list_dataset_versions");
  const sample = await client.GET("/v1/datasets/{name}/sample", {
    params: { path: { name: "typescript" }, query: { limit: 1 } },
  });
  assert.deepEqual(sample.data?.rows, [{ line: 1, row: { id: "1", input: {} } }]);
  called("get_dataset_sample");
  const datasets = await client.GET("/v1/datasets");
  assert.deepEqual(datasets.data?.datasets, [uploaded.data]);
  called("list_datasets");
}

async function read(): Promise<void> {
  const path = { experiment_id: id };
  const summary = await client.GET("/v1/experiments/{experiment_id}/summary", { params: { path } });
  const exact = summary.data?.models[0]?.scorers[0];
  assert(exact?.mean !== undefined && exact.confidence_interval);
  assert.equal(exact.count, ITEMS);
  assert(Math.abs(exact.mean - 0.5) < 1e-9);
  assert.equal(exact.confidence_interval.method, "wilson");
  called("get_summary");

  const config = await client.GET("/v1/experiments/{experiment_id}/config", { params: { path } });
  assert(config.data?.dataset.type === "inline");
  assert.equal(config.data.dataset.items.length, ITEMS);
  called("get_experiment_config");

  const broken = await client.GET("/v1/experiments/{experiment_id}/breakdown", {
    params: { path, query: { resamples: 200, cluster_by: "topic" } },
  });
  const [all, tagged] = broken.data?.estimates ?? [];
  assert(all?.bootstrap && all.clustered && all.tag === undefined);
  assert(all.bootstrap.percentile.low < 0.5 && all.bootstrap.percentile.high > 0.5);
  assert.equal(tagged?.tag, "sum");
  called("get_breakdown");

  const seen: ModelResult[] = [];
  let token: string | undefined;
  do {
    const page = await client.GET("/v1/experiments/{experiment_id}/results", {
      params: { path, query: { page_size: 7, state: "ok", ...(token ? { page_token: token } : {}) } },
    });
    assert(page.data?.complete);
    seen.push(...page.data.results);
    token = page.data.next_page_token;
  } while (token);
  assert.deepEqual(
    seen.map((result) => result.result.scores?.[0]?.value),
    Array.from({ length: ITEMS }, (_, index) => index % 2 === 0),
  );
  assert.equal(seen[1]?.result.output?.answer?.value, "no idea");
  called("list_results");

  const item = await client.GET("/v1/experiments/{experiment_id}/results/{item_id}", {
    params: { path: { ...path, item_id: "1" } },
  });
  assert(item.data?.complete);
  assert.deepEqual(item.data.results, [seen[1]]);
  called("get_item_results");

  // One run alone cannot be compared; two that are equal are tied.
  const alone = await client.GET("/v1/comparisons", { params: { query: { experiment: [id] } } });
  assert.equal(alone.error?.errors?.[0]?.pointer, "/experiment");
  const again = await create();
  const deadline = Date.now() + DEADLINE_MS;
  let compared = alone.data;
  while (!compared?.complete) {
    assert(Date.now() < deadline, JSON.stringify(compared));
    await new Promise((resolve) => setTimeout(resolve, 50));
    compared = (await client.GET("/v1/comparisons", { params: { query: { experiment: [id, again] } } })).data;
  }
  assert.equal(compared.differences[0]?.statistically_tied, true);
  assert.equal(compared.differences[0]?.ties, ITEMS);
  called("get_comparison");

  const listed = await client.GET("/v1/experiments", { params: { query: { page_size: 100 } } });
  assert(listed.data?.experiments);
  called("list_experiments");
  const counts = await client.GET("/v1/experiment-counts", { params: { query: { tag: "typescript" } } });
  assert.equal(counts.data?.total, (counts.data?.running ?? 0) + (counts.data?.completed ?? 0));
  called("count_experiments");

  const workflow = await client.GET("/v1/workflows/{workflow_id}", {
    params: { path: { workflow_id: id } },
  });
  assert.equal(workflow.data?.workflow_type, "ExperimentWorkflow");
  called("get_workflow");
  const history = await client.GET("/v1/workflows/{workflow_id}/history", {
    params: { path: { workflow_id: id } },
  });
  assert.equal(history.data?.events.length, workflow.data.history_length);
  called("get_workflow_history");

  const ended = await client.POST("/v1/experiments/{experiment_id}/cancel", { params: { path } });
  assert.equal(ended.data?.status, "completed");
  called("cancel_experiment");
}

async function again(): Promise<void> {
  const params = { path: { experiment_id: id } };
  const retried = await client.POST("/v1/experiments/{experiment_id}/retry", {
    params,
    body: { config: { retry: { maximum_attempts: 2 } } },
  });
  assert.equal(retried.data?.id, id);
  await follow();
  called("retry_experiment");
  const scorers: NonNullable<components["schemas"]["RescoreExperiment"]["scorers"]> = [{ type: "exact_match" }];
  const rescored = await client.POST("/v1/experiments/{experiment_id}/rescore", { params, body: { scorers } });
  assert.equal(rescored.data?.id, id);
  await follow();
  called("rescore_experiment");
  // A body in which nothing is required may be left out.
  const delivered = await client.POST("/v1/experiments/{experiment_id}/emit", { params });
  assert.equal(delivered.data?.models[0]?.round, 2);
  await follow();
  called("emit_experiment");

  const ledger = await client.GET("/v1/experiments/{experiment_id}/ledger", { params });
  assert(ledger.data?.complete);
  assert.equal(ledger.data.entries.length, ITEMS);
  const calls = ledger.data.entries.reduce((sum, entry) => sum + entry.calls, 0);
  assert.equal(calls, ledger.data.models[0]?.generated.calls);
  called("get_ledger");
}

/** To what has ended nothing can be said any more, and to end it changes nothing. */
async function over(): Promise<void> {
  const params = { path: { experiment_id: id } };
  const paused = await client.POST("/v1/experiments/{experiment_id}/pause", { params, body: { reason: "a look" } });
  assert.equal(paused.error?.code, "ended");
  called("pause_experiment");
  const resumed = await client.POST("/v1/experiments/{experiment_id}/resume", { params });
  assert.equal(resumed.error?.code, "ended");
  called("resume_experiment");
  const changed = await client.PATCH("/v1/experiments/{experiment_id}", { params, body: { concurrency_limit: 3 } });
  assert.equal(changed.error?.code, "ended");
  called("change_limits");
  const ended = await client.POST("/v1/experiments/{experiment_id}/terminate", { params, body: { reason: "done" } });
  assert.equal(ended.data?.status, "completed");
  called("terminate_experiment");
}

async function schedule(): Promise<void> {
  const { experiment_name, config } = experiment();
  const schedule_id = `typescript-${process.hrtime.bigint()}`;
  const created = await client.POST("/v1/schedules", {
    body: { schedule_id, experiment_name, config, spec: { cron: ["0 3 1 1 *"], time_zone: "Europe/Berlin" } },
  });
  assert.equal(created.response.status, 201);
  assert.equal(created.response.headers.get("location"), created.data?.links.self);
  called("create_schedule");
  const params = { path: { schedule_id } };
  const changed = await client.PATCH("/v1/schedules/{schedule_id}", { params, body: { overlap_policy: "buffer_all" } });
  assert.equal(changed.data?.overlap_policy, "buffer_all");
  called("update_schedule");
  const paused = await client.POST("/v1/schedules/{schedule_id}/pause", { params, body: { note: "lunch" } });
  assert.equal(paused.data?.note, "lunch");
  called("pause_schedule");
  const resumed = await client.POST("/v1/schedules/{schedule_id}/resume", { params });
  assert.equal(resumed.data?.paused, false);
  called("resume_schedule");
  const triggered = await client.POST("/v1/schedules/{schedule_id}/trigger", { params });
  assert.equal(triggered.response.status, 202);
  called("trigger_schedule");
  const filled = await client.POST("/v1/schedules/{schedule_id}/backfill", {
    params,
    body: { start_time: "2024-01-01T00:00:00Z", end_time: "2024-01-02T00:00:00Z" },
  });
  assert.equal(filled.response.status, 202);
  called("backfill_schedule");
  const seen = await client.GET("/v1/schedules/{schedule_id}", { params });
  assert.equal(seen.data?.spec.time_zone, "Europe/Berlin");
  called("get_schedule");
  const listed = await client.GET("/v1/schedules", { params: { query: { page_size: 100 } } });
  assert(listed.data?.schedules);
  called("list_schedules");
  const deleted = await client.DELETE("/v1/schedules/{schedule_id}", { params });
  assert.equal(deleted.response.status, 204);
  called("delete_schedule");
}

async function discover(): Promise<void> {
  const scorers = await client.GET("/v1/scorers");
  assert.equal(scorers.data?.scorers[0]?.name, "exact_match");
  called("list_scorers");
  const adapters = await client.GET("/v1/adapters");
  assert.equal(adapters.data?.adapters[0]?.name, "recorded");
  called("list_adapters");
  const providers = await client.GET("/v1/providers");
  assert(providers.data?.task_queue.live);
  called("list_providers");
  const webhooks = await client.GET("/v1/webhooks");
  assert.deepEqual(webhooks.data?.webhooks, []);
  called("list_webhooks");
  const unknown = await client.POST("/v1/webhooks/{webhook}/test", { params: { path: { webhook: "typescript" } } });
  assert.equal(unknown.error?.code, "not_found");
  called("test_webhook");
  const queue = await client.GET("/v1/task-queues/{task_queue}", { params: { path: { task_queue: "nobody" } } });
  assert.equal(queue.data?.live, false);
  called("get_task_queue");
}

async function errors(): Promise<void> {
  const missing = await client.GET("/v1/experiments/{experiment_id}", {
    params: { path: { experiment_id: "nothing" } },
  });
  assert.equal(missing.error?.code, "not_found");
  const body = experiment();
  body.config.models = [];
  const invalid = await client.POST("/v1/experiments", { body });
  assert.equal(invalid.error?.code, "invalid");
  assert.deepEqual(
    invalid.error.errors?.map((fault) => fault.pointer),
    ["/config/models"],
  );
}

function called(operation: keyof operations): void {
  console.log(`called ${operation}`);
}
