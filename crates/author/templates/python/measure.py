"""The share of rows at or above a limit."""

from watchkeeper import NUMERIC, Ask, Check, Failure, Frame, Measurement, Metric, Run, export, param

SHARE_ABOVE = Metric("share_above", "share", "Rows at or above the limit divided by rows with a value.")


class MyCheck(Check):
    """The share of rows at or above a limit."""

    column: str = param("The column to look at.")
    limit: float = param("The least value that counts.", default=100.0)

    metrics = [SHARE_ABOVE]

    def check(self, run: Run, current: Frame, baseline: Frame | None) -> list[Measurement]:
        current.field("column", self.column, NUMERIC)
        below, above = current.answer(counts=Ask.histogram(self.column, [self.limit])).counts
        rows = below + above
        if rows == 0:
            raise Failure.no_data(f'no row has a value in "{self.column}"')
        return [SHARE_ABOVE.of(above / rows, f"{above} of {rows} rows")]


Plugin = export(MyCheck)
