//! The daemon's store, read from outside.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags};

use crate::place::Place;

/// What is unfinished.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) ticks: i64,
    pub(crate) steps: i64,
    pub(crate) messages: i64,
}

/// An incident as the books have it.
#[derive(Debug)]
pub(crate) struct Incident {
    pub(crate) id: String,
    pub(crate) monitor: String,
    pub(crate) run: String,
    /// The first step's status.
    pub(crate) step: String,
    pub(crate) handed_off: bool,
    /// How often the ledger says that its gate was paused.
    pub(crate) gates: i64,
}

pub(crate) struct Store(Connection);

impl Store {
    pub(crate) fn open(place: &Place) -> Result<Self, String> {
        let opened = open(&place.path("state/watchkeeper.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
        opened.map(Self).map_err(|error| error.to_string())
    }

    pub(crate) fn unfinished(&self) -> Result<Unfinished, String> {
        let sql = "SELECT (SELECT count(*) FROM occurrence WHERE status = 'claimed'),
            (SELECT count(*) FROM step WHERE status IN ('planned', 'released', 'intent')),
            (SELECT count(*) FROM outbox WHERE status = 'sending' OR (status = 'waiting' AND until_acknowledged = 0))";
        let row = self
            .0
            .query_row(sql, [], |row| Ok(Unfinished { ticks: row.get(0)?, steps: row.get(1)?, messages: row.get(2)? }));
        row.map_err(|error| error.to_string())
    }

    /// Whether nothing up to a tick runs any more.
    pub(crate) fn is_past(&self, monitor: &str, tick: i64) -> Result<bool, String> {
        let sql = "SELECT EXISTS (SELECT 1 FROM high_water WHERE monitor = ? AND scheduled_at >= ?)";
        self.0.query_row(sql, (monitor, tick), |row| row.get(0)).map_err(|error| error.to_string())
    }

    /// Whether a tick was judged.
    pub(crate) fn is_judged(&self, monitor: &str, tick: i64) -> Result<bool, String> {
        let sql =
            "SELECT EXISTS (SELECT 1 FROM occurrence WHERE monitor = ? AND scheduled_at = ? AND verdict IS NOT NULL)";
        self.0.query_row(sql, (monitor, tick), |row| row.get(0)).map_err(|error| error.to_string())
    }

    pub(crate) fn is_open(&self, monitor: &str) -> Result<bool, String> {
        let sql = "SELECT EXISTS (SELECT 1 FROM incident WHERE monitor = ? AND state <> 'resolved')";
        self.0.query_row(sql, [monitor], |row| row.get(0)).map_err(|error| error.to_string())
    }

    /// The incidents from a number on, in the order in which they opened.
    pub(crate) fn incidents(&self, from: i64) -> Result<Vec<Incident>, String> {
        let sql = "SELECT incident.id, monitor, step.run, step.status, handoff.incident IS NOT NULL,
            (SELECT count(*) FROM ledger WHERE kind = 'gate.paused' AND instr(body, 'incident ' || incident.id || ' of') > 0)
            FROM incident JOIN step ON step.incident = incident.id LEFT JOIN handoff ON handoff.incident = incident.id
            ORDER BY incident.rowid LIMIT -1 OFFSET ?";
        let read = || {
            let mut query = self.0.prepare(sql)?;
            let rows = query.query_map([from], |row| {
                let (gates, handed_off) = (row.get(5)?, row.get(4)?);
                Ok(Incident {
                    id: row.get(0)?,
                    monitor: row.get(1)?,
                    run: row.get(2)?,
                    step: row.get(3)?,
                    handed_off,
                    gates,
                })
            })?;
            rows.collect::<Result<Vec<_>, rusqlite::Error>>()
        };
        read().map_err(|error| error.to_string())
    }
}

/// Holds the store's write lock until it is dropped; `None` when somebody else has it.
pub(crate) fn lock(place: &Place) -> Option<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = open(&place.path("state/watchkeeper.db"), flags).ok()?;
    connection.execute_batch("BEGIN IMMEDIATE").ok()?;
    Some(connection)
}

fn open(path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_millis(200))?;
    Ok(connection)
}
