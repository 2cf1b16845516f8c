"""How unequally a value is spread within each segment."""

from collections import defaultdict

from watchkeeper import NUMERIC, Check, Failure, Frame, Kind, Measurement, Metric, Run, export, param

GINI = Metric(
    "gini", "share", "Gini coefficient: 0 where all rows have the same value, towards 1 where one has all.", ("segment",)
)


class Gini(Check):
    """How unequally a value is spread within each segment."""

    value: str = param("The column with the value, which is never negative.")
    segment: str = param("The column that says to which segment a row belongs.")

    metrics = [GINI]

    def check(self, run: Run, current: Frame, baseline: Frame | None) -> list[Measurement]:
        current.field("value", self.value, NUMERIC)
        current.field("segment", self.segment, (Kind.TEXT,))
        segments: dict[str, list[float]] = defaultdict(list)
        for segment, value in current.rows(self.segment, self.value):
            if segment is None or value is None:
                continue
            if value < 0:
                raise Failure.config(f'parameter "value": column "{self.value}" holds {value}, which is negative')
            segments[segment].append(value)
        measured = [
            GINI.of(gini(values), f"{len(values)} rows", segment=segment)
            for segment, values in sorted(segments.items())
            if sum(values) > 0
        ]
        if not measured:
            raise Failure.no_data("no segment has a value above 0")
        return measured


def gini(values: list[float]) -> float:
    values.sort()
    weighted = sum((2 * place + 1 - len(values)) * value for place, value in enumerate(values))
    return weighted / (len(values) * sum(values))


Plugin = export(Gini)
