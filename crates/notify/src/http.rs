//! One request to a channel's peer, and what its answer means for the message.

use std::time::Duration;

use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{HeaderMap, RETRY_AFTER},
    redirect,
};
use url::Url;
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_net::{GuardedResolver, checked};

use crate::reason::{reason_of, retry, timed_out};

/// A client that follows no redirect, so that the URL in the configuration is the only place that is ever told.
pub(crate) fn client() -> Result<Client, String> {
    let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().dns_resolver(GuardedResolver);
    client.build().map_err(|error| reason_of(&error))
}

/// The URL of a peer that may be told.
pub(crate) fn target(url: &str) -> Result<Url, String> {
    let target = Url::parse(url).map_err(|error| format!("`{url}` is not a URL: {error}"))?;
    if !matches!(target.scheme(), "http" | "https") {
        return Err(format!("`{url}` must begin with https:// or http://"));
    }
    checked(&target).map_err(|error| reason_of(&error))?;
    Ok(target)
}

/// Sends a request; `reference` is what the peer goes by, once it has taken it.
pub(crate) async fn deliver(request: RequestBuilder, limit: Duration, reference: Option<String>) -> Delivery {
    match request.timeout(limit).send().await {
        Ok(response) if response.status().is_success() => Delivery::Sent(reference),
        Ok(response) => refusal(&response),
        Err(error) if error.is_timeout() => timed_out(limit),
        Err(error) => retry(reason_of(&error.without_url())),
    }
}

/// Asks with HEAD, which sends no message; any answer says that somebody is there.
pub(crate) async fn ask(client: &Client, url: &Url, limit: Duration) -> Result<String, String> {
    let host = url.host_str().unwrap_or_default();
    match client.head(url.clone()).timeout(limit).send().await {
        Ok(response) => Ok(format!("{host} answers ({} to HEAD)", response.status().as_u16())),
        Err(error) => Err(reason_of(&error.without_url())),
    }
}

/// What an answer means that says no.
fn refusal(response: &Response) -> Delivery {
    let status = response.status();
    let reason = format!("the peer answered {status}");
    match status {
        StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
            Delivery::Retry { reason, after: retry_after(response.headers()) }
        }
        _ if status.is_server_error() => Delivery::Retry { reason, after: retry_after(response.headers()) },
        // A secret that is being replaced, or a receiver that is being deployed.
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Delivery::Unwell(reason),
        _ => Delivery::Refused(reason),
    }
}

/// `Retry-After` in seconds; its date form is left to the engine's own back-off.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok().map(Duration::from_secs)
}
