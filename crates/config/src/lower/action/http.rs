//! `[step.http]`: one request to a host that may be reached.

use watchkeeper_model::{BodyEncoding, Follow, HttpAction};

use super::{check_host, fields, secrets};
use crate::{
    lower::{Context, secret},
    place::{Place, Report},
    raw::step::Http,
};

pub(super) fn lower(raw: &Http, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> HttpAction {
    check_host(&raw.url.0, place.key("url"), context, report);
    HttpAction {
        method: raw.method.clone().unwrap_or_else(|| "POST".to_owned()),
        url: raw.url.0.clone(),
        headers: raw.headers.clone(),
        body: fields::lower(&raw.body, place.key("body"), report),
        encoding: raw.encoding.as_ref().map_or(BodyEncoding::Json, |encoding| encoding.0),
        token: raw.token.as_ref().map(|token| secret::lower(token, place.key("token"), context, report)),
        secrets: secrets(&raw.secrets, place.key("secrets"), context, report),
        idempotent: raw.idempotent,
        follow: raw.follow.as_ref().map(|raw| Follow {
            id: raw.id.clone(),
            url: raw.url.0.clone(),
            state: raw.state.clone(),
            done: raw.done.clone(),
            failed: raw.failed.clone(),
        }),
    }
}
