"""Writes `cases.json`: inputs with the answers of scipy and statsmodels, which the Rust tests must meet.

Made with Python 3.11, numpy 2.4.6, scipy 1.17.1, statsmodels 0.15.0:

    pip install numpy==2.4.6 scipy==1.17.1 statsmodels==0.15.0
    python make.py

Where chance is involved, scipy is given the draws of our own generator (`rng.py`).
"""

import json
import pathlib

import numpy as np
import scipy.stats as st
import statsmodels.api as sm
from scipy.stats import _resampling
from statsmodels.stats.proportion import proportion_confint

from rng import Random

numbers = np.random.default_rng(20260101)


def floats(array):
    return [float(value) for value in array]


SAMPLES = {
    "two": floats([0.25, 0.75]),
    "few": floats([0.2, 0.5, 0.9, 0.4, 0.35]),
    # Sums of these are exact, so that resamples with the same mean are ties in any order of adding.
    "exact": floats([0.25, 0.5, 0.875, 0.375, 0.375]),
    "uniform": floats(numbers.random(40).round(6)),
    "skewed": floats(numbers.lognormal(0, 1.2, 150)),
    "large_offset": floats(1e6 + numbers.normal(0, 1e-2, 60)),
    "booleans": floats(numbers.random(120) < 0.7),
    "many": floats(numbers.normal(0.6, 0.2, 2500).round(4)),
}


def bootstrap(values, statistic, resamples, seed):
    random = Random(seed)
    n = len(values)
    places = np.array([[random.below(n) for _ in range(n)] for _ in range(resamples)])
    ours = lambda sample, **_: sample[..., places]
    original, _resampling._bootstrap_resample = _resampling._bootstrap_resample, ours
    try:
        out = {}
        for method in ["percentile", "BCa"]:
            interval = st.bootstrap(
                (np.array(values),), statistic, n_resamples=resamples, batch=resamples, method=method, vectorized=True
            ).confidence_interval
            out[method.lower()] = [float(interval.low), float(interval.high)]
        return out
    finally:
        _resampling._bootstrap_resample = original


def sample(name, values):
    n = len(values)
    mean = float(np.mean(values))
    error = float(st.sem(values))
    low, high = st.t.interval(0.95, n - 1, mean, error)
    return {
        "name": name,
        "values": values,
        "mean": mean,
        "median": float(np.median(values)),
        "standard_deviation": float(np.std(values, ddof=1)),
        "standard_error": error,
        "student": [float(low), float(high)],
    }


def clustered(values, keys):
    fit = sm.OLS(np.array(values), np.ones(len(values))).fit(
        cov_type="cluster", cov_kwds={"groups": np.array(keys), "use_correction": True, "df_correction": True}, use_t=True
    )
    low, high = fit.conf_int(0.05)[0]
    return {
        "values": values,
        "keys": [int(key) for key in keys],
        "clusters": len(set(map(int, keys))),
        "standard_error": float(fit.bse[0]),
        "interval": [float(low), float(high)],
    }


def wilson(trues, count):
    low, high = proportion_confint(trues, count, method="wilson")
    return {"trues": trues, "count": count, "interval": [float(low), float(high)]}


FREEDOM = [1, 2, 3, 4, 7, 15, 40, 120, 500, 999, 1000, 5000, 100_000, 999_999]
keys = numbers.integers(0, 12, 90)
effects = numbers.normal(0, 0.3, 12)
grouped = floats((0.5 + effects[keys] + numbers.normal(0, 0.1, 90)).round(5))

statistics = {
    "samples": [sample(name, values) for name, values in SAMPLES.items()],
    "wilson": [wilson(t, n) for t, n in [(0, 5), (5, 5), (8, 10), (50, 100), (1, 1), (123_456, 1_000_000)]],
    "quantiles": [
        {"p": p, "df": df, "t": float(st.t.ppf(p, df))} for df in FREEDOM for p in [0.6, 0.8, 0.975, 0.9995, 0.1]
    ],
    "tails": [
        {"t": t, "df": df, "p": float(2 * st.t.sf(abs(t), df))} for df in FREEDOM for t in [0.001, 0.5, -1.96, 3.0, 8.5]
    ],
    "bootstraps": [
        {"name": name, "statistic": kind, "resamples": 999, "seed": seed}
        | bootstrap(SAMPLES[name], {"mean": np.mean, "median": np.median}[kind], 999, seed)
        for name, kind, seed in [
            ("exact", "mean", 3),
            ("uniform", "mean", 1),
            ("skewed", "mean", 2),
            ("booleans", "mean", 4),
            ("uniform", "median", 5),
            ("skewed", "median", 6),
        ]
    ],
    "clustered": [
        clustered(grouped, keys),
        clustered(SAMPLES["few"], [0, 0, 1, 1, 1]),
        clustered(SAMPLES["booleans"], numbers.integers(0, 30, 120)),
    ],
}

here = pathlib.Path(__file__).parent
(here / "statistics.json").write_text(json.dumps(statistics, indent=0) + "\n")
