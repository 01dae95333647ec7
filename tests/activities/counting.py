"""A worker whose activities take a while and write a line for each time they are carried out."""

import asyncio
import sys
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

temporal, task_queue, counts = sys.argv[1:]
tries: dict[str, int] = {}


def count(asked: dict[str, Any], what: str) -> None:
    with open(counts, "a", encoding="utf-8") as file:
        file.write(f"{what} {asked['id']}\n")


@activity.defn(name="slow_answer")
async def slow_answer(item: dict[str, Any]) -> dict[str, Any]:
    count(item, "answer")
    await asyncio.sleep(0.3)
    return {"output": item["input"]["prompt"]}


@activity.defn(name="slow_score")
async def slow_score(judged: dict[str, Any]) -> dict[str, Any]:
    count(judged, "score")
    await asyncio.sleep(0.3)
    return {"value": judged["output"] == judged["expected"]}


@activity.defn(name="fickle")
async def fickle(item: dict[str, Any]) -> dict[str, Any]:
    count(item, "fickle")
    tries[item["id"]] = tries.get(item["id"], 0) + 1
    if tries[item["id"]] == 1:
        raise RuntimeError("not in the mood")
    if item["input"]["prompt"] == "never":
        raise ApplicationError("not for this", type="Unfit", non_retryable=True)
    return {"output": item["input"]["prompt"]} if item["input"]["prompt"] != "odd" else {"text": "odd"}


async def main() -> None:
    client = await Client.connect(temporal)
    activities = [slow_answer, slow_score, fickle]
    worker = Worker(client, task_queue=task_queue, activities=activities, max_concurrent_activities=50)
    await worker.run()


asyncio.run(main())
