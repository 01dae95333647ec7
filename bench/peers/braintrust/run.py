"""braintrust: its evaluator, without its service."""

import asyncio
import json
import sys

import httpx
from braintrust import EvalCase
from braintrust.framework import EvalAsync

items, base_url, concurrency = sys.argv[1], sys.argv[2], int(sys.argv[3])


async def main() -> None:
    limits = httpx.Limits(max_connections=concurrency, max_keepalive_connections=concurrency)
    async with httpx.AsyncClient(base_url=base_url, limits=limits, timeout=120) as http:

        async def task(prompt: str) -> str:
            body = {"model": "echo", "messages": [{"role": "user", "content": prompt}]}
            response = await http.post("chat/completions", json=body)
            response.raise_for_status()
            return response.json()["choices"][0]["message"]["content"]

        def exact(input: str, output: str, expected: str) -> float:
            return float(output == expected)

        with open(items) as file:
            rows = [json.loads(line) for line in file]
        await EvalAsync(
            "bench",
            data=[EvalCase(input=row["input"]["prompt"], expected=row["expected"]) for row in rows],
            task=task,
            scores=[exact],
            max_concurrency=concurrency,
            no_send_logs=True,
        )


asyncio.run(main())
