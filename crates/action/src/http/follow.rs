//! Follows what a request has started: asks the same server about its id until it has ended.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::LOCATION;
use serde_json::Value;
use watchkeeper_engine::ports::action::{ActionCall, After};
use watchkeeper_model::{Fields, Follow, HttpAction};

use super::{FOLLOWED_BYTES_MAX, prepare};
use crate::{
    ActionRunner, cause,
    limit::Limit,
    web::{self, Answer, NoAnswer},
};

/// What is encoded in a segment of a path: everything but what RFC 3986 calls unreserved.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The longest id that is put into a URL, in characters.
const ID_CHARS_MAX: usize = 200;

/// The id that an answer gives to what it has started.
pub(super) fn id(follow: &Follow, answer: &Answer) -> Option<String> {
    let id = match follow.id.as_str() {
        Follow::LOCATION => {
            let location = answer.headers.get(LOCATION)?.to_str().ok()?;
            location.split(['?', '#']).next()?.trim_end_matches('/').rsplit('/').next()?.to_owned()
        }
        pointer => text(serde_json::from_str::<Value>(&answer.body).ok()?.pointer(pointer)?)?,
    };
    // Dots alone would be a way to elsewhere, however they are written.
    let is_id = !id.trim_matches('.').is_empty() && id.chars().count() <= ID_CHARS_MAX;
    is_id.then_some(id)
}

/// How what was started stands.
pub(super) async fn ask(http: &HttpAction, follow: &Follow, call: &ActionCall, runner: &ActionRunner) -> After {
    let Some(id) = &call.reference else { return After::Unreadable("it gave no id to follow".to_owned()) };
    let encoded = utf8_percent_encode(id, SEGMENT).to_string();
    let action = HttpAction {
        method: "GET".to_owned(),
        url: follow.url.replace("{id}", &encoded),
        body: Fields::new(),
        ..http.clone()
    };
    let prepared = match prepare(&action, call, runner) {
        Ok(prepared) => prepared,
        Err(error) => return After::Unreadable(cause::line(&error)),
    };
    match web::send(prepared.request(), &Limit::ahead(call.timeout), FOLLOWED_BYTES_MAX).await {
        Ok(answer) if answer.status.is_success() && answer.broken.is_none() => {
            stands(follow, &answer, |said| prepared.mask.head(said, super::EXCERPT_CHARS_MAX))
        }
        Ok(answer) => After::Unreadable(prepared.said(&answer)),
        Err(NoAnswer::NotSent(why) | NoAnswer::Lost(why)) => After::Unreadable(prepared.mask.apply(&why)),
    }
}

fn stands(follow: &Follow, answer: &Answer, quoted: impl Fn(&str) -> String) -> After {
    let Ok(body) = serde_json::from_str::<Value>(&answer.body) else {
        return After::Unreadable("it answered with something other than JSON".to_owned());
    };
    let Some(state) = body.pointer(&follow.state).and_then(text) else {
        return After::NotYet(format!("it does not say `{}` so far", follow.state));
    };
    let said = format!("it is {}", quoted(&state));
    if follow.done.contains(&state) {
        After::AsWanted(said)
    } else if follow.failed.contains(&state) {
        After::Failed(said)
    } else {
        After::NotYet(said)
    }
}

/// A text, a number or a flag as it is written.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}
