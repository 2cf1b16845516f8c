-- The newest tick of each monitor that was recorded. A check's record is written only if it is still the one that the
-- record was decided on, so that two ticks never decide on the same state.
CREATE TABLE newest_tick (
    monitor      TEXT    PRIMARY KEY,
    scheduled_at INTEGER NOT NULL
) STRICT;
INSERT INTO newest_tick (monitor, scheduled_at)
SELECT monitor, MAX(scheduled_at) FROM occurrence
WHERE status = 'finished' AND json_extract(evaluation, '$.drill') IS NOT 1 GROUP BY monitor;

-- One open incident a monitor and group; of several that an earlier version left open, the newest stays.
UPDATE incident SET state = 'resolved', resolved_at = opened_at, resolved_by = 'watchkeeper'
WHERE state <> 'resolved' AND drill = 0 AND EXISTS (
    SELECT 1 FROM incident AS newer
    WHERE newer.monitor = incident.monitor AND newer.labels = incident.labels
      AND newer.state <> 'resolved' AND newer.drill = 0
      AND (newer.opened_at, newer.id) > (incident.opened_at, incident.id));
CREATE UNIQUE INDEX incident_open ON incident (monitor, labels) WHERE state <> 'resolved' AND drill = 0;

-- The version that could not read a message; it is left aside until another version, or somebody who mends it, comes.
ALTER TABLE outbox ADD COLUMN unreadable_by TEXT;
CREATE INDEX outbox_sending ON outbox (id) WHERE status = 'sending';
DROP INDEX outbox_waiting;
CREATE INDEX outbox_waiting ON outbox (not_before, id, unreadable_by) WHERE status = 'waiting';

-- What is the matter with the daemon, by part.
CREATE TABLE trouble (
    part     TEXT    PRIMARY KEY,
    since    INTEGER NOT NULL,
    failures INTEGER NOT NULL,
    message  TEXT    NOT NULL
) STRICT;

-- What could not be measured has a name of its own; it was a series whose metric was the word `error` or `no_data`.
UPDATE group_state SET state = replace(replace(state,
    '{"metric":"error","labels":{}}', '{"unmeasured":"error"}'),
    '{"metric":"no_data","labels":{}}', '{"unmeasured":"no_data"}');
UPDATE incident SET series = replace(replace(series,
    '{"series":{"metric":"error","labels":{}},"value":null', '{"series":{"unmeasured":"error"},"value":null'),
    '{"series":{"metric":"no_data","labels":{}},"value":null', '{"series":{"unmeasured":"no_data"},"value":null');
UPDATE step SET facts = replace(replace(facts,
    '{"series":{"metric":"error","labels":{}},"value":null', '{"series":{"unmeasured":"error"},"value":null'),
    '{"series":{"metric":"no_data","labels":{}},"value":null', '{"series":{"unmeasured":"no_data"},"value":null');
UPDATE outbox SET message = replace(replace(message,
    '{"series":{"metric":"error","labels":{}},"value":null', '{"series":{"unmeasured":"error"},"value":null'),
    '{"series":{"metric":"no_data","labels":{}},"value":null', '{"series":{"unmeasured":"no_data"},"value":null');
