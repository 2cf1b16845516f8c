-- Unfinished ticks are looked for by monitor, also where thousands are unfinished at once.
DROP INDEX occurrence_unfinished;
CREATE INDEX occurrence_unfinished ON occurrence (monitor, scheduled_at) WHERE status = 'claimed';
