//! Requests to the provider: no redirects, a time limit, and no more of an answer than a key set is long.

use std::time::Duration;

use openidconnect::{HttpRequest, HttpResponse, http};
use reqwest::{Client, redirect};
use watchkeeper_net::GuardedResolver;

const TIME_MAX: Duration = Duration::from_secs(10);
const BYTES_MAX: usize = 1024 * 1024;

/// Why the provider did not answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum WebError {
    #[error(transparent)]
    Request(#[from] reqwest::Error),
    #[error(transparent)]
    Response(#[from] http::Error),
    #[error("the answer is longer than {BYTES_MAX} bytes")]
    TooLong,
}

pub(super) async fn send(request: HttpRequest) -> Result<HttpResponse, WebError> {
    // Fails when a provider is installed already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client =
        Client::builder().redirect(redirect::Policy::none()).timeout(TIME_MAX).dns_resolver(GuardedResolver).build()?;
    let mut answer = client.execute(request.try_into()?).await?;
    let mut response = http::Response::builder().status(answer.status());
    for (name, value) in answer.headers() {
        response = response.header(name, value);
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await? {
        if body.len() + chunk.len() > BYTES_MAX {
            return Err(WebError::TooLong);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(response.body(body)?)
}
