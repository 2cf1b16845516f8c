//! The daemon's store, read from outside.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, types::ValueRef};
use watchkeeper_testkit::Postgres;

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
    /// The tick that opened it, in microseconds since 1970.
    pub(crate) opened_at: i64,
}

/// A way to read it.
pub(crate) enum Store<'a> {
    Sqlite(Connection),
    Postgres(&'a Postgres),
}

impl<'a> Store<'a> {
    pub(crate) fn open(place: &'a Place) -> Result<Self, String> {
        match &place.server {
            Some(server) => Ok(Self::Postgres(server)),
            None => {
                let opened = open(&place.path("state/watchkeeper.db"), OpenFlags::SQLITE_OPEN_READ_ONLY);
                opened.map(Self::Sqlite).map_err(|error| error.to_string())
            }
        }
    }

    /// The rows that a statement gives, as text.
    fn rows(&self, sql: &str) -> Result<Vec<Vec<String>>, String> {
        match self {
            Self::Postgres(server) => {
                let told = server.try_run(sql)?;
                Ok(told.lines().map(|line| line.split('|').map(str::to_owned).collect()).collect())
            }
            Self::Sqlite(connection) => sqlite_rows(connection, sql).map_err(|error| error.to_string()),
        }
    }

    fn count(&self, sql: &str) -> Result<i64, String> {
        let rows = self.rows(sql)?;
        let number = rows.first().and_then(|row| row.first()?.parse().ok());
        number.ok_or_else(|| format!("no number: {rows:?}"))
    }

    pub(crate) fn unfinished(&self) -> Result<Unfinished, String> {
        Ok(Unfinished {
            ticks: self.count("SELECT count(*) FROM occurrence WHERE status = 'claimed'")?,
            steps: self.count("SELECT count(*) FROM step WHERE status IN ('planned', 'released', 'intent')")?,
            messages: self.count(
                "SELECT count(*) FROM outbox WHERE status = 'sending' OR (status = 'waiting' AND until_acknowledged = 0)",
            )?,
        })
    }

    /// Whether nothing up to a tick runs any more.
    pub(crate) fn is_past(&self, monitor: &str, tick: i64) -> Result<bool, String> {
        let sql = format!("SELECT count(*) FROM high_water WHERE monitor = '{monitor}' AND scheduled_at >= {tick}");
        Ok(self.count(&sql)? > 0)
    }

    /// Whether a tick was judged.
    pub(crate) fn is_judged(&self, monitor: &str, tick: i64) -> Result<bool, String> {
        let sql = format!(
            "SELECT count(*) FROM occurrence
             WHERE monitor = '{monitor}' AND scheduled_at = {tick} AND verdict IS NOT NULL"
        );
        Ok(self.count(&sql)? > 0)
    }

    pub(crate) fn is_open(&self, monitor: &str) -> Result<bool, String> {
        let sql = format!("SELECT count(*) FROM incident WHERE monitor = '{monitor}' AND state <> 'resolved'");
        Ok(self.count(&sql)? > 0)
    }

    /// The incidents from a number on, in the order in which they opened.
    pub(crate) fn incidents(&self, from: i64) -> Result<Vec<Incident>, String> {
        let sql = format!(
            "SELECT incident.id, monitor, step.run, step.status,
                 CASE WHEN handoff.incident IS NULL THEN 0 ELSE 1 END,
                 (SELECT count(*) FROM ledger
                  WHERE kind = 'gate.paused' AND instr(body, 'incident ' || incident.id || ' of') > 0),
                 incident.opened_at
             FROM incident JOIN step ON step.incident = incident.id LEFT JOIN handoff ON handoff.incident = incident.id
             ORDER BY (SELECT MIN(seq) FROM ledger WHERE kind = 'incident.opened' AND subject = incident.id)
             LIMIT 1000000 OFFSET {from}"
        );
        let incident = |row: Vec<String>| {
            let [id, monitor, run, step, handed_off, gates, opened_at] =
                <[String; 7]>::try_from(row).map_err(|row| format!("not an incident: {row:?}"))?;
            let gates = gates.parse().map_err(|_| format!("not a count: {gates}"))?;
            let opened_at = opened_at.parse().map_err(|_| format!("not a time: {opened_at}"))?;
            Ok(Incident { id, monitor, run, step, handed_off: handed_off == "1", gates, opened_at })
        };
        self.rows(&sql)?.into_iter().map(incident).collect()
    }
}

fn sqlite_rows(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Vec<String>>> {
    let mut query = connection.prepare(sql)?;
    let width = query.column_count();
    let rows = query.query_map([], |row| {
        let text = |column| {
            Ok(match row.get_ref(column)? {
                ValueRef::Integer(number) => number.to_string(),
                ValueRef::Text(text) => String::from_utf8_lossy(text).into_owned(),
                _ => String::new(),
            })
        };
        (0..width).map(text).collect()
    })?;
    rows.collect()
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
