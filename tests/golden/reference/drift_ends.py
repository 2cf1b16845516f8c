"""drift: what ends without a number, and why."""

import numpy as np
import pyarrow as pa

from .cases import case, error, floats, measures, no_data, table

INF = float("inf")


def cases():
    full = table("drift-ends-full", {
        "x": floats([1.0, 2.0, 3.0]), "y": floats([1.0, 2.0, 3.0]), "t": pa.array(["a", "b", "b"]),
        "constant": floats([1.0, 1.0, 1.0]),
    })  # fmt: skip
    null = table("drift-ends-null", {
        "x": floats([1.0, 2.0, 3.0]), "y": floats([None, float("nan"), None]), "t": pa.array(["a", "b", "b"]),
        "constant": floats([2.0, 2.0, 2.0]),
    })  # fmt: skip
    empty = table("drift-ends-empty", {"x": floats([]), "y": floats([]), "t": pa.array([], pa.string())})
    infinite = table("drift-ends-infinite", {"x": floats([*range(30), INF])})
    plain = table("drift-ends-plain", {"x": floats(list(range(30)))})
    names = table("drift-ends-names", {"t": pa.array([f"name {row}" for row in range(1_001)])})
    few = table("drift-ends-few", {"t": pa.array(["name 7", "none of them"])})
    ids = {"columns": ["t"]}
    one = lambda name, current, params, baseline: case(f"drift-{name}", "drift", current, params, baseline)
    window, base = 'column "y" has no values in the window', 'column "y" has no values in the baseline'
    zero = lambda column: ("psi", {"column": column}, 0)
    # All rows in one bin of the baseline, all in another of the window.
    lost = lambda column: ("psi", {"column": column}, 2 * (1 - 1e-4) * np.log(1 / 1e-4))
    apart = {"columns": ["t"], "methods": ["psi"]}
    share = lambda expected, actual: (actual - expected) * np.log(actual / expected)
    constant = {"columns": ["constant"], "methods": ["wasserstein"]}
    return [
        no_data(one("named-null-window", null, {"columns": ["x", "y"]}, full), f"{window}: all 3 rows are null"),
        no_data(one("named-null-baseline", full, {"columns": ["y"]}, null), f"{base}: all 3 rows are null"),
        no_data(one("named-no-rows", empty, {"columns": ["y"]}, full), f"{window}, which has no rows"),
        no_data(one("named-no-baseline-rows", full, {"columns": ["y"]}, empty), f"{base}, which has no rows"),
        measures(one("emptied", null | {"sql": "select x, y, t from {current}"}, {}, full | {"sql": "select x, y, t from {baseline}"}),
            zero("x"), lost("y"), zero("t"), ("skipped_columns", 0)),
        measures(one("turned", full | {"sql": "select t as x, y, t from {current}"}, {}, full | {"sql": "select x, y, t from {baseline}"}),
            lost("x"), zero("y"), zero("t"), ("skipped_columns", 0)),
        measures(one("exploded", names, apart, few),
            ("psi", {"column": "t"}, share(0.5, 1 / 1_001) + share(0.5, 1e-4) + share(1e-4, 1_000 / 1_001))),
        measures(one("skipped", null | {"sql": "select x, y, t from {current}"}, {}, null | {"sql": "select x, y, t from {baseline}"}),
            zero("x"), zero("t"), ("skipped_columns", 1)),
        no_data(one("nothing-left", empty, {}, empty), "no column can be compared"),
        no_data(one("constant-baseline", null, constant, full), 'column "constant" is constant in the baseline'),
        error(one("infinite-evidently", infinite, {"columns": ["x"], "profile": "evidently"}, plain), "infinite values"),
        error(one("infinite-wasserstein", infinite, {"columns": ["x"], "methods": ["wasserstein"]}, plain), "wasserstein"),
        error(one("infinite-baseline", plain, {"columns": ["x"], "profile": "evidently"}, infinite), "infinite values"),
        error(one("names", names, ids, names), "more than 1000 different values in the baseline"),
        error(one("no-order", full, {"columns": ["t"], "methods": ["ks"]}, full), 'column "t" holds none'),
        error(one("other-kind", full | {"sql": "select x, y, constant, t as x2 from {current}"}, {"columns": ["t"]}, full), 'no column "t"'),
        error(one("profile", full, {"profile": "deciles"}, full), "the profiles are quantile10, evidently"),
        error(one("method", full, {"methods": ["kl"]}, full), "the methods are psi"),
        error(case("drift-alone", "drift", full, {}), "give the monitor a [baseline]"),
    ]
