-- What was read of a step's target before it was sent, and whether it helped: `acted`, `verifying`, `remediated` or
-- `not_remediated`, how that shows, and since when.
ALTER TABLE step ADD COLUMN before_state TEXT COLLATE "C";
ALTER TABLE step ADD COLUMN remedy TEXT COLLATE "C";
ALTER TABLE step ADD COLUMN verified TEXT COLLATE "C";
ALTER TABLE step ADD COLUMN verified_at BIGINT;
CREATE INDEX step_verifying ON step (run) WHERE remedy = 'verifying';

-- What came of an incident's steps: the best of those words.
ALTER TABLE incident ADD COLUMN remedied TEXT COLLATE "C";
