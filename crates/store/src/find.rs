//! Finding what people name by the beginning of its id.

use sqlx::AnyConnection;
use watchkeeper_model::Incident;

use crate::{
    incident,
    refusal::{GivenUp, PeopleError},
};

/// Ids named in an error, at most.
const NAMED_MAX: usize = 8;

/// The one incident whose id is, or begins with, `given`.
pub(crate) async fn find_incident(db: &mut AnyConnection, given: &str) -> Result<Incident, GivenUp> {
    let ids = sqlx::query_scalar("SELECT id FROM incident WHERE substr(id, 1, length($1)) = $1 ORDER BY id")
        .bind(given)
        .fetch_all(&mut *db)
        .await?;
    let id = the_one("incident", given, ids)?;
    let row = sqlx::query("SELECT * FROM incident WHERE id = $1").bind(id).fetch_one(db).await?;
    Ok(incident::incident(&row)?)
}

/// The one run whose id is, or begins with, `given`.
pub(crate) async fn find_run(db: &mut AnyConnection, given: &str) -> Result<String, GivenUp> {
    let ids = sqlx::query_scalar("SELECT DISTINCT run FROM step WHERE substr(run, 1, length($1)) = $1 ORDER BY run")
        .bind(given)
        .fetch_all(db)
        .await?;
    Ok(the_one("run", given, ids)?)
}

/// The only id, or the one that is exactly what was given. Nothing given names nothing.
fn the_one(what: &'static str, given: &str, mut ids: Vec<String>) -> Result<String, PeopleError> {
    if given.is_empty() {
        ids.clear();
    }
    if ids.iter().any(|id| id == given) {
        return Ok(given.to_owned());
    }
    match ids.len() {
        0 => Err(PeopleError::NoSuch { what, given: given.to_owned() }),
        1 => Ok(ids.swap_remove(0)),
        _ => {
            ids.truncate(NAMED_MAX);
            Err(PeopleError::Ambiguous { given: given.to_owned(), matches: ids })
        }
    }
}
