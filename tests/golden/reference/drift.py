"""drift: PSI by evidently, or by numpy for `quantile10`; the other distances by scipy."""

import warnings
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from evidently.legacy.calculations.stattests.psi import _psi
from evidently.legacy.core import ColumnType
from scipy import stats
from scipy.spatial import distance

from . import drift_ends
from .cases import REPOSITORY, case, floats, housing, measures, table

ALL = ["psi", "js_distance", "ks", "wasserstein", "chi_square"]
OF_CATEGORIES = ["psi", "js_distance", "chi_square"]
NUMBERS = ["MedInc", "HouseAge", "AveRooms", "AveBedrms", "Population", "AveOccup", "Latitude", "Longitude", "y_pred_proba"]


def present(values):
    """Without nulls and NaNs, each value as the check sees it."""
    values = [float(value) if isinstance(value, Decimal) else value for value in values]
    return pd.Series([value for value in values if value is not None and value == value])


def counts(baseline, current, numeric, profile):
    """Rows a bin of both samples."""
    if numeric and profile == "quantile10":
        deciles = np.quantile(baseline, np.arange(1, 10) / 10)
        # What several deciles fall on is a bin of its own: it ends at the next greater number.
        tied = [edge for edge in np.unique(deciles) if (deciles == edge).sum() > 1]
        above = [np.finfo(float).tiny if edge == 0 else np.nextafter(edge, np.inf) for edge in tied]
        edges = np.unique(np.concatenate([deciles, above]))
        bins = lambda sample: np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1)
        return bins(baseline), bins(current)
    if numeric and baseline.nunique() > 20:
        edges = np.histogram_bin_edges(np.concatenate([baseline, current]), bins="sturges")
        return np.histogram(baseline, edges)[0], np.histogram(current, edges)[0]
    keys = sorted(set(baseline) | set(current))
    count = lambda sample: np.array([(sample == key).sum() for key in keys])
    return count(baseline), count(current)


def psi(baseline, current, numeric, profile):
    if profile == "evidently":
        kind = ColumnType.Numerical if numeric else ColumnType.Categorical
        return _psi(baseline, current, kind, 0.1)[0]
    expected, actual = (np.maximum(side / side.sum(), 1e-4) for side in counts(baseline, current, numeric, profile))
    return np.sum((actual - expected) * np.log(actual / expected))


def wasserstein(baseline, current):
    """In units of the greatest value, because numpy's squares overflow and vanish at the ends of the range."""
    greatest = max(np.abs(baseline).max(), np.abs(current).max())
    baseline, current = baseline / greatest, current / greatest
    if baseline.min() == baseline.max():
        return 0.0
    return stats.wasserstein_distance(baseline, current) / np.std(baseline.to_numpy())


def distances(column, baseline, current, numeric, profile, methods):
    """The series of one column."""
    baseline, current = present(baseline), present(current)
    expected, actual = counts(baseline, current, numeric, profile)
    filled = expected + actual > 0
    both = np.array([expected[filled], actual[filled]])
    label = {"column": column}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        test = stats.chi2_contingency(both, correction=False)
    found = {
        "psi": lambda: [("psi", label, psi(baseline, current, numeric, profile))],
        "js_distance": lambda: [("js_distance", label, distance.jensenshannon(expected, actual, base=2))],
        "ks": lambda: [("ks", label, stats.ks_2samp(baseline, current).statistic)],
        "wasserstein": lambda: [("wasserstein", label, wasserstein(baseline.astype(float), current.astype(float)))],
        "chi_square": lambda: [("chi_square", label, test.statistic), ("chi_square_p_value", label, test.pvalue)],
    }
    fitting = methods if numeric else [method for method in methods if method in OF_CATEGORIES]
    return [series for method in fitting for series in found[method]()]


def compared(name, columns, profile, methods=ALL, numeric=True, named=True):
    """Columns by name: (baseline, current, arrow type of both or of each)."""
    kind = lambda column, which: column[2][which] if isinstance(column[2], tuple) else column[2]
    side = lambda which: {
        of: pa.array(column[which], kind(column, which), from_pandas=False) for of, column in columns.items()
    }
    baseline, current = table(f"drift-{name}-baseline", side(0)), table(f"drift-{name}", side(1))
    params = {"profile": profile, "methods": methods} | ({"columns": list(columns)} if named else {})
    series = [
        one
        for column, (old, new, _) in columns.items()
        for one in distances(column, old, new, numeric, profile, methods)
    ]
    skipped = [] if named else [("skipped_columns", {}, 0)]
    return measures(case(f"drift-{name}-{profile}", "drift", current, params, baseline), *series, *skipped)


def on_housing(profile):
    baseline, current = (
        pq.read_table(REPOSITORY / f"config/data/housing-{name}.parquet").to_pandas() for name in ("reference", "scores")
    )
    params = {"columns": NUMBERS, "profile": profile, "methods": ALL}
    one = case(f"drift-housing-{profile}", "drift", housing("scores"), params, housing("reference"))
    found = [distances(column, baseline[column], current[column], True, profile, ALL) for column in NUMBERS]
    return measures(one, *[series for column in found for series in column])


def numbers(profile):
    """Samples of numbers in every shape."""
    rng = np.random.default_rng(8)
    old, new = rng.normal(0, 1, 600), rng.normal(0.4, 1.3, 450)
    holes = lambda values: [None if row % 5 == 0 else float("nan") if row % 8 == 0 else v for row, v in enumerate(values)]
    cents = lambda values: [Decimal(f"{value:.2f}") for value in values]
    real = pa.float64()
    columns = {
        "seeded": (old, new, real),
        "same": (old, old, real),
        "gaps": (holes(old), holes(new), real),
        "ties": (np.round(old), np.round(new), real),
        "tenths": (np.round(old, 1), np.round(new, 1), real),
        "integers": (rng.integers(0, 400, 600), rng.integers(50, 460, 450), pa.int32()),
        "few-integers": (rng.integers(0, 12, 600), rng.integers(3, 15, 450), pa.int64()),
        "thirty": (rng.integers(0, 30, 600), rng.integers(3, 33, 450), pa.int8()),
        "decimals": (cents(old), cents(new), pa.decimal128(9, 2)),
        "single": (old.astype(np.float32), new.astype(np.float32), pa.float32()),
        "huge": (old * 1e300, new * 1e300, real),
        "tiny": (old * 1e-300, new * 1e-300, real),
        "apart": (old, new + 100, real),
        "two-values": ((old > 0).astype(float), (new > 0.5).astype(float), real),
        "power-of-two": (old[:512], new[:512], real),
        "one-row": (old, new[:1], real),
    }
    for name, column in columns.items():
        yield compared(f"number-{name}", {"x": column}, profile)
    constant = compared("number-constant", {"x": ([3.0] * 40, [3.0] * 30, real)}, profile)
    yield constant
    sizes = ["psi", "js_distance", "ks", "chi_square"]
    for name, to in ("moved", 5.0), ("fallen", 1.0), ("risen-by-a-hair", np.nextafter(3.0, 4.0)):
        moved = {"x": ([3.0] * 40, [3.0] * 20 + [to] * 10, real)}
        yield compared(f"number-constant-{name}", moved, profile, sizes)
    whole, parts = rng.integers(0, 90, 600), [float(value) for value in rng.integers(5, 95, 450)]
    parts[::7] = [float("nan")] * len(parts[::7])
    yield compared("number-upcast", {"x": (whole, parts, (pa.int64(), real))}, profile)
    zeros = {"x": ([0.0] * 570 + list(abs(old[:30])), [0.0] * 45 + list(100 + abs(new[:405])), real)}
    yield compared("number-mostly-zeros", zeros, profile, sizes)
    both = {"x": (old[:450], new, real), "y": (new, old[:450], real)}
    yield compared("unnamed", both, profile, named=False)


def categories(profile):
    """Texts and flags."""
    rng = np.random.default_rng(9)
    draw = lambda names, rows, odds: [names[which] for which in rng.choice(len(names), rows, p=odds)]
    old = draw(["a", "b", "c", None], 500, [0.5, 0.3, 0.1, 0.1])
    new = draw(["a", "b", "d", "é", None], 400, [0.3, 0.3, 0.1, 0.2, 0.1])
    rare = ["a"] * 11_999 + ["b"]
    flags = lambda odds, rows: [bool(value) for value in rng.random(rows) < odds]
    text = pa.string()
    columns = {
        "unseen": (old, new, text),
        "same": (old, old, text),
        "rare": (rare, ["a"] * 50 + ["c"] * 3, text),
        "nothing-shared": (["a"] * 10, ["b"] * 5, text),
        "one-value": (["a"] * 10, ["a"] * 5, text),
        "one-row": (old, ["b"], text),
        "flags": (flags(0.5, 300), flags(0.6, 200), pa.bool_()),
        "flag-unseen": ([True] * 30, [True] * 10 + [False] * 5 + [None], pa.bool_()),
    }
    for name, column in columns.items():
        yield compared(f"category-{name}", {"x": column}, profile, OF_CATEGORIES, numeric=False)


def cases():
    found = []
    for profile in ("quantile10", "evidently"):
        found += [on_housing(profile), *numbers(profile), *categories(profile)]
    return found + drift_ends.cases()
