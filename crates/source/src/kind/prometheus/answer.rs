//! What Prometheus's HTTP API answers, version 1.

use serde::Deserialize;
use serde_json::Value;
use watchkeeper_engine::ports::frame::FrameFault;

use super::series::Series;
use crate::fault::Why;
use crate::web::Answer;

#[derive(Deserialize)]
struct Envelope {
    status: String,
    data: Option<Data>,
    #[serde(rename = "errorType")]
    error_type: Option<String>,
    error: Option<String>,
    #[serde(default)]
    warnings: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Value,
}

/// The series in an answer. One that Prometheus warns about may be partial, and is none.
pub(super) fn read(answer: &Answer, place: &str) -> Result<Vec<Series>, Why> {
    let read = serde_json::from_slice::<Envelope>(&answer.body);
    let envelope = match read {
        Ok(envelope) => envelope,
        Err(_) if !answer.status.is_success() => return Err(answer.refusal(place)),
        Err(error) => {
            return Err(Why::from(format!("{place} does not answer as Prometheus does: {error}; check its `url`")));
        }
    };
    if envelope.status != "success" {
        return Err(refused(&envelope, place));
    }
    if let Some(warning) = envelope.warnings.first() {
        let what = format!("the answer of {place} may not be whole: {warning}; the next tick tries again");
        return Err(Why::new(FrameFault::Unreachable, what));
    }
    let data =
        envelope.data.ok_or_else(|| format!("{place} does not answer as Prometheus does: there is no `data`"))?;
    series(data).map_err(|error| Why::from(format!("{place} does not answer as Prometheus does: {error}")))
}

fn refused(envelope: &Envelope, place: &str) -> Why {
    let error = envelope.error.as_deref().unwrap_or("no reason given");
    let (fault, remedy) = match envelope.error_type.as_deref() {
        Some("bad_data") => (FrameFault::Refused, "correct its `query`"),
        Some("timeout" | "canceled") => (FrameFault::Refused, "raise its `timeout`, or make its `query` cheaper"),
        Some("execution") => (FrameFault::Refused, "make its `query` select less, or correct it"),
        _ => (FrameFault::Unreachable, "look at the server, the next tick tries again"),
    };
    Why::new(fault, format!("{place} refused the query: {error}; {remedy}"))
}

fn series(data: Data) -> Result<Vec<Series>, String> {
    let unreadable = |error: serde_json::Error| error.to_string();
    match data.result_type.as_str() {
        "matrix" | "vector" => serde_json::from_value(data.result).map_err(unreadable),
        "scalar" => {
            let value = serde_json::from_value(data.result).map_err(unreadable)?;
            Ok(vec![Series { value: Some(value), ..Series::default() }])
        }
        other => Err(format!("a {other} is no number; write a `query` that gives numbers")),
    }
}
