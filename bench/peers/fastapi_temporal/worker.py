"""The worker half of the FastAPI + temporalio peer.

Chunks of 50 items, a sliding window of activities, eager activities, retries inside a chunk, heartbeats, no sandbox,
continue-as-new when suggested. A chunk's results are written as one file when it is complete.
"""

import asyncio
import os
import sys
from datetime import timedelta
from itertools import islice

import aiohttp
import httpx
import orjson
import uvloop
from httpx_aiohttp import AiohttpTransport
from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.worker import UnsandboxedWorkflowRunner, Worker

from model import TASK_QUEUE, Chunk, Experiment, Totals

CHUNK = 50
HEARTBEAT = timedelta(seconds=5)
RETRY = RetryPolicy(initial_interval=timedelta(milliseconds=100), maximum_interval=timedelta(seconds=1))


@workflow.defn(name="Evaluate")
class Evaluate:
    @workflow.run
    async def run(self, experiment: Experiment) -> Totals:
        if experiment.items is None:
            experiment.items = await workflow.execute_activity(
                "count_items", experiment.path, start_to_close_timeout=timedelta(minutes=5), result_type=int
            )
        chunks = -(-experiment.items // CHUNK)
        # Two chunks for each that the concurrency fills, so that a straggler leaves no slot empty.
        window = min(chunks, max(2, -(-2 * experiment.concurrency // CHUNK)))
        share = max(1, experiment.concurrency // window)
        pending: set[asyncio.Task[Totals]] = set()
        while experiment.next_chunk < chunks or pending:
            more = not workflow.info().is_continue_as_new_suggested()
            while more and len(pending) < window and experiment.next_chunk < chunks:
                pending.add(asyncio.create_task(self.chunk(experiment, experiment.next_chunk, share)))
                experiment.next_chunk += 1
            if not pending:
                workflow.continue_as_new(experiment)
            done, waiting = await workflow.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            pending = set(waiting)
            for task in done:
                experiment.totals.add(task.result())
        workflow.upsert_memo({"progress": {"items_done": experiment.totals.done, "items_total": experiment.items}})
        return experiment.totals

    async def chunk(self, experiment: Experiment, number: int, share: int) -> Totals:
        return await workflow.execute_activity(
            "generate_and_score",
            Chunk(
                experiment_id=workflow.info().workflow_id,
                path=experiment.path,
                model=experiment.model,
                start=number * CHUNK,
                size=CHUNK,
                share=share,
                maximum_attempts=experiment.maximum_attempts,
            ),
            start_to_close_timeout=timedelta(minutes=30),
            heartbeat_timeout=HEARTBEAT,
            retry_policy=RETRY,
            result_type=Totals,
        )


class Activities:
    def __init__(self, base_url: str, datasets: str, results: str) -> None:
        transport = AiohttpTransport(client=lambda: aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)))
        self.http = httpx.AsyncClient(base_url=base_url, transport=transport, timeout=120)
        self.datasets, self.results = datasets, results
        self.loaded: dict[str, list[bytes]] = {}

    def lines(self, path: str) -> list[bytes]:
        if path not in self.loaded:
            with open(os.path.join(self.datasets, path), "rb") as file:
                self.loaded[path] = file.readlines()
        return self.loaded[path]

    @activity.defn
    async def count_items(self, path: str) -> int:
        return len(self.lines(path))

    @activity.defn
    async def generate_and_score(self, chunk: Chunk) -> Totals:
        items = iter([orjson.loads(line) for line in islice(self.lines(chunk.path), chunk.start, chunk.start + chunk.size)])
        rows: list[dict] = []

        async def lane() -> None:
            for item in items:
                output = await self.ask(chunk, item["input"]["prompt"])
                rows.append({"id": item["id"], "output": output, "score": float(output == item["expected"])})

        beating = asyncio.create_task(beat())
        try:
            await asyncio.gather(*(lane() for _ in range(chunk.share)))
        finally:
            beating.cancel()
        await asyncio.to_thread(self.write, chunk, rows)
        return Totals(done=len(rows), right=int(sum(row["score"] for row in rows)))

    async def ask(self, chunk: Chunk, prompt: str) -> str:
        body = orjson.dumps({"model": chunk.model, "messages": [{"role": "user", "content": prompt}]})
        for attempt in range(1, chunk.maximum_attempts + 1):
            try:
                response = await self.http.post(
                    "chat/completions", content=body, headers={"content-type": "application/json"}
                )
                response.raise_for_status()
                return orjson.loads(response.content)["choices"][0]["message"]["content"]
            except httpx.HTTPError:
                if attempt == chunk.maximum_attempts:
                    raise
                await asyncio.sleep(0.1 * 2**attempt)
        raise AssertionError("the last attempt answers or fails")

    def write(self, chunk: Chunk, rows: list[dict]) -> None:
        folder = os.path.join(self.results, chunk.experiment_id)
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, f"{chunk.start}.jsonl")
        with open(path + ".part", "wb") as file:
            file.write(b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows))
            file.flush()
            os.fsync(file.fileno())
        os.replace(path + ".part", path)


async def beat() -> None:
    while True:
        activity.heartbeat()
        await asyncio.sleep(HEARTBEAT.total_seconds() / 3)


async def main(address: str, base_url: str, datasets: str, results: str) -> None:
    activities = Activities(base_url, datasets, results)
    worker = Worker(
        await Client.connect(address),
        task_queue=TASK_QUEUE,
        workflows=[Evaluate],
        activities=[activities.count_items, activities.generate_and_score],
        workflow_runner=UnsandboxedWorkflowRunner(),
        max_concurrent_activities=100,
        max_eager_activity_reservations_per_workflow_task=25,
    )
    await worker.run()


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
