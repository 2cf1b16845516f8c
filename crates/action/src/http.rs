//! Sends one HTTP request; any 2xx answer is done.
//!
//! A request that was refused for certain (4xx, no connection) has failed. A 5xx answer, a broken one or none at all says
//! nothing about what the server did: unknown; nor does a redirect, which many servers give once they have acted. With
//! `idempotent = true` a server that is away, busy or failing is sent the same bytes again until the time limit, under
//! the same `Idempotency-Key`.

mod follow;

use std::time::Duration;

use async_trait::async_trait;
use reqwest::{
    Client, Method, RequestBuilder, StatusCode,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After, Probe};
use watchkeeper_model::{Action, BodyEncoding, Field, Fields, Follow, HttpAction, fields};
use watchkeeper_net::{TargetError, permitted};
use watchkeeper_secret::{Mask, SecretError};

use crate::{
    ActionRunner, cause,
    contract::{Attempt, Kind, Reading, no_mark, unreadable},
    limit::{Limit, retry_after},
    peer::refusal,
    web::{self, Answer, NoAnswer},
};

const BODY_BYTES_MAX: usize = 4 * 1024;
/// An answer in which something is looked for.
const FOLLOWED_BYTES_MAX: usize = 1024 * 1024;
const EXCERPT_CHARS_MAX: usize = 200;

/// Why a request cannot be sent.
#[derive(Debug, thiserror::Error)]
enum HttpError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Token(#[from] SecretError),
    #[error("`{0}` is not an HTTP method")]
    Method(String),
    #[error("header `{0}` cannot be sent: its name or value is not allowed")]
    Header(String),
    #[error("the token cannot be sent in a header: it holds a line end or a control character")]
    TokenText,
    #[error("cannot set up a client")]
    Client(#[from] reqwest::Error),
}

/// A request that can be sent any number of times with the same bytes.
struct Prepared {
    client: Client,
    method: Method,
    url: Url,
    headers: HeaderMap,
    body: Option<String>,
    mask: Mask,
}

#[async_trait]
impl Kind for HttpAction {
    fn refusal(&self, runner: &ActionRunner) -> Option<String> {
        refusal(&self.url, runner)
    }

    async fn ask(&self, timeout: Duration, runner: &ActionRunner) -> Option<Result<String, String>> {
        Some(ask(self, timeout, runner).await)
    }

    async fn before(&self, _: &ActionCall, _: &ActionRunner) -> Reading {
        Reading::Nothing
    }

    async fn send(&self, call: &ActionCall, limit: &Limit, runner: &ActionRunner) -> Attempt {
        let prepared = match prepare(self, call, runner) {
            Ok(prepared) => prepared,
            Err(error) => return Attempt::failed(cause::line(&error)),
        };
        let body_bytes_max = if self.follow.is_some() { FOLLOWED_BYTES_MAX } else { BODY_BYTES_MAX };
        let answer = web::send(prepared.request(), limit, body_bytes_max).await;
        prepared.judge(answer, self.follow.as_ref())
    }

    async fn probe(&self, call: &ActionCall, _: &ActionRunner) -> Probe {
        no_mark(call)
    }

    async fn after(&self, call: &ActionCall, runner: &ActionRunner) -> After {
        match &self.follow {
            Some(follow) => follow::ask(self, follow, call, runner).await,
            None => unreadable(call),
        }
    }
}

fn prepare(action: &HttpAction, call: &ActionCall, runner: &ActionRunner) -> Result<Prepared, HttpError> {
    let url = permitted(&action.url, &runner.allow.hosts)?;
    let token = action.token.as_ref().map(|secret| runner.secrets.resolve(secret)).transpose()?;
    let method = Method::from_bytes(action.method.as_bytes()).map_err(|_| HttpError::Method(action.method.clone()))?;
    let mut fields = action.body.clone();
    if call.drill && !fields.is_empty() {
        fields.insert("drill".to_owned(), Field::Flag(true));
    }
    let body = (!fields.is_empty()).then(|| written(&fields, action.encoding));
    let mut headers = headers(action, call, token.as_ref(), body.is_some())?;
    let mut secrets = Vec::from_iter(token);
    for (name, secret) in &action.secrets {
        let value = runner.secrets.resolve(secret)?;
        headers.insert(header_name(name)?, secret_value(value.expose_secret())?);
        secrets.push(value);
    }
    Ok(Prepared { client: web::client(call.timeout)?, method, url, headers, body, mask: Mask::over(&secrets) })
}

fn written(fields: &Fields, encoding: BodyEncoding) -> String {
    match encoding {
        BodyEncoding::Json => fields::json(fields).to_string(),
        BodyEncoding::Form => {
            let text = |field: &Field| match field.json() {
                Value::String(text) => text,
                other => other.to_string(),
            };
            let pairs = fields.iter().map(|(name, field)| (name, text(field)));
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
        }
    }
}

/// The step's own headers between a default content type and what must not be overridden.
fn headers(
    action: &HttpAction,
    call: &ActionCall,
    token: Option<&SecretString>,
    has_body: bool,
) -> Result<HeaderMap, HttpError> {
    let mut headers = HeaderMap::new();
    if has_body {
        let content_type = match action.encoding {
            BodyEncoding::Json => "application/json",
            BodyEncoding::Form => "application/x-www-form-urlencoded",
        };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    }
    for (name, value) in &action.headers {
        let value = HeaderValue::from_str(value).map_err(|_| HttpError::Header(name.clone()))?;
        headers.insert(header_name(name)?, value);
    }
    if let Some(token) = token {
        headers.insert(AUTHORIZATION, secret_value(&format!("Bearer {}", token.expose_secret()))?);
    }
    if call.drill {
        headers.insert("x-watchkeeper-drill", HeaderValue::from_static("true"));
    }
    let key = HeaderValue::from_str(&call.idempotency_key).map_err(|_| HttpError::Header("idempotency-key".into()))?;
    headers.insert("idempotency-key", key);
    Ok(headers)
}

fn header_name(name: &str) -> Result<HeaderName, HttpError> {
    HeaderName::from_bytes(name.as_bytes()).map_err(|_| HttpError::Header(name.to_owned()))
}

/// A value that no log of the client shows.
fn secret_value(text: &str) -> Result<HeaderValue, HttpError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| HttpError::TokenText)?;
    value.set_sensitive(true);
    Ok(value)
}

/// Asks the server of an http step with HEAD, which changes nothing: a credential that it refuses is known by that.
pub(crate) async fn ask(action: &HttpAction, timeout: Duration, runner: &ActionRunner) -> Result<String, String> {
    let action = HttpAction { method: "HEAD".to_owned(), body: Fields::new(), ..action.clone() };
    let call = ActionCall {
        run: String::new(),
        idempotency_key: "lint".to_owned(),
        incident: String::new(),
        action: Action::Http(action.clone()),
        timeout,
        reopen: None,
        before: None,
        reference: None,
        retries: None,
        attempt: 1,
        drill: false,
    };
    let prepared = prepare(&action, &call, runner).map_err(|error| cause::line(&error))?;
    let host = prepared.url.host_str().unwrap_or_default();
    match web::send(prepared.request(), &Limit::ahead(timeout), BODY_BYTES_MAX).await {
        Ok(answer) if matches!(answer.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
            Err(format!("{host} does not take the credential: {}", answer.status))
        }
        Ok(answer) => Ok(format!("{host} answers ({} to HEAD)", answer.status.as_u16())),
        Err(NoAnswer::NotSent(why) | NoAnswer::Lost(why)) => {
            Err(format!("{host} could not be asked: {}", prepared.mask.apply(&why)))
        }
    }
}

impl Prepared {
    fn request(&self) -> RequestBuilder {
        let request = self.client.request(self.method.clone(), self.url.clone()).headers(self.headers.clone());
        match &self.body {
            Some(body) => request.body(body.clone()),
            None => request,
        }
    }

    fn judge(&self, answer: Result<Answer, NoAnswer>, follow: Option<&Follow>) -> Attempt {
        let host = self.url.host_str().unwrap_or_default();
        match answer {
            Ok(answer) => self.judge_answer(&answer, follow),
            Err(NoAnswer::NotSent(why)) => {
                let end = ActionEnd::failed(format!("{host} could not be reached: {}", self.mask.apply(&why)));
                Attempt::Busy { certain: true, end, after: None }
            }
            Err(NoAnswer::Lost(why)) => {
                let why = self.mask.apply(&why);
                let end = format!("the request was sent to {host} and may have been carried out: {why}");
                Attempt::Busy { certain: false, end: ActionEnd::unknown(end), after: None }
            }
        }
    }

    fn judge_answer(&self, answer: &Answer, follow: Option<&Follow>) -> Attempt {
        let said = self.said(answer);
        let after = retry_after(&answer.headers);
        match (answer.status, &answer.broken) {
            (status, None) if status.is_success() => match follow.map(|follow| follow::id(follow, answer)) {
                None => Attempt::done(said, None),
                Some(Some(id)) => Attempt::done(said, Some(id)),
                Some(None) => {
                    let end = ActionEnd::unknown(format!("{said}; it was taken, but its answer holds no id to follow"));
                    Attempt::Ended(end)
                }
            },
            (status, Some(why)) if status.is_success() => {
                let end = ActionEnd::unknown(format!("{said}; the answer broke off: {why}"));
                Attempt::Busy { certain: false, end, after }
            }
            (StatusCode::TOO_MANY_REQUESTS, _) => Attempt::Busy { certain: true, end: ActionEnd::failed(said), after },
            (status, _) if status.is_server_error() => {
                let end = ActionEnd::unknown(format!("{said}; the server may have carried it out"));
                Attempt::Busy { certain: false, end, after }
            }
            (status, _) if status.is_redirection() => {
                let to =
                    answer.headers.get(LOCATION).map_or("nowhere".into(), |to| String::from_utf8_lossy(to.as_bytes()));
                let to = self.mask.head(&to, EXCERPT_CHARS_MAX);
                let end = format!("{said}; it redirects to {to}, which is not followed");
                Attempt::Ended(match self.method {
                    Method::GET => ActionEnd::failed(end),
                    _ => ActionEnd::unknown(format!("{end}: it may have been carried out")),
                })
            }
            _ => Attempt::Ended(ActionEnd::failed(said)),
        }
    }

    /// `POST host answered 200 OK: {"ok":true}`.
    fn said(&self, answer: &Answer) -> String {
        let excerpt = self.mask.head(&answer.body, EXCERPT_CHARS_MAX);
        let colon = if excerpt.is_empty() { "" } else { ": " };
        let host = self.url.host_str().unwrap_or_default();
        format!("{} {host} answered {}{colon}{excerpt}", self.method, answer.status)
    }
}
