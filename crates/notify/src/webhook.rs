//! Webhook: a signed JSON request with CloudEvents 1.0 attributes.

use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use reqwest::{Client, RequestBuilder, header::CONTENT_TYPE};
use secrecy::ExposeSecret;
use serde::Serialize;
use sha2::Sha256;
use url::Url;
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::{Message, Time, WebhookChannel};
use watchkeeper_secret::SecretReader;

use crate::{
    http,
    reason::{reason_of, retry},
};

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
    pub(crate) fn new(channel: WebhookChannel, secrets: SecretReader) -> Result<Self, String> {
        let url = http::target(&channel.url)?;
        Ok(Self { channel, url, secrets, client: http::client()?, limit: Duration::from_secs(30) })
    }

    pub(crate) async fn send(&self, message: &Message) -> Delivery {
        match self.request(message) {
            Ok(request) => http::deliver(request, self.limit, None).await,
            Err(reason) => retry(reason),
        }
    }

    pub(crate) async fn ask(&self) -> Result<String, String> {
        if let Some(secret) = &self.channel.secret {
            self.secrets.resolve(secret).map_err(|error| reason_of(&error))?;
        }
        http::ask(&self.client, &self.url, self.limit).await
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
