"""regression: scikit-learn's metrics."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn import metrics

from .cases import REPOSITORY, case, error, floats, housing, measures, no_data, table

PARAMS = {"target": "t", "prediction": "p"}


def expected(target, prediction, skipped):
    """Every metric of complete rows; scikit-learn leaves R2 undefined below two rows."""
    target, prediction = np.asarray(target, float), np.asarray(prediction, float)
    found = [
        ("rmse", metrics.root_mean_squared_error(target, prediction)),
        ("mae", metrics.mean_absolute_error(target, prediction)),
        ("mape", metrics.mean_absolute_percentage_error(target, prediction)),
        ("mean_error", np.mean(prediction - target)),
        ("skipped_rows", skipped),
    ]
    return found + ([("r2", metrics.r2_score(target, prediction))] if len(target) > 1 else [])


def seeded(name, target, prediction, kind=None):
    rows = table(f"regression-{name}", {"t": floats(target, kind), "p": floats(prediction, kind)})
    return measures(case(f"regression-{name}", "regression", rows, PARAMS), *expected(target, prediction, 0))


def gaps():
    nan, inf = float("nan"), float("inf")
    target = [1.0, None, 3.0, nan, 5.0, inf, 7.5]
    prediction = [1.5, 2.0, None, 4.0, 4.0, 6.0, 7.0]
    rows = table("regression-gaps", {"t": floats(target), "p": floats(prediction)})
    yield measures(case("regression-gaps", "regression", rows, PARAMS), *expected([1, 5, 7.5], [1.5, 4, 7], 4))
    for name, values in [("no-rows", []), ("all-null", [None, None])]:
        rows = table(f"regression-{name}", {"t": floats(values), "p": floats([1.0] * len(values))})
        yield no_data(case(f"regression-{name}", "regression", rows, PARAMS), "no row has both")


def refused():
    rows = table("regression-overflow", {"t": floats([1e200, -1e200]), "p": floats([-1e200, 1e200])})
    yield error(case("regression-overflow", "regression", rows, PARAMS), "rmse is ")
    yield error(case("regression-missing", "regression", rows, PARAMS | {"target": "tt"}), 'no column "tt"')


def cases():
    rng = np.random.default_rng(2)
    target = rng.normal(50, 12, 400)
    prediction = target + rng.normal(1.5, 4, 400)
    cents = [Decimal(int(value)) / 100 for value in rng.integers(100, 9_999, 50)]
    guess = [value + Decimal(int(off)) / 100 for value, off in zip(cents, rng.integers(-90, 95, 50))]
    whole = rng.integers(-50, 50, 80)
    reference = pq.read_table(REPOSITORY / "config/data/housing-reference.parquet").to_pandas()
    real = case(
        "regression-housing", "regression", housing("reference"), {"target": "clf_target", "prediction": "y_pred_proba"}
    )
    return [
        measures(real, *expected(reference["clf_target"], reference["y_pred_proba"], 0)),
        seeded("seeded", target, prediction),
        seeded("exact", target[:5], target[:5]),
        seeded("constant-target", [2.0, 2.0, 2.0], [1.0, 2.0, 4.0]),
        seeded("constant-met", [2.0, 2.0], [2.0, 2.0]),
        seeded("one-row", [2.0], [3.0]),
        seeded("zero-target", [0.0, 1.0, -2.0], [0.5, 1.5, -2.0]),
        seeded("huge", target * 1e150, prediction * 1e150),
        seeded("tiny", target * 1e-100, prediction * 1e-100),
        seeded("far-from-zero", 1e9 + target, 1e9 + prediction),
        seeded("integers", whole, whole + rng.integers(-3, 5, 80), pa.int16()),
        seeded("decimals", cents, guess, pa.decimal128(8, 2)),
        *gaps(),
        *refused(),
    ]
