-- What the pages and the API list: the newest incidents, those that are not over, and what the ledger says of one thing.
CREATE INDEX incident_newest ON incident (opened_at, id);
CREATE INDEX incident_not_over ON incident (opened_at, id) WHERE state <> 'resolved';
CREATE INDEX incident_over ON incident (resolved_at) WHERE resolved_at IS NOT NULL;
CREATE INDEX ledger_subject ON ledger (subject, seq);
CREATE INDEX step_waiting ON step (run, step) WHERE status IN ('waiting', 'unknown');

-- What programs, and people without a provider, sign on with. Of the token itself only the SHA-256 is kept.
CREATE TABLE token (
    name       TEXT    PRIMARY KEY,
    hash       TEXT    NOT NULL UNIQUE,
    role       TEXT    NOT NULL,
    since      INTEGER NOT NULL,
    set_by     TEXT    NOT NULL,
    until      INTEGER,
    used_at    INTEGER
) STRICT;

-- Who is signed on in a browser. Of the cookie only the SHA-256 is kept; of a token, its name.
CREATE TABLE session (
    hash    TEXT    PRIMARY KEY,
    name    TEXT    NOT NULL,
    subject TEXT,
    groups  TEXT    NOT NULL,
    token   TEXT    REFERENCES token (name) ON DELETE CASCADE,
    since   INTEGER NOT NULL,
    until   INTEGER NOT NULL
) STRICT;
