"""job-success: counted here, one run at a time."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa

from .cases import AT, case, error, measures, no_data, table

TICK = datetime.fromisoformat(AT)
MINUTE = timedelta(minutes=1)


def at(*minutes):
    """Times so many minutes before the tick."""
    return pa.array([None if ago is None else TICK - ago * MINUTE for ago in minutes], pa.timestamp("us", "Asia/Tokyo"))


def runs(name, statuses, times, kind=None):
    return table(f"job-success-{name}", {"status": pa.array(statuses, kind), "at": times}, "at")


def expected(statuses, minutes, success, otherwise):
    """`otherwise`: minutes since a success when there is none."""
    finished = [str(status).lower() for status in statuses if status is not None]
    ages = [ago for ago, status in zip(minutes, statuses) if str(status).lower() in success and ago is not None and ago >= 0]
    return (
        ("success_rate", sum(status in success for status in finished) / len(finished)),
        ("runs", len(finished)),
        ("minutes_since_success", min(ages, default=otherwise)),
    )


def cases():
    statuses = ["succeeded", "failed", None, "succeeded", "Succeeded", "timed out", "it's ok", "succeeded"]
    minutes = [700, 600, 500, 412.5, 300, 200, 100, None]
    mixed = runs("mixed", statuses, at(*minutes))
    param = {"status": "status"}
    both = param | {"success": ["succeeded", "it's ok"]}
    failed = runs("failed", ["failed", "failed"], at(30, 20))
    future = runs("future", ["succeeded", "succeeded"], at(45, -30))
    flags = runs("flags", [True, False, None, True], at(4, 3, 2, 1), pa.bool_())
    codes = runs("codes", [0, 0, 1, 137, None], at(5, 4, 3, 2, 1), pa.int32())
    upcast = runs("codes-upcast", [0.0, 0.0, 1.0, 137.0, float("nan")], at(5, 4, 3, 2, 1), pa.float64())
    written = [f"{TICK - ago * MINUTE:%Y-%m-%dT%H:%M:%S}+00:00" for ago in (90, 30)]
    texts = table("job-success-texts", {"status": ["succeeded", "failed"], "at": written}, "at", "jsonl")
    timeless = mixed | {"time_column": None}
    one = runs("one", ["succeeded"], at(0))
    exact = lambda statuses, success: [None if status is None else status for status in statuses] and success
    epoch = (TICK - datetime(1970, 1, 1, tzinfo=UTC)) / MINUTE
    found = [
        # Statuses are compared as they are written, so `Succeeded` is another one.
        measures(
            case("job-success-mixed", "job-success", mixed, param),
            ("success_rate", 3 / 7),
            ("runs", 7),
            ("minutes_since_success", 412.5),
        ),
        measures(
            case("job-success-two-words", "job-success", mixed, both),
            ("success_rate", 4 / 7),
            ("runs", 7),
            ("minutes_since_success", 100),
        ),
        measures(
            case("job-success-window", "job-success", mixed, param, window="350m"),
            ("success_rate", 0),
            ("runs", 3),
            ("minutes_since_success", 350),
        ),
        measures(case("job-success-never", "job-success", failed, param), *expected(["failed"] * 2, [30, 20], exact([], []), epoch)),
        measures(case("job-success-future", "job-success", future, param), *expected(["succeeded"] * 2, [45, -30], ["succeeded"], epoch)),
        measures(
            case("job-success-flags", "job-success", flags, param | {"success": ["true"]}),
            *expected([True, False, None, True], [4, 3, 2, 1], ["true"], epoch),
        ),
        measures(
            case("job-success-codes", "job-success", codes, param | {"success": ["0"]}),
            *expected([0, 0, 1, 137, None], [5, 4, 3, 2, 1], ["0"], epoch),
        ),
        measures(
            case("job-success-codes-upcast", "job-success", upcast, param | {"success": ["0"]}),
            *expected([0, 0, 1, 137, None], [5, 4, 3, 2, 1], ["0"], epoch),
        ),
        measures(case("job-success-texts", "job-success", texts, param), *expected(["succeeded", "failed"], [90, 30], ["succeeded"], epoch)),
        measures(case("job-success-one", "job-success", one, param), ("success_rate", 1), ("runs", 1), ("minutes_since_success", 0)),
        measures(case("job-success-timeless", "job-success", timeless, param), ("success_rate", 3 / 7), ("runs", 7)),
        error(case("job-success-no-word", "job-success", mixed, param | {"success": []}), "the list is empty"),
        error(case("job-success-missing", "job-success", mixed, {"status": "state"}), 'no column "state"'),
    ]
    for name, statuses, reason in [("no-rows", [], "no rows"), ("all-null", [None, None], "no run has finished")]:
        rows = runs(name, statuses, at(*[1] * len(statuses)), pa.string())
        found.append(no_data(case(f"job-success-{name}", "job-success", rows, param), reason))
    return found
