//! `[step.sql]`: one statement.

use watchkeeper_model::SqlAction;

use crate::{
    lower::{Context, secret},
    place::{Place, Report},
    raw::step::Sql,
};

pub(super) fn lower(raw: &Sql, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> SqlAction {
    SqlAction {
        engine: raw.engine.0,
        url: secret::lower(&raw.url, place.key("url"), context, report),
        statement: raw.statement.clone(),
        parameters: raw.parameters.iter().map(|text| text.0.clone()).collect(),
        rows: (raw.rows.first().copied().unwrap_or(0), raw.rows.get(1).copied().unwrap_or(0)),
    }
}
