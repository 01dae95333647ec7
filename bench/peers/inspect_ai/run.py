"""inspect_ai: an eval set over the items, which is its way to go on after a crash."""

import json
import sys

from inspect_ai import Task, eval_set
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.scorer import exact
from inspect_ai.solver import generate

items, base_url, concurrency, logs = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]

with open(items) as file:
    rows = [json.loads(line) for line in file]
samples = [Sample(id=row["id"], input=row["input"]["prompt"], target=row["expected"]) for row in rows]
task = Task(name="items", dataset=MemoryDataset(samples), solver=generate(), scorer=exact())
done, _ = eval_set(
    task,
    log_dir=logs,
    model="openai-api/bench/echo",
    model_base_url=base_url,
    max_connections=concurrency,
    max_samples=concurrency,
    model_args={"api_key": "none"},
    display="none",
    log_level="warning",
)
sys.exit(0 if done else 1)
