-- What a version has to know to work with these tables: a migration is additive, or raises it.
CREATE TABLE store_floor (
    version INTEGER NOT NULL
) STRICT;
INSERT INTO store_floor (version) VALUES (9);

-- The processes that share a store; one in a file has one daemon, and none of these. Times are the server's.
CREATE TABLE replica (
    id          TEXT    PRIMARY KEY,
    name        TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    since       INTEGER NOT NULL,
    seen_at     INTEGER NOT NULL,
    until       INTEGER NOT NULL,
    clock_ahead INTEGER NOT NULL
) STRICT;

-- Which replica has it; nobody else takes it while that one's lease lasts.
ALTER TABLE occurrence ADD COLUMN held_by TEXT;
ALTER TABLE step ADD COLUMN held_by TEXT;
ALTER TABLE outbox ADD COLUMN held_by TEXT;

-- What is the matter with each daemon, by part; it is written anew every few seconds.
DROP TABLE trouble;
CREATE TABLE trouble (
    part     TEXT    NOT NULL,
    replica  TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    message  TEXT    NOT NULL,
    PRIMARY KEY (part, replica)
) STRICT;

-- How far rows that are kept for a time only have been gone through: times, or numbers of rows.
CREATE TABLE pruned (
    what TEXT    PRIMARY KEY,
    upto INTEGER NOT NULL
) STRICT;

-- A message's tries, which go before it does.
CREATE INDEX delivery_outbox ON delivery (outbox, id);

-- Drills of the first versions were recorded as ticks; they judge nothing.
UPDATE occurrence SET evaluation = NULL WHERE json_valid(evaluation) AND json_extract(evaluation, '$.drill') = 1;
