-- What the rows of ticks say over and over, by number: digests, and series as `[metric, labels]`.
CREATE TABLE repeated (
    id   INTEGER PRIMARY KEY,
    text TEXT    NOT NULL UNIQUE
) STRICT;
