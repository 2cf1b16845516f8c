"""sql: queries whose answers are counted here."""

import numpy as np
import pyarrow as pa

from .cases import case, error, floats, measures, no_data, table


def cases():
    rng = np.random.default_rng(7)
    branch = [["north", "south", None][which] for which in rng.integers(0, 3, 120)]
    amount = [float(value) for value in rng.integers(1, 1_000, 120)]
    good = [bool(value) for value in rng.integers(0, 2, 120)]
    rows = table("sql", {"branch": pa.array(branch), "amount": floats(amount), "good": pa.array(good)})
    empty = table("sql-no-rows", {"amount": floats([])})
    total = lambda of, is_good: sum(a for a, b, g in zip(amount, branch, good) if b == of and g == is_good)
    combinations = [(of, is_good) for of in ("north", "south", None) for is_good in (True, False)]
    labelled = lambda of, is_good: {"good": str(is_good).lower()} | ({"branch": of} if of else {})
    one = lambda name, query, current=rows: case(f"sql-{name}", "sql", current, {"query": query})
    grouped = "select 'lent' as metric, branch, good, sum(amount) as value from input group by branch, good"
    return [
        measures(one("grouped", grouped), *[("lent", labelled(*both), total(*both)) for both in combinations]),
        measures(
            one("two-metrics", "select 'n' as metric, count(*) as value from input union all select 'most', max(amount) from input"),
            ("n", 120),
            ("most", max(amount)),
        ),
        measures(
            one("missing-values", "select metric, value from (values ('a', 1.5), ('b', null), (null, 2.0)) as t (metric, value)"),
            ("a", 1.5),
        ),
        measures(one("zero-rows-counted", "select 'n' as metric, count(*) as value from input", empty), ("n", 0)),
        no_data(one("no-answer", "select 'n' as metric, amount as value from input where amount < 0"), "without a row"),
        no_data(one("null-answer", "select 'n' as metric, max(amount) as value from input", empty), "none of the answer's 1"),
        error(one("no-value", "select 'n' as metric, count(*) as n from input"), 'no column "value"'),
        error(one("infinite", "select 'n' as metric, 1.0 / (amount - amount) as value from input"), "the value of n is inf"),
        error(one("writes", "delete from input"), "only SELECT"),
        error(one("unknown-column", "select 'n' as metric, amout as value from input"), "amout"),
        error(one("other-table", "select 'n' as metric, 1 as value from secrets"), "secrets"),
    ]
