"""freshness: times in every form, aged by datetime's arithmetic."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa

from .cases import AT, case, error, floats, measures, no_data, table

TICK = datetime.fromisoformat(AT)


def ages(times):
    """Minutes from the newest time up to the tick, and how many come after it."""
    past = [time for time in times if time is not None and time <= TICK]
    future = [time for time in times if time is not None and time > TICK]
    age = (TICK - max(past)) // timedelta(microseconds=1) / 60e6
    return ("age_minutes", age), ("future_rows", len(future))


def written(name, times, kind, read_as=None):
    """A column of times of one type."""
    rows = table(f"freshness-{name}", {"at": pa.array(times, kind)}, "at")
    return measures(case(f"freshness-{name}", "freshness", rows), *ages(read_as or times))


def cases():
    zones = [ZoneInfo("America/New_York"), ZoneInfo("Asia/Kolkata"), UTC]
    times = [TICK - timedelta(hours=hours, seconds=17, microseconds=123_457) for hours in (30, 5, 2)]
    future = [TICK + timedelta(hours=1), TICK + timedelta(days=300)]
    naive = [time.replace(tzinfo=None) for time in times]
    texts = [time.astimezone(zone).isoformat() for time, zone in zip(times, zones)]
    days = [date(2021, 6, 10), None, date(2021, 6, 13)]
    as_days = [datetime(2021, 6, 10, tzinfo=UTC), datetime(2021, 6, 13, tzinfo=UTC)]
    seconds = [time.replace(microsecond=0) for time in times]
    other = table("freshness-other", {"at": pa.array(times, pa.timestamp("us", "UTC")), "n": floats([1, 2, 3])}, "at")
    text_rows = table("freshness-text", {"at": pa.array(texts)}, "at", "jsonl")
    csv = table("freshness-csv", {"at": pa.array([f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in seconds])}, "at", "csv")
    strange = table("freshness-strange", {"at": pa.array(["yesterday"]), "n": floats([1.0])}, None, "jsonl")
    found = [
        written("zone", [None, *times], pa.timestamp("us", "America/New_York"), times),
        written("naive-is-utc", naive, pa.timestamp("ns"), times),
        written("milliseconds", seconds, pa.timestamp("ms", "UTC")),
        written("days", days, pa.date32(), as_days),
        written("at-the-tick", [TICK], pa.timestamp("us", "UTC")),
        written("future", [*times, *future, None], pa.timestamp("us", "Asia/Tokyo"), [*times, *future]),
        measures(case("freshness-text", "freshness", text_rows), *ages(times)),
        measures(case("freshness-csv", "freshness", csv), *ages(seconds)),
        measures(case("freshness-named", "freshness", other | {"time_column": None}, {"column": "at"}), *ages(times)),
        error(case("freshness-number", "freshness", other, {"column": "n"}), 'column "n" is number'),
        error(case("freshness-missing", "freshness", other, {"column": "att"}), 'did you mean "at"'),
        error(case("freshness-no-column", "freshness", other | {"time_column": None}), 'parameter "column" is missing'),
        error(case("freshness-strange", "freshness", strange, {"column": "at"}), "yesterday"),
    ]
    for name, values in [("no-rows", []), ("all-null", [None, None]), ("only-future", future)]:
        rows = table(f"freshness-{name}", {"at": pa.array(values, pa.timestamp("us", "UTC"))}, "at")
        found.append(no_data(case(f"freshness-{name}", "freshness", rows), "has no time up to the tick"))
    return found
