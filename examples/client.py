#!/usr/bin/env python3
"""Creates an experiment over the API, follows it to its end, and prints its table of scores.

    python client.py http://127.0.0.1:7890 experiment.json

Without a file, three sums are scored, whose outputs are given. Needs nothing but Python.
"""

import json
import sys
import time
import urllib.error
import urllib.request
import uuid

SUMS = {
    "experiment_name": "sums, by client.py",
    "config": {
        "dataset": {
            "type": "inline",
            "items": [
                {"id": "1", "input": {"prompt": "2 + 2"}, "expected": "4", "output": "It is 4."},
                {"id": "2", "input": {"prompt": "2 + 3"}, "expected": "5", "output": "It is 6."},
                {"id": "3", "input": {"prompt": "7 + 1"}, "expected": "8", "output": "8"},
            ],
        },
        "adapter": {"type": "recorded"},
        "models": [{"name": "by-hand"}],
        "scorers": [{"type": "numeric", "name": "correct"}, {"type": "exact_match", "name": "number_alone"}],
    },
}
ENDED = {"completed", "failed", "cancelled", "terminated", "timed_out"}


def main() -> None:
    if len(sys.argv) not in (2, 3):
        sys.exit(f"usage: {sys.argv[0]} API [FILE]")
    api = sys.argv[1].rstrip("/")
    body = SUMS
    if len(sys.argv) == 3:
        with open(sys.argv[2], encoding="utf-8") as file:
            body = json.load(file)
    # With a key of one's own the request may be repeated: it creates no second experiment.
    experiment = call("POST", f"{api}/v1/experiments", body, {"Idempotency-Key": str(uuid.uuid4())})
    url = f"{api}/v1/experiments/{experiment['id']}"
    experiment = follow(url)
    print(f"{experiment['id']}: {experiment['status']}")
    print_scores(call("GET", f"{url}/summary"))
    if experiment["status"] != "completed":
        sys.exit(1)


def call(method: str, url: str, body: dict | None = None, headers: dict | None = None) -> dict:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"Content-Type": "application/json", **(headers or {})}, method=method)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return json.load(response)
    except urllib.error.HTTPError as error:
        # A problem document says what is wrong, and where in the request.
        problem = json.load(error)
        faults = [f"\n  {fault['pointer']}: {fault['message']}" for fault in problem.get("errors", [])]
        sys.exit(f"{problem['status']} {problem['detail']}{''.join(faults)}")


def follow(url: str) -> dict:
    said = None
    while True:
        experiment = call("GET", url)
        runs = [f"{run['model']}: {run['items_done']} items, {run['stage']}" for run in experiment["models"]]
        waiting = experiment.get("waiting_on", {}).get("detail")
        told = "; ".join(runs + ([f"waiting: {waiting}"] if waiting else []))
        if told != said:
            print(told, flush=True)
            said = told
        if experiment["status"] in ENDED:
            return experiment
        time.sleep(0.5)


def print_scores(summary: dict) -> None:
    print(f"{'model':<28} {'scorer':<22} {'mean':>7}  {'95 % interval':<16} {'items':>6}")
    for model in summary["models"]:
        for scorer in model["scorers"]:
            mean, within = scorer.get("mean"), scorer.get("confidence_interval")
            mean = "–" if mean is None else f"{mean:.3f}"
            within = "–" if within is None else f"{within['low']:.3f} to {within['high']:.3f}"
            print(f"{model['model']:<28} {scorer['scorer']:<22} {mean:>7}  {within:<16} {scorer['count']:>6}")


if __name__ == "__main__":
    main()
