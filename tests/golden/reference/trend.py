"""trend: medians of numpy by hour, statsmodels' distance, ruptures' best split of the series without its season."""

from datetime import datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import ruptures
from statsmodels.robust.scale import mad

from .cases import case, error, floats, measures, no_data, table

BEGIN = datetime(2021, 5, 3, tzinfo=timezone.utc)
SLOTS = {"week": 7 * 24, "day": 24, "none": 1}


def hourly(name, levels, make):
    """A table with the rows of each hour, and the case whose backtest goes over all of them."""
    at, values = [], []
    for hour, level in enumerate(levels):
        for place, value in enumerate(make(level)):
            at.append(BEGIN + timedelta(hours=hour, minutes=1 + place % 50))
            values.append(value)
    columns = {"at": pa.array(at, pa.timestamp("us", tz="UTC")), "x": floats(values)}
    return table(f"trend-{name}", columns, time_column="at")


def expected(levels, season):
    """What is measured at the end of the last hour."""
    levels = np.asarray(levels, float)
    # A tick at the end of an hour looks at that hour's rows.
    hours = (np.arange(len(levels)) + 1) % SLOTS[season]
    past, slots, level = levels[:-1], hours[:-1], levels[-1]
    usual = {slot: np.median(past[slots == slot]) for slot in set(slots)}
    residuals = past - np.array([usual[slot] for slot in slots])
    middle = usual[hours[-1]]
    distance = max(mad(residuals, center=np.median), 1e-6 * max(abs(middle), 1.0))
    signal = np.append(residuals, level - middle) / distance
    split = ruptures.Dynp(model="l2", min_size=3, jump=1).fit(signal).predict(n_bkps=1)[0]
    moved = signal[split:].mean() - signal[:split].mean()
    return [
        ("level", level),
        ("expected", middle),
        ("deviation", (level - middle) / distance),
        ("shift", moved),
    ]


def seen(name, levels, season, make, params):
    end = BEGIN + timedelta(hours=len(levels))
    rows = hourly(name, levels, make)
    params = {"season": season} | params
    one = case(f"trend-{name}", "trend", rows, params, window="1h", at=end.isoformat().replace("+00:00", "Z"))
    one |= {"begins": (BEGIN + timedelta(hours=1)).isoformat().replace("+00:00", "Z")}
    return one


def rows(name, levels, season):
    levels = [int(level) for level in levels]
    one = seen(name, levels, season, lambda level: [1.0] * level, {})
    return measures(one, *expected(levels, season))


def means(name, levels, season):
    one = seen(name, levels, season, lambda level: [level], {"value": "x"})
    return measures(one, *expected(levels, season))


def cases():
    rng = np.random.default_rng(11)
    hours = np.arange(24 * 7 * 3)
    by_day = 12 + 8 * np.sin(hours / 24 * 2 * np.pi)
    by_week = by_day * np.where(hours // 24 % 7 >= 5, 0.4, 1.0)
    noise = rng.normal(0, 1, len(hours))
    night = np.append(by_week[:-1] + noise[:-1], 25)
    moved = np.where(np.arange(80) < 61, 5.0, 6.5) + rng.normal(0, 0.2, 80)
    few = seen("few", [3.0] * 5, "none", lambda level: [level], {"value": "x"})
    empty = seen("no-rows", [3.0] * 5 + [0.0], "none", lambda level: [level] if level else [], {"value": "x"})
    named = seen("season", [3.0] * 2, "month", lambda level: [level], {"value": "x"})
    return [
        rows("week", np.clip(night, 1, None), "week"),
        means("day", (by_day + noise)[: 24 * 9 + 5], "day"),
        means("moved", moved, "none"),
        means("huge", moved * 1e200, "none"),
        means("far", moved + 1e9, "none"),
        means("constant", [4.0] * 20 + [4.5], "none"),
        measures(few, ("level", 3.0)),
        no_data(empty, "the window has no rows"),
        error(named, "the seasons are week, day, none"),
    ]
