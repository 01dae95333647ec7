#!/usr/bin/env python3
"""Makes datasets/{gsm8k,hellaswag,truthfulqa}/outputs.jsonl by asking SmolLM2.

    python ../serve_model.py --parallel 1 18181
    python record.py http://127.0.0.1:18181/v1

What is recorded already is not asked again, so that an interrupted run can be taken up; to record anew, remove the files.
"""

import json
import pathlib
import sys
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
DATASETS = HERE.parent / "datasets"
MODEL = "smollm2-135m"

# The most tokens an answer may have.
MAX_TOKENS = {"truthfulqa": 8, "hellaswag": 8, "gsm8k": 256}

# How many items are put to the model, where not all of them are.
LIMITS = {"hellaswag": 40}


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} BASE_URL")
    for dataset, max_tokens in MAX_TOKENS.items():
        for shots in ("zero-shot", "few-shot"):
            record(sys.argv[1], dataset, shots, max_tokens)


def record(base_url: str, dataset: str, shots: str, max_tokens: int) -> None:
    model = f"{MODEL}-{shots}"
    template = (HERE / "prompts" / f"{dataset}-{shots}.jinja").read_text(encoding="utf-8")
    path = DATASETS / dataset / "outputs.jsonl"
    path.touch()
    recorded = {line["id"] for line in lines(path) if line["model"] == model}
    with path.open("a", encoding="utf-8", newline="\n") as file:
        for item in lines(DATASETS / dataset / "items.jsonl")[: LIMITS.get(dataset)]:
            if item["id"] in recorded:
                continue
            output = {"id": item["id"], "model": model, **ask(base_url, render(template, item["input"]), max_tokens)}
            file.write(json.dumps(output, ensure_ascii=False) + "\n")
            file.flush()
            print(dataset, model, item["id"], output["output_tokens"], output["latency_ms"], flush=True)


def lines(path: pathlib.Path) -> list[dict]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def render(template: str, values: dict) -> str:
    """As Jinja does, as far as these templates need it: names in braces, and no newline at the end."""
    prompt = template.removesuffix("\n")
    for name, value in values.items():
        prompt = prompt.replace("{{ " + name + " }}", str(value))
    return prompt


def ask(base_url: str, prompt: str, max_tokens: int) -> dict:
    body = {
        "model": MODEL,
        "messages": [{"role": "user", "content": prompt}],
        "temperature": 0,
        "seed": 1,
        "max_tokens": max_tokens,
        # Nothing is kept from one request to the next, so that an answer does not depend on those before.
        "cache_prompt": False,
    }
    request = urllib.request.Request(
        f"{base_url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    start = time.monotonic()
    with urllib.request.urlopen(request, timeout=300) as response:
        completion = json.load(response)
    latency_ms = round((time.monotonic() - start) * 1000, 1)
    choice = completion["choices"][0]
    return {
        "output": choice["message"]["content"],
        "latency_ms": latency_ms,
        "input_tokens": completion["usage"]["prompt_tokens"],
        "output_tokens": completion["usage"]["completion_tokens"],
        "finish_reason": choice["finish_reason"],
    }


if __name__ == "__main__":
    main()
