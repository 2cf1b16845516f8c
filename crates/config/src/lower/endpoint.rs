//! Sources behind a URL: Prometheus and JSON documents, on hosts that watchkeeper.toml allows.

use watchkeeper_model::{HttpSource, PrometheusSource};

use super::{Context, action::check_host, database::limit, secret};
use crate::{
    place::{Place, Report},
    raw::sources::{Http, Prometheus},
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
    HttpSource { url: raw.url.0.clone(), pointer, token, timeout: limit(&raw.timeout, place, report) }
}
