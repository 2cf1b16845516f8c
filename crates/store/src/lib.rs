//! State that survives: occurrences, incidents, runs, outbox, gates and the ledger, on SQLite.
