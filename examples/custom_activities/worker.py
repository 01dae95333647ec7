"""A worker of your own: an activity that obtains outputs, and one that scores them.

    pip install --require-hashes -r requirements.txt
    python worker.py --task-queue my-models

An experiment names the task queue and the activity; see docs/custom-activities.md.
"""

import argparse
import asyncio
import dataclasses
from typing import Any

from temporalio import activity
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker


@dataclasses.dataclass
class Item:
    """What the adapter `activity` sends."""

    id: str
    input: dict[str, Any]
    metadata: dict[str, Any]
    model: str


@dataclasses.dataclass
class Judged:
    """What the scorer `activity` sends; `expected` only if the item has one."""

    id: str
    input: dict[str, Any]
    output: Any
    metadata: dict[str, Any]
    expected: Any = None


@activity.defn(name="answer")
async def answer(item: Item) -> dict[str, Any]:
    """Stands for a system under test: answers a sum."""
    terms = str(item.input.get("prompt", "")).split("+")
    if not all(term.strip().isdigit() for term in terms):
        # Nothing that is tried again would help.
        raise ApplicationError("this is no sum", type="NoSum", non_retryable=True)
    total = sum(int(term) for term in terms)
    return {"output": str(total), "input_tokens": len(terms), "output_tokens": 1, "model": f"sums-for-{item.model}"}


@activity.defn(name="closeness")
async def closeness(judged: Judged) -> dict[str, Any]:
    """Scores how close a number is to the one expected."""
    if judged.expected is None:
        raise ApplicationError("there is nothing to compare with", non_retryable=True)
    distance = abs(float(judged.output) - float(judged.expected))
    return {
        "value": 1 / (1 + distance),
        "comment": f"{distance:g} away",
        "metadata": {"distance": distance},
    }


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--temporal", default="localhost:7233")
    arguments.add_argument("--namespace", default="default")
    arguments.add_argument("--task-queue", default="my-models")
    options = arguments.parse_args()
    client = await Client.connect(options.temporal, namespace=options.namespace)
    worker = Worker(client, task_queue=options.task_queue, activities=[answer, closeness])
    print(f"working on {options.task_queue}", flush=True)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
