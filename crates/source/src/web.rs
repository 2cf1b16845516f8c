//! One GET and its answer, whole or not at all: a time limit, a size limit, no redirects, no retries.

use std::error::Error as _;
use std::time::Duration;

use reqwest::header::{ACCEPT, LINK, LOCATION};
use reqwest::{Client, Response, StatusCode, redirect, retry};
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use watchkeeper_engine::ports::frame::FrameFault;
use watchkeeper_model::{Secret, is_hidden};
use watchkeeper_net::{GuardedResolver, checked};
use watchkeeper_secret::{Mask, SecretReader};

use crate::fault::Why;

/// The largest answer that is read.
const BODY_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How long connecting may take, at most.
const CONNECT: Duration = Duration::from_secs(10);

/// How much of an error page is shown.
const EXCERPT_CHARS_MAX: usize = 200;

/// What a server answered, to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
    /// Its header `Link`.
    pub(crate) link: Option<String>,
    /// What must not be shown of it.
    pub(crate) mask: Mask,
}

/// Asks once.
pub(crate) async fn get(
    url: Url,
    token: Option<&Secret>,
    secrets: &SecretReader,
    timeout: Duration,
) -> Result<Answer, Why> {
    let place = shown(&url);
    let token =
        token.map(|token| secrets.resolve(token)).transpose().map_err(|error| Why::new(FrameFault::Refused, error))?;
    checked(&url).map_err(|error| Why::new(FrameFault::Refused, error))?;
    let client = client(timeout).map_err(|error| format!("cannot set up an HTTP client: {error}"))?;
    let asked = ask(&client, url, token.as_ref(), &place);
    // The client's own limit covers the body as well; this one holds whatever it does.
    let mask = Mask::over(&token);
    match tokio::time::timeout(timeout.saturating_add(Duration::from_secs(1)), asked).await {
        Ok(answer) => answer.map(|(status, body, link)| Answer { status, body, link, mask: mask.clone() }),
        Err(_) => Err(late(&place, timeout)),
    }
    .map_err(|why| why.masked(&mask))
}

impl Answer {
    /// The beginning of the answer, on one line.
    pub(crate) fn excerpt(&self) -> String {
        // Masked before it is cut: a part of a secret is not recognised.
        let text = self.mask.apply(&String::from_utf8_lossy(&self.body));
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        line.chars().filter(|c| !is_hidden(*c)).take(EXCERPT_CHARS_MAX).collect()
    }

    /// Why a status that is not 2xx is no answer, and what to try.
    pub(crate) fn refusal(&self, place: &str) -> Why {
        use FrameFault::{Missing, Refused, Unreachable};
        let status = self.status;
        let (fault, remedy) = match status.as_u16() {
            401 | 403 => (Refused, "check its `token`"),
            404 => (Missing, "check its `url`"),
            429 => (Unreachable, "it is asked too often; give its monitors a slower schedule"),
            300..=399 => (Refused, "it redirects; give the address that it redirects to"),
            _ => (Unreachable, "look at the server, the next tick tries again"),
        };
        Why::new(fault, format!("{place} answered {status}: {}; {remedy}", self.excerpt()))
    }
}

/// A URL without user, password, query and fragment, which may be secrets or long.
pub(crate) fn shown(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}://{}{port}{}", url.scheme(), url.host_str().unwrap_or_default(), url.path())
}

fn client(timeout: Duration) -> Result<Client, reqwest::Error> {
    // Fails when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    Client::builder()
        .user_agent(concat!("watchkeeper/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT.min(timeout))
        .timeout(timeout)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .no_proxy()
        .dns_resolver(GuardedResolver)
        .build()
}

async fn ask(
    client: &Client,
    url: Url,
    token: Option<&SecretString>,
    place: &str,
) -> Result<(StatusCode, Vec<u8>, Option<String>), Why> {
    let mut request = client.get(url).header(ACCEPT, "application/json");
    if let Some(token) = token {
        request = request.bearer_auth(token.expose_secret());
    }
    let mut response = request.send().await.map_err(|error| unanswered(place, error))?;
    let status = response.status();
    let body = read(&mut response, place).await?;
    let moved = response.headers().get(LOCATION).filter(|_| status.is_redirection());
    let body = moved.map_or(body, |location| format!("to {}", location.to_str().unwrap_or_default()).into_bytes());
    let link = response.headers().get(LINK).and_then(|link| link.to_str().ok()).map(str::to_owned);
    Ok((status, body, link))
}

async fn read(response: &mut Response, place: &str) -> Result<Vec<u8>, Why> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| broken(place, error))? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_BYTES_MAX {
            let what = format!("{place} gives more than 256 MiB; ask for less, or load it into a database");
            return Err(Why::new(FrameFault::Refused, what));
        }
    }
    Ok(body)
}

fn unanswered(place: &str, error: reqwest::Error) -> Why {
    away(match error {
        error if error.is_timeout() && !error.is_connect() => {
            format!("{place} did not answer within its time limit; raise its `timeout`, or look at the server")
        }
        error => format!("{place} cannot be reached: {}; check its `url`, and that the server runs", deepest(error)),
    })
}

fn broken(place: &str, error: reqwest::Error) -> Why {
    if error.is_timeout() {
        return away(format!("{place} did not finish its answer within its time limit; raise its `timeout`"));
    }
    away(format!("the answer of {place} broke off: {}; look at the server, the next tick tries again", deepest(error)))
}

fn late(place: &str, timeout: Duration) -> Why {
    away(format!("{place} did not answer within {timeout:?}; raise its `timeout`, or look at the server"))
}

fn away(what: String) -> Why {
    Why::new(FrameFault::Unreachable, what)
}

/// The innermost cause, without the URL.
fn deepest(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(deeper) = cause {
        text = deeper.to_string();
        cause = deeper.source();
    }
    text.lines().next().unwrap_or_default().to_owned()
}
