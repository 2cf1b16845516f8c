"""The odd files as DuckDB's sniffer and pandas read them, beside what is wanted of us.

    ODD_FILES=/tmp/odd cargo test --workspace --test it odd_files
    python3 crates/source/tests/odd_files.py /tmp/odd

Prints a line for each file that one of them reads otherwise, with the first thing that differs. Types are compared by
kind (whole numbers, numbers, flags, times, texts), values as they are printed.
"""

import pathlib
import sys

import duckdb
import pandas


def shown(value):
    if value is None or (isinstance(value, float) and value != value) or value is pandas.NaT:
        return "~"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(value).removesuffix(".0")
    return str(value).replace("\n", "\\n")


def table(names, rows):
    return [[str(name) for name in names]] + [[shown(value) for value in row] for row in rows]


def by_duckdb(path):
    found = duckdb.sql(f"select * from read_csv('{path}')")
    return table(found.columns, found.fetchall())


def by_pandas(path):
    found = pandas.read_csv(path)
    return table(found.columns, found.astype(object).where(found.notna(), None).values.tolist())


def wanted(text):
    head, *rows = text.split("\n")
    names, kinds = zip(*[name.rsplit(":", 1) for name in head.split(" ")])
    times = [place for place, kind in enumerate(kinds) if kind == "time"]
    return list(names), [row.split("|") for row in rows if row], times


def difference(read, path, text):
    try:
        names, *rows = read(path)
    except Exception as error:  # noqa: BLE001 whatever a reader says is its answer
        return "as we" if text.startswith("refused") else f"refuses it: {str(error).splitlines()[0][:80]}"
    if text.startswith("refused"):
        return f"reads {len(rows)} rows of {len(names)} columns"
    ours, cells, times = wanted(text)
    if names != ours:
        return f"columns {names[:4]}"
    if len(rows) != len(cells):
        return f"{len(rows)} rows, and not {len(cells)}"
    for row, other in zip(rows, cells):
        for place, (theirs, mine) in enumerate(zip(row, other)):
            if place not in times and theirs != mine:
                return f"{ours[place]}: {theirs!r}, and not {mine!r}"
    return "as we"


def main(folder):
    counted = {"DuckDB": 0, "pandas": 0}
    files = [path for path in sorted(folder.iterdir()) if path.suffix != ".wanted" and ".log" not in path.suffixes]
    for path in files:
        text = pathlib.Path(f"{path}.wanted").read_text()
        if not text:
            continue
        for name, read in (("DuckDB", by_duckdb), ("pandas", by_pandas)):
            found = difference(read, path, text)
            counted[name] += found == "as we"
            if found != "as we":
                print(f"{path.name:24} {name:7} {found}")
    print(f"as we, of {len(files)}: {counted}")


main(pathlib.Path(sys.argv[1]))
