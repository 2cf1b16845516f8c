//! `sql`: one statement in the peer's own database, exactly once: its mark commits with it.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Action, ActionFault, Fill, Guarantee, Kind, Undo, faults::fault};
use crate::{Secret, Template};

/// What may begin a statement in MariaDB: around most others it commits by itself, and the mark without its effect.
const IN_ONE_TRANSACTION: [&str; 6] = ["insert", "update", "delete", "replace", "select", "with"];
/// What begins or ends a transaction, which is the mark's.
const OF_TRANSACTIONS: [&str; 9] =
    ["begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release", "prepare"];

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
        let mut faults: Vec<ActionFault> = of_statement(self).into_iter().collect();
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

/// Why a statement and its mark would not be one transaction.
fn of_statement(sql: &SqlAction) -> Option<ActionFault> {
    let statement = sql.statement.trim_start();
    let verb: String = statement.chars().take_while(char::is_ascii_alphabetic).collect::<String>().to_lowercase();
    match sql.engine {
        _ if statement.is_empty() => Some(fault(&["statement"], "there is no statement", "")),
        _ if verb.is_empty() => {
            let help = "write it without a comment before it, as in \"update …\"";
            Some(fault(&["statement"], "a statement begins with its verb", help))
        }
        SqlEngine::Mariadb if !IN_ONE_TRANSACTION.contains(&verb.as_str()) => {
            let message =
                format!("MariaDB may commit by itself around `{verb}`, so that it would not be done exactly once");
            Some(fault(&["statement"], message, &format!("begin with {}", IN_ONE_TRANSACTION.join(", "))))
        }
        SqlEngine::Postgres if OF_TRANSACTIONS.contains(&verb.as_str()) => {
            let help = "leave it out: the statement and its mark are one transaction already";
            Some(fault(&["statement"], format!("`{verb}` is not for a step to say"), help))
        }
        SqlEngine::Mariadb | SqlEngine::Postgres => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_statement_that_leaves_its_transaction_is_refused() {
        let refused = |engine, statement: &str| {
            let url = Secret::File("secrets/url".into());
            let statement = statement.to_owned();
            !SqlAction { engine, url, statement, parameters: Vec::new(), rows: (0, 1) }.faults().is_empty()
        };
        for statement in ["truncate batch", "CALL clean()", "  Alter table batch drop x", "/*! drop table batch */", ""]
        {
            assert!(refused(SqlEngine::Mariadb, statement), "{statement}");
        }
        for statement in ["COMMIT", " rollback; ", "prepare transaction 'x'", "-- update", " "] {
            assert!(refused(SqlEngine::Postgres, statement), "{statement}");
        }
        for engine in [SqlEngine::Mariadb, SqlEngine::Postgres] {
            assert!(!refused(engine, "\n  UPDATE batch set usable = false"));
        }
        // There it is one transaction with its mark.
        assert!(!refused(SqlEngine::Postgres, "truncate batch"));
    }
}
