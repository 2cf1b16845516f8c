"""For plugin authors: write a check as a class with annotated parameters and one method."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar

import componentize_py_types
from wit_world import exports
from wit_world.imports import data, history, log as host_log, types
from wit_world.imports.types import Field, Kind, Measurement, Run

__all__ = ["Ask", "Check", "Failure", "Field", "Frame", "Kind", "Measurement", "Metric", "Point", "Run", "export",
           "log", "param"]


class Failure(Exception):
    """Nothing can be measured, and why."""

    def __init__(self, said: types.Failure):
        super().__init__(said)
        self.said = said

    @classmethod
    def config(cls, reason: str) -> Failure:
        """A parameter is wrong."""
        return cls(types.Failure_Config(reason))

    @classmethod
    def no_data(cls, reason: str) -> Failure:
        """There is nothing to measure."""
        return cls(types.Failure_NoData(reason))

    @classmethod
    def retry(cls, reason: str) -> Failure:
        """Another try at the next tick may succeed."""
        return cls(types.Failure_Retry(reason))


class log:
    """What people who look for a reason read."""

    @staticmethod
    def debug(message: str) -> None:
        host_log.write(host_log.Level.DEBUG, message)

    @staticmethod
    def info(message: str) -> None:
        host_log.write(host_log.Level.INFO, message)

    @staticmethod
    def warn(message: str) -> None:
        host_log.write(host_log.Level.WARN, message)

    @staticmethod
    def error(message: str) -> None:
        host_log.write(host_log.Level.ERROR, message)


@dataclass(frozen=True)
class Metric:
    """A metric, declared once: the manual and the measurements are made from it.

    The unit is a plain word such as `share`, `minutes` or `rows`.
    """

    name: str
    unit: str
    doc: str
    labels: tuple[str, ...] = ()

    def of(self, value: float, detail: str | None = None, **labels: object) -> Measurement:
        """One value of the series with these labels, with what a person needs to understand it."""
        return Measurement(self.name, value, self._labelled(labels), detail)

    def earlier(self, most: int, **labels: object) -> list[Point]:
        """The newest points of a series from earlier ticks, newest first; at most 10,000."""
        return [Point(point.at, point.value) for point in _read(
            lambda: history.points(self.name, self._labelled(labels), most), "history")]

    def _labelled(self, labels: dict[str, object]) -> list[tuple[str, str]]:
        if set(labels) != set(self.labels):
            raise TypeError(f"metric {self.name} has the labels {list(self.labels)}, and {list(labels)} were given")
        return [(label, str(labels[label])) for label in self.labels]


@dataclass(frozen=True)
class Point:
    """A measured value and its tick, in microseconds since 1970 UTC."""

    at: int
    value: float


@dataclass(frozen=True)
class Question:
    """A question for `Frame.answer`."""

    ask: data.Aggregate
    read: Callable[[Any], Any] = lambda answer: answer.value


class Ask:
    """Questions: one scan answers all that are asked together.

    Nulls and NaN are left out of all but `rows`, `nulls` and `nans`.
    """

    @staticmethod
    def rows() -> Question:
        return Question(data.Aggregate_Rows())

    @staticmethod
    def nulls(column: str) -> Question:
        return Question(data.Aggregate_Nulls(column))

    @staticmethod
    def nans(column: str) -> Question:
        return Question(data.Aggregate_Nans(column))

    @staticmethod
    def distinct(column: str) -> Question:
        return Question(data.Aggregate_Distinct(column))

    @staticmethod
    def minimum(column: str) -> Question:
        return Question(data.Aggregate_Minimum(column))

    @staticmethod
    def maximum(column: str) -> Question:
        return Question(data.Aggregate_Maximum(column))

    @staticmethod
    def mean(column: str) -> Question:
        return Question(data.Aggregate_Mean(column))

    @staticmethod
    def deviation(column: str) -> Question:
        """Sample standard deviation."""
        return Question(data.Aggregate_Deviation(column))

    @staticmethod
    def quantile(column: str, share: float) -> Question:
        """Linear interpolation, exact."""
        return Question(data.Aggregate_Quantile((column, share)))

    @staticmethod
    def histogram(column: str, edges: list[float]) -> Question:
        """Counts between ascending inner edges: `(-inf, e0) [e0, e1) … [en, inf)`."""
        return Question(data.Aggregate_Histogram((column, edges)))

    @staticmethod
    def top(column: str, most: int) -> Question:
        """The most frequent values with their counts."""
        return Question(data.Aggregate_Top((column, most)))

    @staticmethod
    def classes(label: str, score: str, decision: str | None = None, threshold: float = 0.5) -> Question:
        """How well scores tell two classes apart."""
        return Question(data.Aggregate_Classes(data.ClassColumns(label, score, decision, threshold)))

    @staticmethod
    def errors(target: str, prediction: str) -> Question:
        """How far a prediction is from the target."""
        return Question(data.Aggregate_Errors((target, prediction)))


NUMERIC = (Kind.NUMBER, Kind.INTEGER)


class Frame:
    """Rows of typed columns: ask first, read rows only when each must be seen."""

    def __init__(self, frame: data.Frame):
        self._frame = frame

    def fields(self) -> list[Field]:
        """The columns, in order."""
        return self._frame.fields()

    def field(self, param: str, column: str, kinds: tuple[Kind, ...]) -> Field:
        """The field that a parameter names, which must be of one of the kinds."""
        fields = self.fields()
        found = next((field for field in fields if field.name == column), None)
        if found is None:
            names = ", ".join(field.name for field in fields) or "none"
            raise Failure.config(f'parameter "{param}": the data has no column "{column}"; it has {names}')
        if found.kind not in kinds:
            expected = " or ".join(kind.name.lower() for kind in kinds)
            raise Failure.config(f'parameter "{param}": column "{column}" is {found.kind.name.lower()} '
                                 f"({found.data_type}), expected {expected}")
        return found

    def answer(self, **questions: Question) -> SimpleNamespace:
        """The answers, under the names of the questions."""
        answers = _read(lambda: self._frame.aggregate([question.ask for question in questions.values()]))
        pairs = zip(questions.items(), answers)
        return SimpleNamespace(**{name: question.read(answer) for (name, question), answer in pairs})

    def query(self, sql: str) -> Frame:
        """The frame that read-only SQL gives; this one is visible as `input`."""
        return Frame(_read(lambda: self._frame.query(sql)))

    def rows(self, *columns: str) -> Iterator[tuple[Any, ...]]:
        """Every row's cells; a cell without a value, or that is not a number, is None."""
        scan = _read(lambda: self._frame.scan(list(columns)))
        while (chunk := _read(scan.next)) is not None:
            yield from zip(*map(_cells, chunk))


def _cells(column: data.Column) -> list[Any]:
    values, words = column.values.value, column.validity
    cells = [None if value != value else value for value in values]
    if words is None:
        return cells
    return [cell if words[row >> 6] >> (row & 63) & 1 else None for row, cell in enumerate(cells)]


def _read(call: Callable[[], Any], what: str = "data") -> Any:
    """What the host says of data that cannot be read is another try's reason."""
    try:
        return call()
    except componentize_py_types.Err as error:
        raise Failure.retry(f"cannot read the {what}: {error.value}") from None


@dataclass(frozen=True)
class _Param:
    doc: str
    default: Any = None


def param(doc: str, default: Any = None) -> Any:
    """A parameter; without a default it must be given, unless its annotation allows None."""
    return _Param(doc, default)


_VALUES: dict[Any, tuple[str, Any]] = {
    str: ("text", types.Value_Text),
    float: ("number", types.Value_Number),
    int: ("integer", types.Value_Integer),
    bool: ("flag", types.Value_Flag),
    list[str]: ("texts", types.Value_Texts),
    list[float]: ("numbers", types.Value_Numbers),
}


class Check:
    """A check: annotated parameters, and one method from data to measurements.

    The class's docstring is its summary. It never judges: thresholds do.
    """

    metrics: ClassVar[list[Metric]] = []

    def check(self, run: Run, current: Frame, baseline: Frame | None) -> list[Measurement]:
        """Measures the current rows, compared with the baseline where the monitor has one."""
        raise NotImplementedError


def _params(check: type[Check]) -> dict[str, tuple[_Param, Any, bool]]:
    """Each parameter with the type of its values, and whether it may be left out without a default."""
    hints = typing.get_type_hints(check)
    found = {}
    for name, given in vars(check).items():
        if isinstance(given, _Param):
            inside = [kind for kind in typing.get_args(hints[name]) if kind is not type(None)]
            optional = type(None) in typing.get_args(hints[name])
            found[name] = (given, inside[0] if optional else hints[name], optional)
    return found


def export(check: type[Check]) -> type[exports.Plugin]:
    """Makes a check the plugin: `Plugin = export(MyCheck)`."""
    params = _params(check)

    class Plugin(exports.Plugin):
        def describe(self) -> types.Manual:
            described = []
            for name, (given, kind, optional) in params.items():
                word, value = _VALUES[kind]
                default = None if given.default is None else value(given.default)
                described.append(types.Param(name, given.doc, word, default is None and not optional, default))
            metrics = [types.Metric(m.name, m.unit, m.doc, list(m.labels)) for m in check.metrics]
            return types.Manual(" ".join((check.__doc__ or "").split()), described, metrics)

        def check(self, run: Run, current: data.Frame, baseline: data.Frame | None) -> list[Measurement]:
            try:
                measuring = check()
                for name, value in _taken(params, run.params).items():
                    setattr(measuring, name, value)
                compared = None if baseline is None else Frame(baseline)
                return measuring.check(run, Frame(current), compared)
            except Failure as failure:
                raise componentize_py_types.Err(failure.said) from None
            except Exception as error:
                log.error(_told(error))
                raise

    return Plugin


def _told(error: Exception) -> str:
    """An exception and where it came from, innermost first; its source lines are files, which a check has none of."""
    places, at = [], error.__traceback__
    while at is not None:
        code = at.tb_frame.f_code
        places.append(f"{code.co_name} ({code.co_filename}:{at.tb_lineno})")
        at = at.tb_next
    return f"{type(error).__name__}: {error}; in {' < '.join(reversed(places[-5:]))}"


def _taken(params: dict[str, tuple[_Param, Any, bool]], given: list[tuple[str, types.Value]]) -> dict[str, Any]:
    found = {name: param.default for name, (param, _, _) in params.items()}
    for name, value in given:
        if name not in params:
            names = ", ".join(params) or "none"
            raise Failure.config(f'there is no parameter "{name}"; the parameters are {names}')
        found[name] = _fitting(name, params[name][1], value)
    for name, (_, kind, optional) in params.items():
        if found[name] is None and not optional:
            raise Failure.config(f'parameter "{name}" is missing; give it a value of kind {_VALUES[kind][0]}')
    return found


def _fitting(name: str, kind: Any, value: types.Value) -> Any:
    if isinstance(value, _VALUES[kind][1]):
        return value.value
    if kind is float and isinstance(value, types.Value_Integer):
        return float(value.value)
    if kind in (list[str], list[float]) and value.value == []:
        return []
    got = next(word for word, of in _VALUES.values() if isinstance(value, of))
    raise Failure.config(f'parameter "{name}": expected a value of kind {_VALUES[kind][0]}, got {got}')
