"""Evidently's drift preset by PSI over two Parquet files, told as the values of its columns, in JSON."""

import json
import sys

import pandas
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset

window, baseline, numbers, texts = sys.argv[1:]
numbers, texts = numbers.split(","), texts.split(",")
definition = DataDefinition(numerical_columns=numbers, categorical_columns=texts)


def dataset(path):
    return Dataset.from_pandas(pandas.read_parquet(path, columns=numbers + texts), data_definition=definition)


found = Report([DataDriftPreset(method="psi")]).run(dataset(window), dataset(baseline)).dict()
drifts = [metric for metric in found["metrics"] if "column" in metric["config"]]
print(json.dumps({"psi " + metric["config"]["column"]: metric["value"] for metric in drifts}))
