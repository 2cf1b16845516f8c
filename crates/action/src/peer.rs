//! A peer that speaks JSON over HTTP: where it is, who asks, and what its answers mean.

use std::{fs, io, path::Path, time::Duration};

use reqwest::{
    Certificate, Client, Method, RequestBuilder, StatusCode,
    header::{CONTENT_TYPE, LOCATION},
};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use url::Url;
use watchkeeper_engine::ports::action::{ActionCall, ActionEnd, After};
use watchkeeper_model::Connection;
use watchkeeper_net::{TargetError, permitted};
use watchkeeper_secret::{Mask, SecretError};

use crate::{
    ActionRunner, cause,
    contract::{Attempt, Reading},
    limit::{Limit, backoff, retry_after},
    web::{self, Answer, NoAnswer},
};

const BODY_BYTES_MAX: usize = 1024 * 1024;
const EXCERPT_CHARS_MAX: usize = 400;

/// Why a peer cannot be asked at all.
#[derive(Debug, thiserror::Error)]
enum PeerError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Token(#[from] SecretError),
    #[error("cannot read the certificates of {path}")]
    Certificates { path: String, source: io::Error },
    #[error("{path} holds no certificates in PEM")]
    NotCertificates { path: String },
    #[error("cannot set up a client")]
    Client(#[from] reqwest::Error),
}

/// Why a request has no good answer.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// What it is about is not there, or not to be seen by this account.
    NotFound(String),
    /// The credential is not taken, or does not suffice.
    Unauthorised(String),
    /// It moved since it was read.
    Conflict(String),
    /// It was not carried out, for certain, and would not be another time.
    Refused(String),
    /// It was not carried out, for certain: the peer is away or busy.
    Away(String, Option<Duration>),
    /// It may have been carried out.
    Ambiguous(String),
}

impl Trouble {
    /// What happened, for people.
    pub(crate) fn text(self) -> String {
        match self {
            Self::NotFound(text)
            | Self::Unauthorised(text)
            | Self::Conflict(text)
            | Self::Refused(text)
            | Self::Away(text, _)
            | Self::Ambiguous(text) => text,
        }
    }

    /// What it says about a call that would act.
    pub(crate) fn attempt(self) -> Attempt {
        match self {
            Self::Away(text, after) => Attempt::Busy { certain: true, end: ActionEnd::failed(text), after },
            Self::Ambiguous(text) => {
                let end = ActionEnd::unknown(format!("it may have been carried out: {text}"));
                Attempt::Busy { certain: false, end, after: None }
            }
            certain => Attempt::failed(certain.text()),
        }
    }

    /// The same where nothing was asked for yet but to read: what may have been carried out changed nothing.
    pub(crate) fn before_acting(self) -> Self {
        match self {
            Self::Ambiguous(text) => Self::Away(text, None),
            other => other,
        }
    }

    /// The same of a call that only asks.
    pub(crate) fn unread(self) -> After {
        After::Unreadable(self.text())
    }

    /// The same of one that asks before anything is sent.
    pub(crate) fn unready(self) -> Reading {
        match self {
            Self::Away(text, _) | Self::Ambiguous(text) => Reading::Away(text),
            certain => Reading::Refused(certain.text()),
        }
    }
}

/// A peer and the credentials for it, for the time of one call.
pub(crate) struct Peer {
    name: &'static str,
    client: Client,
    base: Url,
    user: Option<String>,
    token: Option<SecretString>,
    mask: Mask,
    limit: Limit,
    idempotency_key: String,
}

impl Peer {
    /// The peer that a step names, for a call of it.
    pub(crate) fn of(
        name: &'static str,
        connection: &Connection,
        call: &ActionCall,
        runner: &ActionRunner,
    ) -> Result<Self, Trouble> {
        Self::named(name, connection, call.timeout, &call.idempotency_key, runner)
    }

    /// The same for what is no call of a step.
    pub(crate) fn named(
        name: &'static str,
        connection: &Connection,
        timeout: Duration,
        key: &str,
        runner: &ActionRunner,
    ) -> Result<Self, Trouble> {
        let peer = Self::prepared(name, connection, timeout, key, runner);
        peer.map_err(|error| Trouble::Refused(cause::line(&error)))
    }

    fn prepared(
        name: &'static str,
        connection: &Connection,
        timeout: Duration,
        key: &str,
        runner: &ActionRunner,
    ) -> Result<Self, PeerError> {
        let base = permitted(&connection.url, &runner.allow.hosts)?;
        let token = connection.token.as_ref().map(|token| runner.secrets.resolve(token)).transpose()?;
        let certificates = connection.ca.as_deref().map(|ca| certificates(&runner.workspace.join(ca))).transpose()?;
        Ok(Self {
            name,
            client: web::client_trusting(timeout, certificates.unwrap_or_default())?,
            base,
            user: connection.user.clone(),
            mask: Mask::over(&token),
            token,
            limit: Limit::ahead(timeout),
            idempotency_key: key.to_owned(),
        })
    }

    /// The same with a token that the peer has just given.
    pub(crate) fn with_token(mut self, token: SecretString) -> Self {
        self.mask = Mask::over(self.token.iter().chain([&token]));
        (self.user, self.token) = (None, Some(token));
        self
    }

    /// The user and the password that are given to the peer in exchange for a token.
    pub(crate) fn credentials(&self) -> Option<(&str, &str)> {
        Some((self.user.as_deref()?, self.token.as_ref()?.expose_secret()))
    }

    /// The same without credentials, for the request that fetches some.
    pub(crate) async fn ask_openly(&self, url: Url, body: &Value) -> Result<Value, Trouble> {
        let request = || self.client.post(url.clone()).header("accept", "application/json").json(body);
        self.exchange(&request).await
    }

    /// The same until an earlier limit.
    pub(crate) fn until(mut self, limit: &Limit) -> Self {
        self.limit = *limit;
        self
    }

    /// `base/path…`; every part of the path is one segment, whatever stands in it.
    pub(crate) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }

    /// Asks, and again only when the peer says that it did nothing because it is busy. `Null` for an empty answer.
    pub(crate) async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Trouble> {
        let request = || {
            let request = self.request(&method, &url);
            match body {
                Some(body) => request.json(body),
                None => request,
            }
        };
        self.exchange(&request).await
    }

    /// The same with a body of another type than JSON's own.
    pub(crate) async fn patch(&self, url: Url, content_type: &'static str, body: &Value) -> Result<Value, Trouble> {
        let request = || self.request(&Method::PATCH, &url).header(CONTENT_TYPE, content_type).body(body.to_string());
        self.exchange(&request).await
    }

    async fn exchange(&self, request: &(dyn Fn() -> RequestBuilder + Sync)) -> Result<Value, Trouble> {
        for attempt in 0.. {
            let answer = match web::send(request(), &self.limit, BODY_BYTES_MAX).await {
                Ok(answer) => answer,
                Err(no_answer) => return Err(self.without_answer(no_answer)),
            };
            let asked_for = retry_after(&answer.headers).unwrap_or_default();
            let pause = asked_for.max(backoff(attempt, &self.idempotency_key));
            if answer.status != StatusCode::TOO_MANY_REQUESTS || !self.limit.pause(pause).await {
                return self.read(&answer);
            }
        }
        Err(Trouble::Away(format!("{} was asked too often", self.name), None))
    }

    fn request(&self, method: &Method, url: &Url) -> RequestBuilder {
        let request = self.client.request(method.clone(), url.clone()).header("accept", "application/json");
        match (&self.user, &self.token) {
            (Some(user), token) => request.basic_auth(user, token.as_ref().map(ExposeSecret::expose_secret)),
            (None, Some(token)) => request.bearer_auth(token.expose_secret()),
            (None, None) => request,
        }
    }

    fn without_answer(&self, no_answer: NoAnswer) -> Trouble {
        let name = self.name;
        match no_answer {
            NoAnswer::NotSent(why) => {
                Trouble::Away(format!("{name} could not be reached: {}", self.mask.apply(&why)), None)
            }
            NoAnswer::Lost(why) => Trouble::Ambiguous(format!("{name} did not answer: {}", self.mask.apply(&why))),
        }
    }

    fn read(&self, answer: &Answer) -> Result<Value, Trouble> {
        let said = || self.complaint(answer);
        match answer.status {
            status if status.is_success() => self.read_success(answer),
            StatusCode::NOT_FOUND => Err(Trouble::NotFound(said())),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Trouble::Unauthorised(said())),
            StatusCode::CONFLICT => Err(Trouble::Conflict(said())),
            StatusCode::TOO_MANY_REQUESTS => Err(Trouble::Away(said(), retry_after(&answer.headers))),
            status if status.is_server_error() || status.is_redirection() => Err(Trouble::Ambiguous(said())),
            _ => Err(Trouble::Refused(said())),
        }
    }

    fn read_success(&self, answer: &Answer) -> Result<Value, Trouble> {
        let name = self.name;
        if let Some(why) = &answer.broken {
            return Err(Trouble::Ambiguous(format!("{name}'s answer ({}) broke off: {why}", answer.status)));
        }
        if answer.body.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer.body).map_err(|_| {
            Trouble::Ambiguous(format!("{name} answered {} with something other than JSON", answer.status))
        })
    }

    /// `Jira answered 400 Bad Request: Field 'priority' is required; summary: You must specify a summary.`
    fn complaint(&self, answer: &Answer) -> String {
        let (status, name) = (answer.status, self.name);
        let said = serde_json::from_str::<Value>(&answer.body).map(|body| complaints(&body).join("; "));
        let said = match (said, answer.headers.get(LOCATION)) {
            (_, Some(to)) if status.is_redirection() => {
                format!("it redirects to {}, which is not followed", String::from_utf8_lossy(to.as_bytes()))
            }
            (Ok(said), _) => said,
            // Not the peer's own shape, so rather a proxy's page than something worth quoting.
            (Err(_), _) => String::new(),
        };
        let said = self.quoted(&said);
        if said.is_empty() { format!("{name} answered {status}") } else { format!("{name} answered {status}: {said}") }
    }

    /// What the peer says, bounded and cleaned.
    pub(crate) fn quoted(&self, said: &str) -> String {
        self.mask.head(said, EXCERPT_CHARS_MAX)
    }
}

fn certificates(path: &Path) -> Result<Vec<Certificate>, PeerError> {
    let shown = || path.display().to_string();
    let pem = fs::read(path).map_err(|source| PeerError::Certificates { path: shown(), source })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(PeerError::NotCertificates { path: shown() }),
    }
}

/// The messages in the shapes that these peers give their errors: general ones first, then those of fields.
fn complaints(body: &Value) -> Vec<String> {
    let texts = |value: &Value| -> Vec<String> {
        let of = |value: &Value| value.as_str().or_else(|| value["msg"].as_str()).map(str::to_owned);
        match value {
            Value::Array(items) => items.iter().filter_map(of).collect(),
            one => of(one).into_iter().collect(),
        }
    };
    let fields = body["errors"].as_object().into_iter().flatten();
    let fields = fields.filter_map(|(field, message)| Some(format!("{field}: {}", message.as_str()?)));
    let general = ["errorMessages", "message", "detail", "title", "error_description", "error"];
    let mut general = general.iter().map(|key| texts(&body[*key])).filter(|said| !said.is_empty());
    general.next().unwrap_or_default().into_iter().chain(fields).collect()
}

/// Why a peer is not asked from here.
pub(crate) fn refusal(url: &str, runner: &ActionRunner) -> Option<String> {
    permitted(url, &runner.allow.hosts).err().map(|error| cause::line(&error))
}
