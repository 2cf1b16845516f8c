"""kpi: means and ratios, added up exactly by math.fsum."""

from decimal import Decimal
from math import fsum

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from .cases import REPOSITORY, case, error, floats, housing, measures, no_data, table


def there(value):
    return value is not None and value == value


def mean(values):
    values = [float(value) for value in values if there(value)]
    return fsum(values) / len(values)


def ratio(numerators, denominators):
    pairs = [(float(n), float(d)) for n, d in zip(numerators, denominators) if there(n) and there(d)]
    return fsum(n for n, _ in pairs) / fsum(d for _, d in pairs)


def by_segment(segments, rows, figure):
    """The figure of each segment's rows, by the segment's name."""
    found = {}
    for segment, *row in zip(segments, *rows):
        if segment is not None:
            found.setdefault(segment, []).append(row)
    shown = lambda segment: str(segment).lower() if isinstance(segment, bool) else str(segment)
    return [("rate", {"segment": shown(segment)}, figure(*zip(*rows))) for segment, rows in sorted(found.items())]


def whole(name, values, kind=None):
    rows = table(f"kpi-{name}", {"x": pa.array(values, kind or pa.float64(), from_pandas=False)})
    return measures(case(f"kpi-{name}", "kpi", rows, {"name": "rate", "value": "x"}), ("rate", mean(values)))


def segmented(rng):
    names = ["north", "south", "it's \"east\"", None]
    segment = [names[name] for name in rng.integers(0, 4, 300)]
    lent = [None if row % 9 == 0 else float(value) for row, value in enumerate(rng.uniform(100, 900, 300))]
    lost = [None if row % 5 == 0 else float("nan") if row % 13 == 0 else float(v) for row, v in enumerate(rng.uniform(0, 50, 300))]
    good = [bool(value) for value in rng.integers(0, 2, 300)]
    code = [int(value) for value in rng.integers(-1, 2, 300)]
    money = [Decimal(int(value)) / 100 for value in rng.integers(0, 10**6, 300)]
    rows = table("kpi-segments", {
        "segment": pa.array(segment), "lent": floats(lent), "lost": floats(lost), "good": pa.array(good),
        "code": pa.array(code, pa.int16()), "money": pa.array(money, pa.decimal128(12, 2)),
    })  # fmt: skip
    params = {"name": "rate", "segment": "segment"}
    yield measures(
        case("kpi-segment-mean", "kpi", rows, params | {"value": "lost"}), *by_segment(segment, [lost], mean)
    )
    both = params | {"numerator": "lost", "denominator": "lent"}
    yield measures(case("kpi-segment-ratio", "kpi", rows, both), *by_segment(segment, [lost, lent], ratio))
    yield measures(
        case("kpi-segment-flag", "kpi", rows, params | {"value": "good", "segment": "good"}),
        *by_segment(good, [good], mean),
    )
    yield measures(
        case("kpi-segment-decimal", "kpi", rows, params | {"value": "money", "segment": "code"}),
        *by_segment(code, [money], mean),
    )
    whole = {"name": "rate", "numerator": "lost", "denominator": "lent"}
    yield measures(case("kpi-ratio", "kpi", rows, whole), ("rate", ratio(lost, lent)))
    decimal = {"name": "rate", "numerator": "money", "denominator": "lent"}
    yield measures(case("kpi-ratio-decimal", "kpi", rows, decimal), ("rate", ratio(money, lent)))
    yield measures(case("kpi-flag", "kpi", rows, {"name": "rate", "value": "good"}), ("rate", mean(good)))


def refused():
    rows = table("kpi-refused", {
        "x": floats([1.0, None]), "zero": floats([0.0, 0.0]), "inf": floats([float("inf"), 1.0]),
        "gone": floats([None, None]), "text": pa.array(["a", "b"]), "kind": pa.array(["a", "b"]),
    })  # fmt: skip
    params = {"name": "rate"}
    # One segment has no value: it is left out, and told.
    yield measures(
        case("kpi-segment-without-values", "kpi", rows, params | {"value": "x", "segment": "kind"}),
        ("rate", {"segment": "a"}, 1.0),
    )
    ratio = {"numerator": "x", "denominator": "zero"}
    yield no_data(case("kpi-zero", "kpi", rows, params | ratio), "the denominators add up to 0")
    yield no_data(case("kpi-segment-zero", "kpi", rows, params | ratio | {"segment": "kind"}), "has no value")
    yield no_data(case("kpi-all-null", "kpi", rows, params | {"value": "gone"}), "none of 2 rows has a value")
    yield error(case("kpi-infinite", "kpi", rows, params | {"value": "inf"}), "rate is inf")
    yield error(case("kpi-text", "kpi", rows, params | {"value": "text"}), 'column "text" is text')
    yield error(case("kpi-nothing-chosen", "kpi", rows, params), 'give either "value"')
    empty = table("kpi-no-rows", {"x": floats([]), "kind": pa.array([], pa.string())})
    yield no_data(case("kpi-no-rows", "kpi", empty, params | {"value": "x"}), "the window has no rows")
    grouped = params | {"value": "x", "segment": "kind"}
    yield no_data(case("kpi-segment-no-rows", "kpi", empty, grouped), "the window has no rows")


def cases():
    rng = np.random.default_rng(5)
    values = rng.normal(10, 3, 500)
    reference, scores = (
        pq.read_table(REPOSITORY / f"config/data/housing-{name}.parquet").to_pandas() for name in ("reference", "scores")
    )
    positive = {"name": "approval_rate", "value": "y_pred"}
    return [
        measures(case("kpi-housing-reference", "kpi", housing("reference"), positive), ("approval_rate", reference["y_pred"].mean())),
        measures(case("kpi-housing-scores", "kpi", housing("scores"), positive), ("approval_rate", scores["y_pred"].mean())),
        whole("seeded", values),
        whole("gaps", [None if row % 4 == 0 else float("nan") if row % 7 == 0 else v for row, v in enumerate(values)]),
        whole("one-row", [4.5]),
        whole("constant", [0.1] * 30),
        whole("huge", values * 1e300),
        whole("tiny", values * 1e-300),
        whole("close-to-large", 1e9 + values),
        whole("integers", rng.integers(-(2**40), 2**41, 90), pa.int64()),
        whole("decimals", [Decimal(int(value)) / 10**4 for value in rng.integers(0, 10**8, 50)], pa.decimal128(18, 4)),
        *segmented(rng),
        *refused(),
    ]
