"""latency: numpy's quantiles, linear interpolation."""

from decimal import Decimal

import numpy as np
import pyarrow as pa

from .cases import case, error, floats, measures, no_data, table

DEFAULT = [0.5, 0.95, 0.99]


def expected(values, quantiles):
    values = np.asarray([value for value in values if value is not None and value == value], float)
    return [("latency_ms", {"quantile": f"{at:g}"}, np.quantile(values, at)) for at in quantiles]


def seeded(name, values, quantiles=None, kind=None):
    rows = table(f"latency-{name}", {"ms": floats(values, kind)})
    params = {"column": "ms"} | ({} if quantiles is None else {"quantiles": quantiles})
    one = case(f"latency-{name}", "latency", rows, params)
    return measures(one, *expected(values, quantiles or DEFAULT))


def refused():
    rows = table("latency-infinite", {"ms": floats([1.0, 2.0, float("inf")]), "name": pa.array(["a", "b", "c"])})
    yield measures(
        case("latency-below-infinite", "latency", rows, {"column": "ms", "quantiles": [0.5]}),
        ("latency_ms", {"quantile": "0.5"}, 2.0),
    )
    yield error(case("latency-infinite", "latency", rows, {"column": "ms"}), 'the quantile 0.95 of column "ms" is ')
    yield error(case("latency-percent", "latency", rows, {"column": "ms", "quantiles": [95.0]}), "write 95 percent as")
    yield error(case("latency-text", "latency", rows, {"column": "name"}), 'column "name" is text')
    for name, values, reason in [("no-rows", [], "the window has no rows"), ("all-null", [None, None], "all 2 rows")]:
        rows = table(f"latency-{name}", {"ms": floats(values)})
        yield no_data(case(f"latency-{name}", "latency", rows, {"column": "ms"}), reason)


def cases():
    rng = np.random.default_rng(3)
    lengths = rng.lognormal(4.5, 0.6, 1_001)
    many = [0.0, 0.001, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.999, 1.0]
    gaps = [None if row % 7 == 0 else float("nan") if row % 11 == 0 else value for row, value in enumerate(lengths)]
    return [
        seeded("seeded", lengths),
        seeded("many", lengths, many),
        seeded("gaps", gaps),
        seeded("ties", np.round(lengths, -2), many),
        seeded("constant", [250.0] * 9, many),
        seeded("one-row", [7.25], many),
        seeded("two-rows", [1.0, 2.0], many),
        seeded("huge", lengths * 1e300, many),
        seeded("tiny", lengths * 1e-300, many),
        seeded("integers", rng.integers(0, 10_000, 77), many, pa.uint32()),
        seeded("decimals", [Decimal(int(v)) / 1000 for v in rng.integers(0, 10**6, 40)], many, pa.decimal128(9, 3)),
        *refused(),
    ]
