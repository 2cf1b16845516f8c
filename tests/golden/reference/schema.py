"""schema: two lists of columns, compared here by name."""

import pyarrow as pa

from .cases import case, error, measures, table

ZONED = pa.timestamp("us", "UTC")
BEFORE = pa.schema([
    pa.field("id", pa.int64(), nullable=False),
    pa.field("income", pa.float64()),
    pa.field("city", pa.string()),
    pa.field("lent", pa.decimal128(10, 2)),
    pa.field("at", ZONED),
])  # fmt: skip


def empty(name, fields):
    """A table without rows still has its columns."""
    return table(f"schema-{name}", pa.schema(fields).empty_table())


def changed(name, current, baseline, params, *changes):
    one = case(f"schema-{name}", "schema", current, params, baseline)
    each = [("schema_change", {"column": column, "change": change}, 1) for column, change in changes]
    return measures(one, ("schema_changes", len(changes)), *each)


def cases():
    before = empty("before", BEFORE)
    field = {field.name: field for field in BEFORE}
    but = lambda **new: [new.get(name, old) for name, old in field.items() if new.get(name, old) is not None]
    retyped = lambda name, kind: pa.field(name, kind)
    after = empty("after", [
        *but(income=None, city=retyped("city", pa.int64()), at=retyped("at", pa.timestamp("us", "Asia/Tokyo"))),
        pa.field("branch", pa.string()),
    ])  # fmt: skip
    scale = empty("scale", but(lent=retyped("lent", pa.decimal128(10, 3))))
    width = empty("width", but(id=pa.field("id", pa.int32(), nullable=False)))
    nullable = empty("nullable", but(id=pa.field("id", pa.int64())))
    turned = empty("turned", [*BEFORE][::-1])
    changes = [("income", "removed"), ("city", "retyped"), ("at", "retyped"), ("branch", "added")]
    # Of five columns turned round, the middle one stands where it stood.
    moved = [(name, "moved") for name in ["id", "income", "lent", "at"]]
    return [
        changed("same", before, before, {}),
        changed("several", after, before, {}, *changes),
        changed("scale", scale, before, {}, ("lent", "retyped")),
        changed("width", width, before, {}, ("id", "retyped")),
        changed("nullable", nullable, before, {}, ("id", "retyped")),
        changed("nullability-ignored", nullable, before, {"nullability": False}),
        changed("order-ignored", turned, before, {}),
        changed("order", turned, before, {"order": True}, *moved),
        error(case("schema-no-baseline", "schema", before), "give the monitor a [baseline]"),
        error(
            case("schema-missing-table", "schema", before | {"path": "tests/golden/data/gone.parquet"}, {}, before),
            "there is no file",
        ),
    ]
