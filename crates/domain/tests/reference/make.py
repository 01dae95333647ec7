"""Writes `statistics.json` and `comparison.json`: inputs with the answers of scipy and statsmodels, which the Rust tests must meet.

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
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower
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


def permutation(pairs, permutations, seed):
    """Exact by scipy; random by the definition, with our own signs: a bit each, the lowest of 64 first."""
    differences = np.array([after - before for before, after in pairs])
    changed = differences[differences != 0]
    if len(changed) <= 20:
        result = st.permutation_test(
            (changed, np.zeros(len(changed))), lambda x, y: np.mean(x - y), permutation_type="samples", n_resamples=np.inf, vectorized=False
        )
        return float(result.pvalue)
    random = Random(seed)
    as_large = 0
    for _ in range(permutations):
        signs = []
        for start in range(0, len(changed), 64):
            bits = random.bits()
            signs += [-1 if bits >> place & 1 else 1 for place in range(min(64, len(changed) - start))]
        as_large += abs(np.dot(changed, signs)) >= abs(changed.sum()) - 1e-13 * np.abs(changed).sum()
    return (as_large + 1) / (permutations + 1)


def paired(name, before, after, permutations=999, seed=0):
    before, after = np.array(before), np.array(after)
    test = st.ttest_rel(after, before)
    interval = test.confidence_interval(0.95)
    differences = after - before
    effect = TTestPower().solve_power(None, len(before), 0.05, 0.8, "two-sided") * np.std(differences, ddof=1)
    return {
        "name": name,
        "pairs": [[float(a), float(b)] for a, b in zip(before, after)],
        "mean_difference": float(differences.mean()),
        "interval": [float(interval.low), float(interval.high)],
        "t": float(test.statistic),
        "t_p_value": float(test.pvalue),
        "minimum_detectable_effect": float(np.ravel(effect)[0]),
        "permutations": permutations,
        "seed": seed,
        "permutation_p_value": permutation(list(zip(before, after)), permutations, seed),
    }


def mcnemar(gained, lost):
    result = st.binomtest(min(gained, lost), gained + lost, 0.5)
    return {"gained": gained, "lost": lost, "p_value": float(result.pvalue)}


def bonett_price(gained, lost, pairs):
    """The formula of the paper, of which neither scipy nor statsmodels has a version."""
    p, q, n = (gained + 1) / (pairs + 2), (lost + 1) / (pairs + 2), pairs + 2
    half = st.norm.ppf(0.975) * np.sqrt((p + q - (p - q) ** 2) / n)
    return {"gained": gained, "lost": lost, "pairs": pairs, "interval": [max(p - q - half, -1.0), min(p - q + half, 1.0)]}


dense = numbers.random(80).round(4)
sparse = (numbers.random(60) * 4).round() / 4
few = numbers.random(12).round(3)
comparison = {
    "paired": [
        paired("shifted", dense, (dense + numbers.normal(0.03, 0.1, 80)).round(4), seed=11),
        paired("same", dense, (dense + numbers.normal(0, 0.1, 80)).round(4), seed=12),
        paired("sparse", sparse, np.where(numbers.random(60) < 0.2, 1.0, sparse)),
        paired("few", few, (few + numbers.normal(0.05, 0.1, 12)).round(3)),
        paired("three", [0.1, 0.2, 0.3], [0.2, 0.25, 0.5]),
        paired("two", [0.5, 0.25], [0.75, 1.0]),
        paired("large", numbers.normal(100, 20, 1500).round(3), numbers.normal(101, 20, 1500).round(3), 199, 13),
    ],
    "mcnemar": [
        mcnemar(g, l)
        for g, l in [(0, 1), (3, 1), (10, 2), (59, 6), (15, 16), (400, 310), (5000, 5200), (250_000, 251_000), (0, 30)]
    ],
    "bonett_price": [bonett_price(g, l, n) for g, l, n in [(1, 7, 21), (0, 0, 2), (0, 0, 500), (30, 12, 200), (9, 0, 9)]],
    "holm": [
        {"p_values": p, "adjusted": floats(multipletests(p, method="holm")[1])}
        for p in [[0.02, 0.01, 0.9, 0.015], floats(numbers.random(25) ** 4), [0.04, 0.04, 0.04], [0.2]]
    ],
    "power": [
        {"effect": effect, "df": df, "power": float(TTestPower().power(effect / np.sqrt(df + 1), df + 1, 0.05, df=df))}
        for df in [1, 2, 5, 11, 30, 99, 500, 999, 1000, 20_000]
        for effect in [0.1, 1.0, 2.8, 4.5]
    ],
}

here = pathlib.Path(__file__).parent
(here / "statistics.json").write_text(json.dumps(statistics, indent=0) + "\n")
(here / "comparison.json").write_text(json.dumps(comparison, indent=0) + "\n")
