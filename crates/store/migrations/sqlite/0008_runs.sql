-- Runs that did not end well, with the answers they were given, to be run again; the newest of each monitor. The digest is
-- in postcard's format; `format` is the version of its layout.
CREATE TABLE kept_run (
    monitor      TEXT    NOT NULL,
    scheduled_at INTEGER NOT NULL,
    format       INTEGER NOT NULL,
    digest       BLOB    NOT NULL,
    PRIMARY KEY (monitor, scheduled_at)
) STRICT;
