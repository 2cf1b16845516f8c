-- Times are whole microseconds since 1970, UTC. JSON is text.

CREATE TABLE occurrence (
    monitor      TEXT    NOT NULL,
    scheduled_at INTEGER NOT NULL,
    status       TEXT    NOT NULL CHECK (status IN ('claimed', 'finished')),
    epoch        INTEGER NOT NULL CHECK (epoch > 0),
    verdict      TEXT,
    evaluation   TEXT,
    claimed_at   INTEGER NOT NULL,
    finished_at  INTEGER,
    UNIQUE (monitor, scheduled_at)
) STRICT;
CREATE INDEX occurrence_unfinished ON occurrence (scheduled_at) WHERE status = 'claimed';

CREATE TABLE high_water (
    monitor      TEXT    PRIMARY KEY,
    scheduled_at INTEGER NOT NULL
) STRICT;

CREATE TABLE group_state (
    monitor TEXT NOT NULL,
    labels  TEXT NOT NULL,
    state   TEXT NOT NULL,
    PRIMARY KEY (monitor, labels)
) STRICT;

CREATE TABLE incident (
    id              TEXT    PRIMARY KEY,
    monitor         TEXT    NOT NULL,
    labels          TEXT    NOT NULL,
    layer           TEXT    NOT NULL,
    severity        TEXT    NOT NULL,
    owner           TEXT    NOT NULL,
    runbook         TEXT    NOT NULL,
    opened_at       INTEGER NOT NULL,
    state           TEXT    NOT NULL CHECK (state IN ('open', 'acknowledged', 'resolved')),
    acknowledged_by TEXT,
    acknowledged_at INTEGER,
    resolved_by     TEXT,
    resolved_at     INTEGER,
    series          TEXT    NOT NULL,
    drill           INTEGER NOT NULL CHECK (drill IN (0, 1))
) STRICT;
CREATE INDEX incident_unresolved ON incident (monitor) WHERE state <> 'resolved';
CREATE INDEX incident_group ON incident (monitor, labels);

CREATE TABLE step (
    run             TEXT    NOT NULL,
    step            TEXT    NOT NULL,
    incident        TEXT    NOT NULL REFERENCES incident (id),
    position        INTEGER NOT NULL,
    arguments       TEXT    NOT NULL,
    target          TEXT    NOT NULL,
    runbook         TEXT    NOT NULL,
    runbook_digest  TEXT    NOT NULL,
    facts           TEXT    NOT NULL,
    status          TEXT    NOT NULL
                    CHECK (status IN
                        ('planned', 'waiting', 'released', 'intent', 'done', 'failed', 'unknown', 'withheld')),
    epoch           INTEGER NOT NULL CHECK (epoch > 0),
    idempotency_key TEXT,
    attempt         INTEGER NOT NULL DEFAULT 0,
    started_at      INTEGER,
    finished_at     INTEGER,
    detail          TEXT,
    reference       TEXT,
    settled_by      TEXT,
    settled_at      INTEGER,
    -- Who wants a waiting step to run, and since when; the runbook itself has no name.
    asked_by        TEXT,
    asked_at        INTEGER,
    PRIMARY KEY (run, step)
) STRICT;
CREATE INDEX step_of_incident ON step (incident, position);
CREATE INDEX step_unfinished ON step (status) WHERE status IN ('planned', 'waiting', 'released', 'intent');
CREATE INDEX step_target ON step (target, started_at);
CREATE INDEX step_started ON step (started_at);
CREATE INDEX step_runbook ON step (runbook, finished_at);

CREATE TABLE answer (
    run    TEXT    NOT NULL,
    step   TEXT    NOT NULL,
    by     TEXT    NOT NULL,
    at     INTEGER NOT NULL,
    agrees INTEGER NOT NULL CHECK (agrees IN (0, 1)),
    reason TEXT,
    PRIMARY KEY (run, step, by),
    FOREIGN KEY (run, step) REFERENCES step (run, step)
) STRICT;

CREATE TABLE outbox (
    id                 INTEGER PRIMARY KEY,
    incident           TEXT    REFERENCES incident (id),
    overdue_run        TEXT,
    overdue_step       TEXT,
    until_acknowledged INTEGER NOT NULL CHECK (until_acknowledged IN (0, 1)),
    channel            TEXT    NOT NULL,
    not_before         INTEGER NOT NULL,
    repeat_micros      INTEGER,
    repeated           INTEGER NOT NULL DEFAULT 0,
    message            TEXT    NOT NULL,
    status             TEXT    NOT NULL CHECK (status IN ('waiting', 'sending', 'sent', 'failed', 'cancelled')),
    attempts           INTEGER NOT NULL DEFAULT 0,
    claimed_at         INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (not_before, id) WHERE status = 'waiting';
CREATE INDEX outbox_incident ON outbox (incident);
CREATE INDEX outbox_overdue ON outbox (overdue_run, overdue_step);

CREATE TABLE delivery (
    id       INTEGER PRIMARY KEY,
    outbox   INTEGER NOT NULL REFERENCES outbox (id),
    incident TEXT    REFERENCES incident (id),
    channel  TEXT    NOT NULL,
    kind     TEXT    NOT NULL,
    outcome  TEXT    NOT NULL,
    at       INTEGER NOT NULL
) STRICT;
CREATE INDEX delivery_incident ON delivery (incident, id);

CREATE TABLE handoff (
    incident      TEXT    PRIMARY KEY REFERENCES incident (id),
    run           TEXT    NOT NULL,
    step          TEXT    NOT NULL,
    handed_off_at INTEGER NOT NULL,
    ledger_head   TEXT    NOT NULL,
    report        TEXT    NOT NULL
) STRICT;

CREATE TABLE gate (
    name   TEXT    PRIMARY KEY,
    state  TEXT    NOT NULL CHECK (state IN ('open', 'paused')),
    since  INTEGER NOT NULL,
    set_by TEXT    NOT NULL,
    reason TEXT    NOT NULL
) STRICT;

-- `*` holds every monitor; it is no monitor's name.
CREATE TABLE hold (
    scope  TEXT    PRIMARY KEY,
    since  INTEGER NOT NULL,
    set_by TEXT    NOT NULL,
    reason TEXT    NOT NULL
) STRICT;

CREATE TABLE ledger (
    seq      INTEGER PRIMARY KEY CHECK (seq > 0),
    at       INTEGER NOT NULL,
    kind     TEXT    NOT NULL,
    subject  TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    previous TEXT    NOT NULL,
    hash     TEXT    NOT NULL UNIQUE
) STRICT;
CREATE TRIGGER ledger_is_never_changed BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER ledger_is_never_cut BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
