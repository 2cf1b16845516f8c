-- Every act: a step may be tried again by people, and budgets count what Watchkeeper did by itself.
CREATE TABLE act (
    run             TEXT    NOT NULL,
    step            TEXT    NOT NULL,
    attempt         INTEGER NOT NULL CHECK (attempt > 0),
    target          TEXT    NOT NULL,
    idempotency_key TEXT    NOT NULL,
    automatic       INTEGER NOT NULL CHECK (automatic IN (0, 1)),
    drill           INTEGER NOT NULL CHECK (drill IN (0, 1)),
    started_at      INTEGER NOT NULL,
    PRIMARY KEY (run, step, attempt),
    FOREIGN KEY (run, step) REFERENCES step (run, step)
) STRICT;
CREATE INDEX act_target ON act (target, started_at) WHERE automatic = 1 AND drill = 0;
CREATE INDEX act_started ON act (started_at) WHERE automatic = 1 AND drill = 0;
-- To pause a gate and to open it are two targets now.
UPDATE step SET target = target || ' ' || COALESCE(json_extract(arguments, '$.action.gate.state'), '')
WHERE target LIKE 'gate:%' AND json_valid(arguments);
INSERT INTO act (run, step, attempt, target, idempotency_key, automatic, drill, started_at)
SELECT step.run, step.step, 1, step.target, COALESCE(step.idempotency_key, ''), step.asked_at IS NULL, incident.drill,
    step.started_at
FROM step JOIN incident ON incident.id = step.incident WHERE step.started_at IS NOT NULL;
DROP INDEX step_target;
DROP INDEX step_started;
CREATE INDEX step_acting ON step (target) WHERE status = 'intent';

-- Withheld for a reason that may end; and the tick from which the step counts, where that is not its incident's first.
ALTER TABLE step ADD COLUMN resumes INTEGER NOT NULL DEFAULT 0 CHECK (resumes IN (0, 1));
ALTER TABLE step ADD COLUMN tick INTEGER;

-- Who set a gate by an incident's step: what is left behind when that is over.
ALTER TABLE gate ADD COLUMN incident TEXT;
UPDATE gate SET incident = (SELECT incident FROM step WHERE gate.set_by LIKE 'run ' || step.run || ', step %');

ALTER TABLE hold ADD COLUMN until INTEGER;

-- What people, or Watchkeeper, say of an incident.
CREATE TABLE comment (
    id       INTEGER PRIMARY KEY,
    incident TEXT    NOT NULL REFERENCES incident (id),
    at       INTEGER NOT NULL,
    by       TEXT    NOT NULL,
    text     TEXT    NOT NULL
) STRICT;
CREATE INDEX comment_incident ON comment (incident, id);

-- One that was ended early keeps when it would have ended.
CREATE TABLE silence (
    id       TEXT    PRIMARY KEY,
    matchers TEXT    NOT NULL,
    reason   TEXT    NOT NULL,
    set_by   TEXT    NOT NULL,
    since    INTEGER NOT NULL,
    until    INTEGER NOT NULL,
    acts     INTEGER NOT NULL CHECK (acts IN (0, 1)),
    ended_at INTEGER,
    ended_by TEXT
) STRICT;

-- Whom a message is for, when its channel is gone or refuses it; and the one mailbox of a channel that has several.
ALTER TABLE outbox ADD COLUMN team TEXT;
ALTER TABLE outbox ADD COLUMN receiver TEXT;
-- What is said, whatever the channel: the same on each of them.
ALTER TABLE outbox ADD COLUMN note TEXT;
CREATE INDEX outbox_note ON outbox (note);
ALTER TABLE outbox ADD COLUMN silenced INTEGER NOT NULL DEFAULT 0 CHECK (silenced IN (0, 1));
ALTER TABLE delivery ADD COLUMN receiver TEXT;
ALTER TABLE delivery ADD COLUMN reference TEXT;
