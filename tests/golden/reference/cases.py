"""How cases and their tables are written down."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

GOLDEN = Path(__file__).parents[1]
DATA = GOLDEN / "data"
REPOSITORY = GOLDEN.parents[1]
AT = "2021-06-15T00:00:00Z"


def table(name, columns, time_column=None, form="parquet"):
    """Writes a table (a pyarrow one, or columns by name) and gives it as a source."""
    if not isinstance(columns, pa.Table):
        columns = pa.table(columns)
    path = DATA / f"{name}.{form}"
    match form:
        case "parquet":
            # Small files: no dictionary, no statistics, and no trace of what wrote the pandas metadata.
            pq.write_table(columns.replace_schema_metadata(None), path, compression="zstd", write_statistics=False)
        case "csv":
            pa.csv.write_csv(columns, path)
        case "jsonl":
            rows = [{key: value for key, value in row.items() if value is not None} for row in columns.to_pylist()]
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return source(path, time_column)


def source(path, time_column=None):
    """A file as a source, by its path in the repository."""
    return {"path": str(Path(path).relative_to(REPOSITORY)), "time_column": time_column}


def housing(name):
    """One of the repository's tables of the housing model."""
    return source(REPOSITORY / "config" / "data" / f"housing-{name}.parquet", "timestamp")


def case(name, check, current, params=None, baseline=None, window=None, at=AT):
    """A case without its expectation."""
    return {
        "name": name,
        "check": check,
        "params": params or {},
        "current": current,
        "baseline": baseline,
        "window": window,
        "at": at,
    }


def measures(case, *series):
    """The case ends with exactly these series: (metric, value) or (metric, labels, value)."""
    full = [one if len(one) == 3 else (one[0], {}, one[1]) for one in series]
    expected = [{"metric": metric, "labels": labels, "value": float(value)} for metric, labels, value in full]
    return case | {"verdict": "ok", "reason": None, "series": expected}


def no_data(case, reason):
    """The case ends as no_data, and the reason contains this."""
    return case | {"verdict": "no_data", "reason": reason, "series": []}


def error(case, reason):
    """The case ends as an error, and the reason contains this."""
    return case | {"verdict": "error", "reason": reason, "series": []}


def floats(values, kind=None):
    """A column of numbers in which None is null and NaN is NaN."""
    return pa.array(values, type=kind or pa.float64(), from_pandas=False)
