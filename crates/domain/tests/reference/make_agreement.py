"""Writes `agreement.json`: what judges gave items, with Krippendorff's alpha by the package of that name.

Made with Python 3.11, numpy 2.4.6, krippendorff 0.8.2:

    pip install numpy==2.4.6 krippendorff==0.8.2
    python make_agreement.py
"""

import json
import pathlib

import krippendorff
import numpy as np

numbers = np.random.default_rng(20260202)


def case(items):
    """`items` are lists of values; of those with fewer than all judges the rest is unknown."""
    most = max(len(item) for item in items)
    table = [[item[judge] if judge < len(item) else np.nan for item in items] for judge in range(most)]
    alpha = krippendorff.alpha(reliability_data=table, level_of_measurement="interval")
    return {"items": [[float(value) for value in item] for item in items], "alpha": float(alpha)}


def panel(items, judges, noise, step):
    truth = numbers.random((items, 1))
    values = np.clip(truth + numbers.normal(0, noise, (items, judges)), 0, 1)
    return [list(row) for row in (values / step).round() * step]


holes = panel(60, 4, 0.2, 0.25)
cases = [
    case([[1, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]]),
    case([[0.5, 0.5], [1, 1], [0, 0.25]]),
    case([[0, 1], [1, 0], [0, 1], [1, 0]]),
    case(panel(40, 2, 0.1, 0.1)),
    case(panel(200, 3, 0.3, 0.01)),
    case(panel(25, 9, 0.05, 1)),
    case([item[: 2 + index % 3] for index, item in enumerate(holes)]),
]
here = pathlib.Path(__file__).parent
(here / "agreement.json").write_text(json.dumps(cases) + "\n")
