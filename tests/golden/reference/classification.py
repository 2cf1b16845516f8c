"""classification: scikit-learn's metrics on the housing model's windows and on seeded rows."""

from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn import metrics

from .cases import DATA, REPOSITORY, case, error, floats, housing, measures, no_data, table

INF = float("inf")

# The days on which the model's two-week AUC is below 0.60, and the first and last day.
TICKS = [
    "2021-06-15", "2021-09-03", "2021-09-05", "2021-09-06", "2021-09-13", "2021-11-26", "2021-11-27", "2021-11-28",
    "2021-11-29", "2022-05-10",
]  # fmt: skip


def expected(label, score, decision, skipped, probabilities=True):
    """Every metric of complete rows."""
    label, score, decision = np.asarray(label, int), np.asarray(score, float), np.asarray(decision, int)
    found = [
        ("auc", metrics.roc_auc_score(label, score)),
        ("accuracy", metrics.accuracy_score(label, decision)),
        ("precision", metrics.precision_score(label, decision, zero_division=0)),
        ("recall", metrics.recall_score(label, decision, zero_division=0)),
        ("f1", metrics.f1_score(label, decision, zero_division=0)),
        ("positive_rate", np.mean(decision)),
        ("base_rate", np.mean(label)),
        ("skipped_rows", skipped),
    ]
    if probabilities:
        found += [("log_loss", metrics.log_loss(label, score)), ("brier", metrics.brier_score_loss(label, score))]
    return found


def seeded(name, label, score, threshold=0.5, kind=None, probabilities=True, **columns):
    """Rows without gaps, decided by the threshold."""
    rows = table(f"classification-{name}", {"y": pa.array(label), "p": floats(score, kind), **columns})
    params = {"label": "y", "score": "p"} | ({} if threshold == 0.5 else {"threshold": threshold})
    decided = np.asarray(score, float) >= threshold
    one = case(f"classification-{name}", "classification", rows, params)
    return measures(one, *expected(label, score, decided, 0, probabilities))


def housing_ticks():
    """Two weeks of the housing model before each tick."""
    scores = pq.read_table(REPOSITORY / "config/data/housing-scores.parquet").to_pandas()
    labels = pq.read_table(REPOSITORY / "config/data/housing-labels.parquet").to_pandas()
    both = scores.merge(labels, on="id")
    both["timestamp"] = both["timestamp"].astype("datetime64[us, UTC]")
    current = housing("scores") | {
        "sql": "select * from {current} join {labels} using (id)",
        "with": {"labels": housing("labels") | {"time_column": None}},
    }
    params = {"label": "clf_target", "score": "y_pred_proba", "decision": "y_pred"}
    for day in TICKS:
        end = np.datetime64(day)
        times = both["timestamp"].dt.tz_localize(None)
        window = both[(times >= end - np.timedelta64(14, "D")) & (times < end)]
        assert len(window) == 336
        one = case(
            f"classification-housing-{day}", "classification", current, params, window="14d", at=f"{day}T00:00:00Z"
        )
        yield measures(one, *expected(window["clf_target"], window["y_pred_proba"], window["y_pred"], 0))


def gaps():
    """Null and NaN on either side."""
    label = [1, 0, None, 1, 0, 1, 0]
    score = [0.9, 0.2, 0.5, None, float("nan"), 0.3, 0.4]
    decision = [1, 0, 0, 1, 1, None, 1]
    rows = table(
        "classification-gaps",
        {"y": pa.array(label, pa.int8()), "p": floats(score), "d": pa.array(decision, pa.int64())},
    )
    without = case("classification-gaps", "classification", rows, {"label": "y", "score": "p"})
    kept = [0, 1, 5, 6]
    take = lambda values: [values[row] for row in kept]
    yield measures(without, *expected(take(label), take(score), np.array(take(score)) >= 0.5, 3))
    decided = case("classification-gaps-decided", "classification", rows, {"label": "y", "score": "p", "decision": "d"})
    kept = [0, 1, 6]
    yield measures(decided, *expected(take(label), take(score), take(decision), 4))


def infinite():
    """Infinite scores have a rank, though they are no probabilities; scikit-learn is asked with finite stand-ins."""
    label, score = [0, 1, 0, 1], [-INF, INF, 0.3, 0.3]
    rows = table("classification-infinite", {"y": pa.array(label), "p": floats(score)})
    one = case("classification-infinite", "classification", rows, {"label": "y", "score": "p"})
    yield measures(one, *expected(label, [-9, 9, 0.3, 0.3], [0, 1, 0, 0], 0, probabilities=False))


def nothing():
    """What has no area."""
    params = {"label": "y", "score": "p"}
    for name, label, score in [
        ("one-class", [1, 1], [0.2, 0.4]),
        ("one-row", [1], [0.2]),
        ("no-rows", [], []),
        ("all-null", [None, None], [0.1, 0.9]),
    ]:
        rows = table(f"classification-{name}", {"y": pa.array(label, pa.int64()), "p": floats(score)})
        one = case(f"classification-{name}", "classification", rows, params)
        yield no_data(one, "rows of both classes are needed")
    rows = table("classification-third", {"y": pa.array([0, 1, 2]), "p": floats([0.1, 0.2, 0.3])})
    yield error(case("classification-third-class", "classification", rows, params), "must hold 0 and 1 only, found 2")
    missing = case("classification-missing", "classification", rows, params | {"label": "yy"})
    yield error(missing, 'the data has no column "yy" (did you mean')
    texts = table("classification-texts", {"y": pa.array(["a", "b"]), "p": floats([0.1, 0.2])})
    yield error(case("classification-texts", "classification", texts, params), 'column "y" is text')


def cases():
    rng = np.random.default_rng(1)
    label = rng.integers(0, 2, 500)
    score = np.clip(0.3 * label + rng.normal(0.35, 0.2, 500), 0, 1)
    money = [Decimal(int(value)) / 100 for value in rng.integers(0, 101, 60)]
    yes = rng.integers(0, 2, 60)
    found = list(housing_ticks())
    found += [
        seeded("seeded", label, score),
        seeded("threshold", label, score, threshold=0.3),
        seeded("ties", label, np.round(score, 1)),
        seeded("constant", [0, 1, 1], [0.5, 0.5, 0.5]),
        seeded("perfect", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9]),
        seeded("worst", [1, 1, 0, 0], [0.0, 0.2, 0.8, 1.0]),
        seeded("no-positives", [0, 1], [0.1, 0.2]),
        seeded("huge", [0, 1, 0, 1], [1e300, 2e300, -1e300, 1.5e300], probabilities=False),
        seeded("tiny", [0, 1, 0, 1], [1e-300, 2e-300, 3e-300, 5e-324]),
        seeded("integers", [0, 1, 0, 1, 1], [10, 90, 40, 30, 40], threshold=40, kind=pa.int32(), probabilities=False),
        seeded("decimals", yes, money, kind=pa.decimal128(5, 2)),
        seeded("flags", yes.astype(bool), score[:60]),
        seeded("floats", yes, score[:60].astype(np.float32), kind=pa.float32()),
    ]
    found += [*gaps(), *infinite(), *nothing()]
    assert DATA.exists()
    return found
