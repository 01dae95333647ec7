"""Writes `classification.json`: labels with the answers of scikit-learn, which the Rust tests must meet.

Made with Python 3.11, scikit-learn 1.9.1:

    pip install scikit-learn==1.9.1
    python make_classification.py

A prediction of null, which is no label, is given to scikit-learn as one more class that is left out of the mean.
"""

import json
import pathlib

import numpy as np
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

numbers = np.random.default_rng(20261127)
NONE = "(none)"


def case(name, labels, count, right, silent):
    expected, predicted = [], []
    for _ in range(count):
        label = str(numbers.choice(labels))
        expected.append(label)
        draw = numbers.random()
        if draw < silent:
            predicted.append(None)
        elif draw < silent + right:
            predicted.append(label)
        else:
            predicted.append(str(numbers.choice(labels)))
    return figures(name, expected, predicted)


def figures(name, expected, predicted):
    labels = sorted({label for label in expected + predicted if label is not None})
    given = [NONE if label is None else label for label in predicted]
    precision, recall, f1, support = precision_recall_fscore_support(expected, given, labels=labels, zero_division=0)
    macro = precision_recall_fscore_support(expected, given, labels=labels, average="macro", zero_division=0)[2]
    return {
        "name": name,
        "expected": expected,
        "predicted": predicted,
        "accuracy": float(accuracy_score(expected, given)),
        "macro_f1": float(macro),
        "labels": [
            {"label": label, "precision": float(p), "recall": float(r), "f1": float(f), "expected": int(s)}
            for label, p, r, f, s in zip(labels, precision, recall, f1, support)
        ],
    }


cases = [
    case("two labels", ["no", "yes"], 60, 0.6, 0.0),
    case("five labels, some silent", list("abcde"), 200, 0.5, 0.1),
    case("rare labels", ["x"] * 8 + ["y", "z"], 50, 0.3, 0.2),
    figures("all right", ["a", "b"], ["a", "b"]),
    figures("all wrong", ["a", "b"], ["b", "a"]),
    figures("never expected", ["a", "a"], ["a", "c"]),
    figures("silent", ["a", "b"], [None, None]),
]
path = pathlib.Path(__file__).with_name("classification.json")
path.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
