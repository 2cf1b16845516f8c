"""error-log: lines counted here, with Python's own regular expressions."""

import re
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa

from .cases import AT, case, error, measures, no_data, table

TICK = datetime.fromisoformat(AT)
LEVELS = {"error", "err", "critical", "crit", "fatal", "alert", "emergency", "emerg", "panic"}


def lines(name, levels, messages, form="jsonl"):
    """A line every ten seconds, the last ten seconds before the tick."""
    back = range(len(levels), 0, -1)
    times = pa.array([f"{TICK - timedelta(seconds=10 * ago):%Y-%m-%dT%H:%M:%S}Z" for ago in back], pa.string())
    if form == "parquet":
        times = pa.array([TICK - timedelta(seconds=10 * ago) for ago in back], pa.timestamp("ms", "UTC"))
    columns = {"at": times, "level": pa.array(levels, pa.string()), "message": pa.array(messages, pa.string())}
    return table(f"error-log-{name}", columns, "at", form)


def expected(told, is_error, minutes):
    """`told`: what each line of the window says, None where it says nothing."""
    read = [line for line in told if line is not None]
    errors = sum(is_error(line) for line in read)
    return ("errors_per_minute", errors / minutes), ("error_share", errors / len(read))


def cases():
    rng = np.random.default_rng(4)
    words = ["info", "INFO", "warn", "ERROR", "error", "Fatal", "debug", "CRIT", "errors", None]
    levels = [words[word] for word in rng.integers(0, len(words), 240)]
    says = ["request 17 took 250 ms", "lost the database after 3 tries", "Timeout: can't reach host-9", None]
    messages = [says[word] for word in rng.integers(0, len(says), 240)]
    rows = lines("lines", levels, messages)
    typed = lines("typed", levels, messages, "parquet")
    by_level = lambda line: line.lower() in LEVELS
    pattern = r"(?i)timeout|lost .* \d+ tries"
    by_pattern = lambda line: re.search(pattern, line) is not None
    quote = r"can't"
    quiet = lines("quiet", ["info"] * 12, ["all is well"] * 12)
    one = lines("one", ["error"], ["the end"])
    only = {"level": "level"}
    found = [
        measures(case("error-log-level", "error-log", rows, only, window="1h"), *expected(levels, by_level, 60)),
        measures(case("error-log-typed", "error-log", typed, only, window="1h"), *expected(levels, by_level, 60)),
        measures(
            case("error-log-part", "error-log", rows, only, window="10m"), *expected(levels[-60:], by_level, 10)
        ),
        measures(
            case("error-log-pattern", "error-log", rows, {"pattern": pattern}, window="1h"),
            *expected(messages, by_pattern, 60),
        ),
        measures(
            case("error-log-quote", "error-log", rows, {"pattern": quote, "message": "message"}, window="90m"),
            *expected(messages, lambda line: quote in line, 90),
        ),
        measures(case("error-log-quiet", "error-log", quiet, only, window="1h"), ("errors_per_minute", 0), ("error_share", 0)),
        measures(case("error-log-one", "error-log", one, only, window="30s"), ("errors_per_minute", 2), ("error_share", 1)),
        error(case("error-log-no-window", "error-log", rows, only), "errors per minute need a window"),
        error(case("error-log-both", "error-log", rows, only | {"pattern": "a"}, window="1h"), "give one of them"),
        error(case("error-log-neither", "error-log", rows, {}, window="1h"), 'give "level"'),
        error(case("error-log-bad-pattern", "error-log", rows, {"pattern": "a("}, window="1h"), 'the pattern is "a("'),
        no_data(case("error-log-no-rows", "error-log", rows, only, window="1h", at="2020-01-01T00:00:00Z"), "no lines"),
    ]
    mute = lines("all-null", [None, None], ["a", "b"], "parquet")
    found.append(no_data(case("error-log-all-null", "error-log", mute, only, window="1h"), "null in all 2 lines"))
    return found
