//! `sql`: one statement in the peer's own database, exactly once: its mark commits with it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionFault, Fill, Guarantee, Kind, Undo, faults::fault};
use crate::{Secret, Template};

/// Run one statement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SqlAction {
    /// Which server speaks at the other end.
    pub engine: SqlEngine,
    /// Its URL, with the user and the password.
    pub url: Secret,
    /// One statement, fixed; values are bound to `$1` (PostgreSQL) or `?` (MariaDB).
    pub statement: String,
    /// What is bound, as texts.
    pub parameters: Vec<Template>,
    /// How many rows it may change, least and most; with any other number it is rolled back.
    pub rows: (u64, u64),
}

/// Which server speaks at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SqlEngine {
    /// PostgreSQL.
    Postgres,
    /// MariaDB or MySQL.
    Mariadb,
}

impl fmt::Display for SqlEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Postgres => "PostgreSQL",
            Self::Mariadb => "MariaDB",
        })
    }
}

impl SqlAction {
    /// The table that holds the marks of what was done; whoever owns the database makes it once.
    pub fn marks_table(&self) -> &'static str {
        match self.engine {
            SqlEngine::Postgres => {
                "create table watchkeeper_effect (key text primary key, at timestamptz not null default now())"
            }
            SqlEngine::Mariadb => {
                "create table watchkeeper_effect (`key` char(64) primary key, at timestamp not null default now()) engine = InnoDB"
            }
        }
    }
}

impl Kind for SqlAction {
    fn word(&self) -> &'static str {
        "sql"
    }

    fn guarantee(&self) -> Guarantee {
        // The mark is the key that the peer remembers, for ever and in the transaction of the effect.
        Guarantee::Guarded
    }

    fn target(&self) -> String {
        format!("sql:{}", self.statement)
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        format!("run in {}: {}", self.engine, self.statement)
    }

    fn arguments(&self) -> String {
        let bound = self.parameters.iter().zip(1..).map(|(text, number)| format!("\n{number}: {}", text.text()));
        self.statement.clone() + &bound.collect::<String>()
    }

    fn faults(&self) -> Vec<ActionFault> {
        let (least, most) = self.rows;
        let mut faults = Vec::new();
        if self.statement.trim().is_empty() {
            faults.push(fault(&["statement"], "there is no statement", ""));
        }
        if least > most {
            faults.push(fault(
                &["rows"],
                format!("no number is at least {least} and at most {most}"),
                "write [least, most]",
            ));
        }
        faults
    }

    fn filled(&self, fill: &mut Fill<'_>) -> Action {
        Action::Sql(Self { parameters: self.parameters.iter().map(fill).collect(), ..self.clone() })
    }

    fn output(&self) -> Option<&'static str> {
        Some("rows")
    }

    fn reads_back(&self) -> bool {
        true
    }

    fn undo(&self) -> Undo {
        Undo::Never("a statement says nothing of the rows before it")
    }

    fn undone(&self, _: &Value) -> Option<Action> {
        None
    }
}
