//! Webhook: a signed JSON request with CloudEvents 1.0 attributes.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect,
};
use secrecy::ExposeSecret;
use serde::Serialize;
use sha2::Sha256;
use url::Url;
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::{Message, Time, WebhookChannel};
use watchkeeper_net::{GuardedResolver, checked};
use watchkeeper_secret::SecretReader;

use crate::reason::{reason_of, retry, timed_out};

/// Posts messages to one URL.
pub(crate) struct Webhook {
    channel: WebhookChannel,
    url: Url,
    secrets: SecretReader,
    client: Client,
    /// The total time limit of one request.
    pub(crate) limit: Duration,
}

/// A message in CloudEvents 1.0's structured mode.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: String,
    #[serde(rename = "type")]
    kind: String,
    time: Time,
    subject: &'a str,
    datacontenttype: &'static str,
    data: &'a Message,
}

impl Webhook {
    /// Redirects are not followed, so the URL in the configuration is the only place that is ever told.
    pub(crate) fn new(channel: WebhookChannel, secrets: SecretReader) -> Result<Self, String> {
        let url = Url::parse(&channel.url).map_err(|error| format!("`{}` is not a URL: {error}", channel.url))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("`{}` must begin with https:// or http://", channel.url));
        }
        checked(&url).map_err(|error| reason_of(&error))?;
        let client = Client::builder().redirect(redirect::Policy::none()).no_proxy().dns_resolver(GuardedResolver);
        let client = client.build();
        let client = client.map_err(|error| reason_of(&error))?;
        Ok(Self { channel, url, secrets, client, limit: Duration::from_secs(30) })
    }

    pub(crate) async fn send(&self, message: &Message) -> Delivery {
        let request = match self.request(message) {
            Ok(request) => request.timeout(self.limit),
            Err(reason) => return retry(reason),
        };
        match request.send().await {
            Ok(response) => outcome_of(&response),
            Err(error) if error.is_timeout() => timed_out(self.limit),
            Err(error) => retry(reason_of(&error.without_url())),
        }
    }

    /// Asks with HEAD, which sends no message; any answer says that somebody is there.
    pub(crate) async fn ask(&self) -> Result<String, String> {
        if let Some(secret) = &self.channel.secret {
            self.secrets.resolve(secret).map_err(|error| reason_of(&error))?;
        }
        let host = self.url.host_str().unwrap_or_default();
        match self.client.head(self.url.clone()).timeout(self.limit).send().await {
            Ok(response) => Ok(format!("{host} answers ({} to HEAD)", response.status().as_u16())),
            Err(error) => Err(reason_of(&error.without_url())),
        }
    }

    /// The same message gives the same bytes, and so the same signature.
    fn request(&self, message: &Message) -> Result<RequestBuilder, String> {
        let body = serde_json::to_vec(&CloudEvent::of(message)).map_err(|error| error.to_string())?;
        let request = self.client.post(self.url.clone());
        let request = request.header(CONTENT_TYPE, "application/cloudevents+json; charset=utf-8");
        let request = request.header("Idempotency-Key", &message.id);
        let Some(secret) = &self.channel.secret else { return Ok(request.body(body)) };
        let key = self.secrets.resolve(secret).map_err(|error| reason_of(&error))?;
        let signature = signature_of(key.expose_secret().as_bytes(), &body)?;
        Ok(request.header("X-Watchkeeper-Signature", signature).body(body))
    }
}

impl<'a> CloudEvent<'a> {
    fn of(message: &'a Message) -> Self {
        let facts = &message.facts;
        Self {
            specversion: "1.0",
            id: &message.id,
            source: format!("/watchkeeper/monitors/{}", facts.monitor),
            kind: format!("watchkeeper.{}", message.kind.as_str()),
            time: facts.at,
            subject: facts.incident.as_deref().unwrap_or_else(|| facts.monitor.as_str()),
            datacontenttype: "application/json",
            data: message,
        }
    }
}

/// `sha256=` and the HMAC-SHA256 of the raw body in lower-case hex.
fn signature_of(key: &[u8], body: &[u8]) -> Result<String, String> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(|error| error.to_string())?;
    mac.update(body);
    let digits: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("sha256={digits}"))
}

/// What the peer's answer means.
fn outcome_of(response: &Response) -> Delivery {
    let status = response.status();
    let reason = format!("the peer answered {status}");
    match status {
        _ if status.is_success() => Delivery::Sent(None),
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
