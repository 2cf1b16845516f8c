-- Frozen baselines. The digest is in postcard's format, so that every number comes back bit for bit, NaN included;
-- `format` is the version of its layout.

CREATE TABLE baseline (
    monitor   TEXT    PRIMARY KEY,
    frozen_at INTEGER NOT NULL,
    frozen_by TEXT    NOT NULL,
    format    INTEGER NOT NULL,
    digest    BLOB    NOT NULL
) STRICT;
