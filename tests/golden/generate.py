"""Writes tests/golden/golden.json and the tables in tests/golden/data: what every check must measure, and on what.

Run it with `cargo xtask golden`. The references are scikit-learn, scipy, statsmodels, ruptures and evidently where they have the rule, and
numpy or plain arithmetic here where no library has it; none of the checks' own code is involved.
"""

import json
import platform
import shutil
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from reference import cases

PACKAGES = ["evidently", "numpy", "pandas", "pyarrow", "ruptures", "scikit-learn", "scipy", "statsmodels"]
CHECKS = [
    "classification",
    "drift",
    "error_log",
    "freshness",
    "job_success",
    "kpi",
    "latency",
    "null_rate",
    "regression",
    "schema",
    "sql",
    "trend",
    "volatility",
]


def main():
    shutil.rmtree(cases.DATA, ignore_errors=True)
    cases.DATA.mkdir()
    found = []
    for check in CHECKS:
        found += import_module(f"reference.{check}").cases()
    names = [case["name"] for case in found]
    assert len(names) == len(set(names)), "every case has a name of its own"
    made_with = {"python": platform.python_version()} | {package: version(package) for package in PACKAGES}
    write(Path(__file__).with_name("golden.json"), made_with, found)
    print(f"{len(found)} cases of {len(CHECKS)} checks")


def write(path, made_with, found):
    """A case a line, so that a change of one number is a change of one line."""
    line = lambda value: json.dumps(value, allow_nan=False, ensure_ascii=False)
    lines = ",\n".join(line(case) for case in found)
    path.write_text(f'{{"made_with": {line(made_with)},\n"cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
