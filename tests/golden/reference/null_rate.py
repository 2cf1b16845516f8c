"""null-rate: counted here, one value at a time."""

from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow as pa

from .cases import case, error, floats, measures, no_data, table

NAN = float("nan")
NOON = datetime(2021, 6, 1, 12, tzinfo=UTC)
COLUMNS = {
    "full": ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0], pa.float64()),
    "holes": ([1.0, None, NAN, 4.0, None, NAN, NAN], pa.float64()),
    "single": ([NAN, None, 1.0, 2.0, 3.0, 4.0, 5.0], pa.float32()),
    "whole": ([1, None, 3, 4, 5, None, 7], pa.int32()),
    "money": ([Decimal("1.50"), None, None, None, Decimal("0.00"), None, None], pa.decimal128(9, 2)),
    "text": (["a", "", None, "d", "e", "f", "null"], pa.string()),
    "flag": ([True, None, False, True, False, True, None], pa.bool_()),
    "zoned": ([NOON.astimezone(ZoneInfo("Asia/Tokyo")), *[None] * 6], pa.timestamp("us", "Asia/Tokyo")),
    "list": ([[1], None, [], [2], [3], [None], [4]], pa.list_(pa.int64())),
    "gone": ([None] * 7, pa.float64()),
}


def rate(values, nan_is_null):
    missing = [value is None or (nan_is_null and isinstance(value, float) and value != value) for value in values]
    return sum(missing) / len(values)


def cases():
    rows = table("null-rate", {name: pa.array(*column, from_pandas=False) for name, column in COLUMNS.items()})
    empty = table("null-rate-no-rows", {"x": floats([])})
    one = table("null-rate-one-row", {"x": floats([None]), "y": floats([NAN])})
    every = lambda nan: [("null_rate", {"column": name}, rate(values, nan)) for name, (values, _) in COLUMNS.items()]
    named = case("null-rate-named", "null-rate", rows, {"columns": ["holes", "money"]})
    return [
        measures(case("null-rate-all", "null-rate", rows), *every(True)),
        measures(case("null-rate-nan-is-a-value", "null-rate", rows, {"nan_is_null": False}), *every(False)),
        measures(named, ("null_rate", {"column": "holes"}, 5 / 7), ("null_rate", {"column": "money"}, 5 / 7)),
        measures(
            case("null-rate-one-row", "null-rate", one),
            ("null_rate", {"column": "x"}, 1),
            ("null_rate", {"column": "y"}, 1),
        ),
        no_data(case("null-rate-no-rows", "null-rate", empty), "the window has no rows"),
        error(case("null-rate-missing", "null-rate", rows, {"columns": ["hole"]}), 'did you mean "holes"'),
    ]
