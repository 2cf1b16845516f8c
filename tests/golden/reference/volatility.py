"""volatility: numpy's deviation of returns."""

from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from .cases import AT, case, error, floats, measures, no_data, table

TICK = datetime.fromisoformat(AT)
PARAMS = {"value": "x"}
SIMPLE = PARAMS | {"returns": "simple"}


def series(name, values, kind=None, order=None):
    """A value a day up to the tick; `order` gives the rows in another order than that of time."""
    times = [TICK - timedelta(days=len(values) - day) for day in range(len(values))]
    order = range(len(values)) if order is None else order
    columns = {
        "x": floats([values[row] for row in order], kind),
        "at": pa.array([times[row] for row in order], pa.timestamp("us", "Europe/London")),
    }
    return table(f"volatility-{name}", columns, "at")


def volatility(values, returns="log", annualise=1):
    values = np.array([float(value) for value in values if value is not None and value == value])
    quotients = values[1:] / values[:-1]
    moved = np.log(quotients) if returns == "log" else quotients - 1
    return ("volatility", np.std(moved, ddof=1) * np.sqrt(annualise))


def cases():
    rng = np.random.default_rng(6)
    walk = 100 * np.exp(np.cumsum(rng.normal(0.0005, 0.012, 260)))
    gaps = [None if day % 6 == 0 else float("nan") if day % 17 == 0 else value for day, value in enumerate(walk)]
    cents = [Decimal(f"{value:.2f}") for value in walk[:90]]
    rows = series("walk", walk)
    below = series("below-zero", [5.0, -2.0, 3.0, 4.0])
    zero = series("zero", [5.0, 0.0, 3.0, 4.0])
    huge, tiny = walk * 1e300, walk * 1e-300
    found = [
        measures(case("volatility-log", "volatility", rows, PARAMS), volatility(walk)),
        measures(case("volatility-simple", "volatility", rows, SIMPLE), volatility(walk, "simple")),
        measures(
            case("volatility-year", "volatility", rows, PARAMS | {"annualise": 252}), volatility(walk, annualise=252)
        ),
        measures(case("volatility-window", "volatility", rows, PARAMS, window="30d"), volatility(walk[-30:])),
        measures(
            case("volatility-shuffled", "volatility", series("shuffled", walk, order=rng.permutation(260)), PARAMS),
            volatility(walk),
        ),
        measures(case("volatility-gaps", "volatility", series("gaps", gaps), SIMPLE), volatility(gaps, "simple")),
        measures(case("volatility-constant", "volatility", series("constant", [4.0] * 5), PARAMS), ("volatility", 0)),
        measures(case("volatility-three", "volatility", series("three", [1.0, 2.0, 3.0]), PARAMS), volatility([1, 2, 3])),
        measures(case("volatility-huge", "volatility", series("huge", huge), PARAMS), volatility(huge)),
        measures(case("volatility-tiny", "volatility", series("tiny", tiny), PARAMS), volatility(tiny)),
        measures(
            case("volatility-integers", "volatility", series("integers", [3, 4, 2, 9, 9], pa.int32()), SIMPLE),
            volatility([3, 4, 2, 9, 9], "simple"),
        ),
        measures(
            case("volatility-decimals", "volatility", series("decimals", cents, pa.decimal128(9, 2)), PARAMS),
            volatility(cents),
        ),
        measures(
            case("volatility-below-zero-simple", "volatility", below, SIMPLE), volatility([5, -2, 3, 4], "simple")
        ),
        error(case("volatility-below-zero", "volatility", below, PARAMS), "log returns need values above 0"),
        error(case("volatility-zero", "volatility", zero, SIMPLE), "infinite or undefined"),
        error(case("volatility-timeless", "volatility", rows | {"time_column": None}, PARAMS), "need an order"),
        error(case("volatility-other", "volatility", rows, PARAMS | {"returns": "daily"}), "choose log or simple"),
    ]
    for name, values in [("no-rows", []), ("one-row", [1.0]), ("two-rows", [1.0, 2.0]), ("all-null", [None] * 4)]:
        short = case(f"volatility-{name}", "volatility", series(name, values), PARAMS)
        found.append(no_data(short, "needs two returns, of three values"))
    return found
