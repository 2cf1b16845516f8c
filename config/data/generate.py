"""Writes the made-up tables of the sample workspace: eleven months of loan applications and of what scores them.

Every table is quiet but for its stories, whose days stand in STORIES: noise is spread evenly over each day, so that a
limit is passed where a story says so and nowhere else. Run it with Python 3.11 and the packages named in README.md; the
same packages write the same bytes.
"""

import csv
import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path

import numpy
import pyarrow
from pyarrow import parquet

FOLDER = Path(__file__).parent
TRAINING = date(2021, 4, 1)
START, END = date(2021, 6, 1), date(2022, 5, 10)

# What goes wrong: the first day, and the first day on which it is over. Applications are late from noon of the one to
# morning of the other.
STORIES = {
    "schema": (date(2021, 7, 6), date(2021, 7, 8)),
    "nulls": (date(2021, 7, 20), date(2021, 7, 22)),
    "late": (date(2021, 8, 10), date(2021, 8, 11)),
    "loss": (date(2021, 10, 1), date(2021, 10, 11)),
    "latency": (date(2021, 10, 19), date(2021, 10, 20)),
    "jobs": (date(2021, 11, 9), date(2021, 11, 11)),
    "approvals": (date(2021, 12, 6), date(2021, 12, 13)),
    "portfolio": (date(2022, 1, 17), date(2022, 1, 22)),
    "incomes": (date(2022, 2, 21), date(2022, 3, 21)),
}

APPLICATIONS_A_DAY = 48
REQUESTS_A_DAY = 240
RUNS_A_DAY = 8
LINES_A_DAY = 12

COLUMNS = {
    "id": "Int64",
    "time": "Timestamp",
    "income": "Int32",
    "debt_ratio": "Float64",
    "amount": "Int32",
    "age": "Int32",
    "region": "Utf8",
    "predicted_loss": "Int32",
    "approved": "Boolean",
}

# The names that the manifests give to types.
TYPES = {
    "Int64": pyarrow.int64(),
    "Int32": pyarrow.int32(),
    "Float64": pyarrow.float64(),
    "Boolean": pyarrow.bool_(),
    "Utf8": pyarrow.string(),
    "Timestamp": pyarrow.timestamp("ms", tz="UTC"),
}


def main():
    random = numpy.random.default_rng(20210601)
    applications(random)
    requests(random)
    batch_columns()
    job_runs()
    scoring_log()
    portfolio(random)


def told(story, day):
    first, over = STORIES[story]
    return first <= day < over


def days(first, over):
    return [first + timedelta(days=count) for count in range((over - first).days)]


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=timezone.utc)


def evenly(random, count):
    """The same spread of a normal distribution every day, in another order."""
    return random.permutation(numpy.sort(numpy.random.default_rng(1).normal(size=count)))


def applications(random):
    """An application every half hour; what it lost is known later, and joined by id."""
    first_id = 0
    for prefix, first, over in [("training-", TRAINING, START), ("", START, END)]:
        table = {column: [] for column in [*COLUMNS, "actual_loss"]}
        for day in days(first, over):
            one_day(random, day, table)
        table["id"] = list(range(first_id, first_id + len(table["time"])))
        first_id += len(table["time"])
        losses = {"id": table["id"], "actual_loss": pyarrow.array(table.pop("actual_loss"), pyarrow.int32())}
        columns = {column: pyarrow.array(values, TYPES[COLUMNS[column]]) for column, values in table.items()}
        write(f"{prefix}applications", columns)
        write(f"{prefix}losses", losses)
    drifted_table()


def one_day(random, day, table):
    count = APPLICATIONS_A_DAY
    richer = 1.35 if told("incomes", day) else 1.0
    income = numpy.exp(8.1 + 0.35 * evenly(random, count)) * richer
    ratio = numpy.clip(0.35 + 0.1 * evenly(random, count), 0.05, 0.9)
    amount = numpy.exp(9.2 + 0.5 * evenly(random, count))
    age = numpy.clip(42 + 11 * evenly(random, count), 19, 80)
    region = random.permutation(numpy.tile(["north", "east", "south", "west"], count // 4))
    predicted = amount * ratio * 0.1
    wrong = 60 * (1.6 if told("loss", day) else 1.0)
    actual = numpy.maximum(predicted + wrong * evenly(random, count), 0)
    accepted = numpy.arange(count) < approved(day)
    incomes = [int(value) // 10 * 10 for value in income]
    for row in missing(random, day):
        incomes[row] = None
    for row, accept in enumerate(random.permutation(accepted)):
        time = midnight(day) + timedelta(minutes=30 * row)
        if late(time):
            continue
        values = [None, time, incomes[row], round(float(ratio[row]), 2), int(amount[row]) // 100 * 100, int(age[row])]
        values += [str(region[row]), int(predicted[row]), bool(accept)]
        for column, value in zip([*COLUMNS, "actual_loss"], [*values, int(actual[row])]):
            table[column].append(value)


def late(time):
    """Whether an application of this time never came."""
    first, over = (midnight(day) for day in STORIES["late"])
    return first + timedelta(hours=13) <= time < over + timedelta(hours=9)


def approved(day):
    """How many are approved: on three of four days one more, so that a week keeps to 0.62."""
    return 25 if told("approvals", day) else 29 + (day.toordinal() % 4 > 0)


def missing(random, day):
    """An income is missing once a day; in the story, where a join lost its table, eight are."""
    return 6 + random.choice(APPLICATIONS_A_DAY // 2, 8 if told("nulls", day) else 1, replace=False)


def drifted_table():
    """The table of applications as a release upstream left it in July: a column is retyped, one gone and one new."""
    table = parquet.read_table(FOLDER / "applications.parquet")
    table = table.slice(0, len(days(START, STORIES["schema"][1])) * APPLICATIONS_A_DAY).drop_columns(["region"])
    income = table.column("income").cast(pyarrow.string())
    table = table.set_column(table.schema.get_field_index("income"), "income", income)
    channel = pyarrow.array(["web"] * table.num_rows)
    table = table.append_column("channel", channel)
    write("applications-drifted", dict(zip(table.column_names, table.columns)))


def batch_columns():
    """What the manifest of each night's batch says of its columns."""
    rows = []
    for day in days(START, END):
        found = dict(COLUMNS)
        if told("schema", day):
            found |= {"income": "Utf8", "channel": "Utf8"}
            del found["region"]
        rows += [(midnight(day) + timedelta(hours=1), name, kind) for name, kind in found.items()]
    time, name, kind = zip(*rows)
    write("batch-columns", {"time": pyarrow.array(time, TYPES["Timestamp"]), "name": name, "type": kind})
    with (FOLDER / "training-columns.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("name", "type"), *COLUMNS.items()])


def requests(random):
    """A request every six minutes; in the story the feature store answers slowly."""
    table = {"time": [], "duration_ms": []}
    for day in days(START, END):
        for part in range(4):
            slow = 2.2 if told("latency", day) and part < 2 else 1.0
            took = numpy.exp(4.7 + 0.25 * evenly(random, REQUESTS_A_DAY // 4)) * slow
            table["duration_ms"] += [int(value) for value in took]
        table["time"] += [midnight(day) + timedelta(minutes=6 * row) for row in range(REQUESTS_A_DAY)]
    time = pyarrow.array(table["time"], TYPES["Timestamp"])
    write("requests", {"time": time, "duration_ms": pyarrow.array(table["duration_ms"], pyarrow.int16())})


def job_runs():
    """The batch job every three hours. It fails once a fortnight; in the story, every second time."""
    with (FOLDER / "job-runs.csv").open("w", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(("ended_at", "job", "status"))
        for day in days(START, END):
            for run in range(RUNS_A_DAY):
                rare = run == 3 and day.toordinal() % 14 == 0
                failed = rare or (told("jobs", day) and run % 2 == 1)
                ended = midnight(day) + timedelta(hours=3 * run, minutes=7)
                out.writerow((stamp(ended), "score-applications", "failed" if failed else "succeeded"))


def scoring_log():
    """What the scoring service writes; the stories are those of the slow feature store and of the failing job."""
    with (FOLDER / "scoring-log.jsonl").open("w") as file:
        for day in days(START, END):
            for number in range(LINES_A_DAY):
                at = midnight(day) + timedelta(hours=2 * number, minutes=6)
                level, message = line(day, number)
                file.write(json.dumps({"time": stamp(at), "level": level, "message": message}) + "\n")


def line(day, number):
    if told("latency", day) and number in (0, 2):
        return "ERROR", f"feature store: slow, answered after {2000 + 6 * number} ms"
    if told("jobs", day) and number % 2 == 1:
        return "ERROR", f"feature store: connection reset after {3000 + number} ms"
    if number == 4 and day.toordinal() % 5 == 0:
        return "ERROR", f"application {day.toordinal()}: no answer from the credit bureau"
    return "INFO", f"scored {40 + (day.toordinal() * 7 + number * 3) % 20} applications"


def portfolio(random):
    """The portfolio's value each evening: it moves by one percent a day; in the story by three."""
    value, rows = 1_000_000.0, []
    for number, day in enumerate(days(TRAINING, END)):
        size = 0.03 if told("portfolio", day) else 0.0098
        value *= 1 + size * (1 if number % 2 else -1) * random.uniform(0.95, 1.05)
        rows.append((stamp(midnight(day) + timedelta(hours=18)), f"{value:.0f}"))
    with (FOLDER / "portfolio.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("closed_at", "net_value"), *rows])


def stamp(time):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def write(name, columns):
    """Times and ids are written as steps, which are all alike, and the rest as numbers into a list of values."""
    table = pyarrow.table(columns)
    steady = [column for column in ("id", "time") if column in table.column_names]
    parquet.write_table(
        table,
        FOLDER / f"{name}.parquet",
        compression="zstd",
        use_dictionary=[column for column in table.column_names if column not in steady],
        column_encoding={column: "DELTA_BINARY_PACKED" for column in steady},
    )


if __name__ == "__main__":
    main()
