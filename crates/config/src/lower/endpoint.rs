//! Sources behind a URL: Prometheus and JSON documents, on hosts that watchkeeper.toml allows.

use watchkeeper_model::{HttpSource, NextPage, Pages, PrometheusSource};

use super::{Context, action::check_host, database::limit, secret};
use crate::{
    place::{Place, Report},
    raw::{
        self,
        sources::{Http, Prometheus},
    },
};

/// A Prometheus query.
pub(crate) fn prometheus(
    raw: &Prometheus,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> PrometheusSource {
    check_host(&raw.url.0, place.key("url"), context, report);
    let step = raw.step.as_ref().map(|step| step.0);
    if step.is_some_and(|step| step.as_millis() == 0) {
        let help = Some("leave it out for one evaluation at the window's end".to_owned());
        place.key("step").mistake(report, "there is no end of evaluations without time between them", help);
    }
    let token = raw.token.as_ref().map(|token| secret::lower(token, place.key("token"), context, report));
    let timeout = limit(&raw.timeout, place, report);
    PrometheusSource { url: raw.url.0.clone(), query: raw.query.clone(), step, token, timeout }
}

/// A JSON document.
pub(crate) fn http(raw: &Http, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> HttpSource {
    check_host(&raw.url.0, place.key("url"), context, report);
    let pointer = raw.pointer.clone().unwrap_or_default();
    if !pointer.is_empty() && !pointer.starts_with('/') {
        let help = Some("write it as in \"/data/items\"".to_owned());
        place.key("pointer").mistake(report, format!("`{pointer}` is not a JSON pointer"), help);
    }
    let token = raw.token.as_ref().map(|token| secret::lower(token, place.key("token"), context, report));
    HttpSource {
        url: raw.url.0.clone(),
        pointer,
        columns: raw.columns.iter().map(|(name, word)| (name.clone(), word.0)).collect(),
        pages: raw.pages.as_ref().and_then(|pages| pages_of(pages, place.key("pages"), report)),
        token,
        timeout: limit(&raw.timeout, place, report),
    }
}

fn pages_of(raw: &raw::sources::Pages, place: Place<'_>, report: &mut Report) -> Option<Pages> {
    let mut pointer = |key: &str, pointer: &Option<String>| {
        let pointer = pointer.clone()?;
        if !pointer.starts_with('/') {
            let help = Some("write it as in \"/links/next\"".to_owned());
            place.key(key).mistake(report, format!("`{pointer}` is not a JSON pointer"), help);
        }
        Some(pointer)
    };
    let next = match (pointer("next", &raw.next), pointer("cursor", &raw.cursor)) {
        (Some(next), _) => NextPage::Url(next),
        (None, Some(cursor)) => NextPage::Cursor(cursor, raw.param.clone().unwrap_or_else(|| "cursor".to_owned())),
        (None, None) => raw.link.filter(|link| *link).map(|_| NextPage::Link)?,
    };
    Some(Pages { next, max: raw.max.unwrap_or(100) })
}
