//! Sources in databases: where the database is, which rows, and how long a statement may take.

use std::time::Duration;

use watchkeeper_model::{DatabaseRows, DatabaseServer, DatabaseSource};

use super::{Context, files, secret};
use crate::{
    place::{Place, Report},
    raw::{
        leaf::DurationText,
        sources::{Server, Source},
    },
};

/// How long one statement may take when nothing is said.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The database of a source, if it has one.
pub(crate) fn lower(
    raw: &Source,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<DatabaseSource> {
    let mut url = |server: &Server, place: Place<'_>| secret::lower(&server.url, place.key("url"), context, report);
    let (server, place, table, query, timeout) = if let Some(raw) = &raw.postgres {
        let place = place.key("postgres");
        (DatabaseServer::Postgres(url(raw, place)), place, &raw.table, &raw.query, &raw.timeout)
    } else {
        let raw = raw.sqlite.as_ref()?;
        files::is_inside(&raw.path, place.key("sqlite").key("path"), context, report);
        (DatabaseServer::Sqlite(raw.path.as_str().into()), place.key("sqlite"), &raw.table, &raw.query, &raw.timeout)
    };
    Some(DatabaseSource { server, rows: rows(table, query), timeout: limit(timeout, place, report) })
}

fn rows(table: &Option<String>, query: &Option<String>) -> DatabaseRows {
    match query {
        Some(query) => DatabaseRows::Query(query.trim().trim_end_matches(';').to_owned()),
        None => DatabaseRows::Table(table.clone().unwrap_or_default()),
    }
}

/// The time limit of a statement or request.
pub(super) fn limit(timeout: &Option<DurationText>, place: Place<'_>, report: &mut Report) -> Duration {
    let limit = timeout.as_ref().map_or(TIMEOUT, |timeout| timeout.0);
    if limit.is_zero() {
        let help = Some("leave it out for 30s".to_owned());
        place.key("timeout").mistake(report, "nothing can be done in no time", help);
    }
    limit
}
