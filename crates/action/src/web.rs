//! One request and its answer, and how certain one can be about it.

use std::time::Duration;

use reqwest::{Certificate, Client, RequestBuilder, StatusCode, header::HeaderMap, redirect, retry};
use watchkeeper_net::GuardedResolver;

use crate::{cause, limit::Limit};

const CONNECT_TIMEOUT_MAX: Duration = Duration::from_secs(10);

/// What a peer answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its headers.
    pub(crate) headers: HeaderMap,
    /// The first bytes of its body, as text.
    pub(crate) body: String,
    /// Why the body could not be read to its end.
    pub(crate) broken: Option<String>,
}

/// Why there is no answer.
#[derive(Debug)]
pub(crate) enum NoAnswer {
    /// Nothing was sent.
    NotSent(String),
    /// It was, or may have been, sent.
    Lost(String),
}

/// A client for one call. Connections are not kept, so a request never meets one that the peer has just closed;
/// connecting ends before the call does, so "not sent" and "lost" can be told apart.
pub(crate) fn client(timeout: Duration) -> Result<Client, reqwest::Error> {
    client_trusting(timeout, Vec::new())
}

/// The same for a peer whose certificate is signed by one of these.
pub(crate) fn client_trusting(timeout: Duration, signers: Vec<Certificate>) -> Result<Client, reqwest::Error> {
    // Fails when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let builder = match signers.is_empty() {
        true => Client::builder(),
        false => Client::builder().tls_certs_only(signers),
    };
    builder
        .user_agent(concat!("watchkeeper/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT_MAX.min(timeout / 2))
        .pool_max_idle_per_host(0)
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        // A proxy would resolve names by itself, out of the guarded resolver's sight.
        .no_proxy()
        .dns_resolver(GuardedResolver)
        .build()
}

/// Sends a request once and reads at most `body_bytes_max` of the answer.
pub(crate) async fn send(request: RequestBuilder, limit: &Limit, body_bytes_max: usize) -> Result<Answer, NoAnswer> {
    let lost = || NoAnswer::Lost("there was no answer within the time limit".to_owned());
    let mut response = limit.within(request.send()).await.ok_or_else(lost)?.map_err(classified)?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut bytes = Vec::new();
    let broken = match limit.within(read(&mut response, &mut bytes, body_bytes_max)).await {
        Some(Ok(())) => None,
        Some(Err(error)) => Some(cause::line(&error.without_url())),
        None => Some("the time limit was reached before its end".to_owned()),
    };
    Ok(Answer { status, headers, body: String::from_utf8_lossy(&bytes).into_owned(), broken })
}

/// Reads a body until its end or until there is enough of it.
async fn read(response: &mut reqwest::Response, bytes: &mut Vec<u8>, bytes_max: usize) -> Result<(), reqwest::Error> {
    while bytes.len() < bytes_max {
        let Some(chunk) = response.chunk().await? else { break };
        bytes.extend_from_slice(&chunk);
    }
    bytes.truncate(bytes_max);
    Ok(())
}

/// Without a connection, or without a well-formed request, nothing can have happened.
fn classified(error: reqwest::Error) -> NoAnswer {
    let certain = error.is_connect() || error.is_builder();
    let text = cause::line(&error.without_url());
    if certain { NoAnswer::NotSent(text) } else { NoAnswer::Lost(text) }
}
