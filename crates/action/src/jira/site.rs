//! One Jira: where it is, who asks, and what its answers mean.

use std::time::Duration;

use reqwest::{Client, Method, RequestBuilder, StatusCode, header::LOCATION};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use url::Url;
use watchkeeper_engine::ports::action::ActionCall;
use watchkeeper_model::{JiraAction, JiraApi};
use watchkeeper_net::{TargetError, permitted};
use watchkeeper_secret::{Mask, SecretError};

use super::{adf, text};
use crate::{
    ActionRunner,
    limit::{Limit, backoff, retry_after},
    web::{self, Answer, NoAnswer},
};

const BODY_BYTES_MAX: usize = 1024 * 1024;
const EXCERPT_CHARS_MAX: usize = 400;

/// Why Jira cannot be asked at all.
#[derive(Debug, thiserror::Error)]
pub(super) enum SiteError {
    #[error(transparent)]
    Target(#[from] TargetError),
    #[error(transparent)]
    Token(#[from] SecretError),
    #[error("cannot set up a client")]
    Client(#[from] reqwest::Error),
}

/// Why a request has no good answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// There is no such issue, or none that this account may see.
    NotFound(String),
    /// The credential is not taken.
    Unauthorised(String),
    /// It was not carried out, for certain.
    Refused(String),
    /// It may have been carried out.
    Ambiguous(String),
}

impl Trouble {
    /// What happened, for people.
    pub(super) fn text(self) -> String {
        match self {
            Self::NotFound(text) | Self::Unauthorised(text) | Self::Refused(text) | Self::Ambiguous(text) => text,
        }
    }
}

/// A Jira and the credentials for it, for the time of one call.
pub(super) struct Site {
    client: Client,
    base: Url,
    api: JiraApi,
    user: Option<String>,
    token: SecretString,
    mask: Mask,
    limit: Limit,
    idempotency_key: String,
}

impl Site {
    /// The site that a step names.
    pub(super) fn of(action: &JiraAction, call: &ActionCall, runner: &ActionRunner) -> Result<Self, SiteError> {
        Self::named(action, call.timeout, &call.idempotency_key, runner)
    }

    /// The same for what is no call of a step.
    pub(super) fn named(
        action: &JiraAction,
        timeout: Duration,
        key: &str,
        runner: &ActionRunner,
    ) -> Result<Self, SiteError> {
        let base = permitted(&action.url, &runner.allow.hosts)?;
        let token = runner.secrets.resolve(&action.token)?;
        Ok(Self {
            client: web::client(timeout)?,
            base,
            api: action.api,
            user: action.user.clone(),
            mask: Mask::over([&token]),
            token,
            limit: Limit::ahead(timeout),
            idempotency_key: key.to_owned(),
        })
    }

    /// Which Jira it is.
    pub(super) fn api(&self) -> JiraApi {
        self.api
    }

    /// A text as this Jira wants it: a document for Cloud, escaped markup for Data Center.
    pub(super) fn prose(&self, prose: &str) -> Value {
        match self.api {
            JiraApi::V2 => json!(text::wiki(prose)),
            JiraApi::V3 => adf::document(&text::paragraphs(prose)),
        }
    }

    /// Asks once, and again only when Jira says that it did nothing because it is busy. `Null` for an empty answer.
    pub(super) async fn ask(&self, method: Method, url: Url, body: Option<&Value>) -> Result<Value, Trouble> {
        for attempt in 0.. {
            let answer = match web::send(self.request(&method, &url, body), &self.limit, BODY_BYTES_MAX).await {
                Ok(answer) => answer,
                Err(no_answer) => return Err(self.without_answer(no_answer)),
            };
            let asked_for = retry_after(&answer.headers).unwrap_or_default();
            let pause = asked_for.max(backoff(attempt, &self.idempotency_key));
            if answer.status != StatusCode::TOO_MANY_REQUESTS || !self.limit.pause(pause).await {
                return self.read(&answer);
            }
        }
        Err(Trouble::Refused("Jira was asked too often".to_owned()))
    }

    /// `base/rest/api/N/path…`; a site may live under a path of its own.
    pub(super) fn url(&self, path: &[&str]) -> Url {
        let mut url = self.base.clone();
        let version = match self.api {
            JiraApi::V2 => "2",
            JiraApi::V3 => "3",
        };
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(["rest", "api", version]).extend(path);
        }
        url
    }

    fn request(&self, method: &Method, url: &Url, body: Option<&Value>) -> RequestBuilder {
        let request = self.client.request(method.clone(), url.clone()).header("accept", "application/json");
        let request = match &self.user {
            Some(user) => request.basic_auth(user, Some(self.token.expose_secret())),
            None => request.bearer_auth(self.token.expose_secret()),
        };
        match body {
            Some(body) => request.json(body),
            None => request,
        }
    }

    fn without_answer(&self, no_answer: NoAnswer) -> Trouble {
        match no_answer {
            NoAnswer::NotSent(why) => Trouble::Refused(format!("Jira could not be reached: {}", self.mask.apply(&why))),
            NoAnswer::Lost(why) => Trouble::Ambiguous(format!("Jira did not answer: {}", self.mask.apply(&why))),
        }
    }

    fn read(&self, answer: &Answer) -> Result<Value, Trouble> {
        match answer.status {
            status if status.is_success() => self.read_success(answer),
            StatusCode::NOT_FOUND => Err(Trouble::NotFound(self.complaint(answer))),
            StatusCode::UNAUTHORIZED => Err(Trouble::Unauthorised(self.complaint(answer))),
            status if status.is_server_error() => Err(Trouble::Ambiguous(self.complaint(answer))),
            _ => Err(Trouble::Refused(self.complaint(answer))),
        }
    }

    fn read_success(&self, answer: &Answer) -> Result<Value, Trouble> {
        if let Some(why) = &answer.broken {
            return Err(Trouble::Ambiguous(format!("Jira's answer ({}) broke off: {why}", answer.status)));
        }
        if answer.body.trim().is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_str(&answer.body)
            .map_err(|_| Trouble::Ambiguous(format!("Jira answered {} with something other than JSON", answer.status)))
    }

    /// `Jira answered 400 Bad Request: Field 'priority' is required; summary: You must specify a summary.`
    fn complaint(&self, answer: &Answer) -> String {
        let status = answer.status;
        let said = serde_json::from_str::<Value>(&answer.body).map(|body| complaints(&body).join("; "));
        let said = match (said, answer.headers.get(LOCATION)) {
            (_, Some(to)) if status.is_redirection() => {
                format!("it redirects to {}, which is not followed", String::from_utf8_lossy(to.as_bytes()))
            }
            (Ok(said), _) => said,
            // Not Jira's own shape, so rather a proxy's page than something worth quoting.
            (Err(_), _) => String::new(),
        };
        let said = self.mask.head(&said, EXCERPT_CHARS_MAX);
        if said.is_empty() { format!("Jira answered {status}") } else { format!("Jira answered {status}: {said}") }
    }
}

/// The messages in Jira's error shape: general ones first, then those of fields.
fn complaints(body: &Value) -> Vec<String> {
    let general = body["errorMessages"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
    let fields = body["errors"].as_object().into_iter().flatten();
    let fields = fields.filter_map(|(field, message)| Some(format!("{field}: {}", message.as_str()?)));
    let single = body["message"].as_str().map(str::to_owned);
    general.chain(fields).chain(single).collect()
}
