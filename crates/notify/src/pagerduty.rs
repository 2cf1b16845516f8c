//! PagerDuty, Events API v2: an incident is one alert there, triggered, acknowledged and resolved by its id.

use std::time::Duration;

use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use url::Url;
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::{Message, MessageKind, PagerdutyChannel, Severity};
use watchkeeper_secret::SecretReader;

use crate::{
    http,
    reason::{reason_of, retry},
    wording::{NextLine, Wording},
};

const EVENTS: &str = "https://events.pagerduty.com";
/// The longest summary that is taken, in characters.
const SUMMARY_CHARS_MAX: usize = 1024;

/// Sends events to one service.
pub(crate) struct Pagerduty {
    channel: PagerdutyChannel,
    url: Url,
    secrets: SecretReader,
    client: Client,
    /// The total time limit of one request.
    pub(crate) limit: Duration,
}

impl Pagerduty {
    pub(crate) fn new(channel: PagerdutyChannel, secrets: SecretReader) -> Result<Self, String> {
        let mut url = http::target(channel.url.as_deref().unwrap_or(EVENTS))?;
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["v2", "enqueue"]);
        }
        Ok(Self { channel, url, secrets, client: http::client()?, limit: Duration::from_secs(30) })
    }

    /// The alert's key is the reference, so that the channel hears of who acknowledges.
    pub(crate) async fn send(&self, message: &Message, wording: &Wording) -> Delivery {
        let key = match self.secrets.resolve(&self.channel.routing_key) {
            Ok(key) => key,
            Err(error) => return retry(reason_of(&error)),
        };
        let event = event(message, wording, key.expose_secret());
        let reference = Some(dedup_key(message).to_owned());
        http::deliver(self.client.post(self.url.clone()).json(&event), self.limit, reference).await
    }

    /// An event cannot be tried without being one, so only the secret and the host are looked at.
    pub(crate) async fn ask(&self) -> Result<String, String> {
        self.secrets.resolve(&self.channel.routing_key).map_err(|error| reason_of(&error))?;
        http::ask(&self.client, &self.url, self.limit).await
    }
}

/// The incident; what is about none is an alert of its own.
fn dedup_key(message: &Message) -> &str {
    message.facts.incident.as_deref().unwrap_or(&message.id)
}

fn event(message: &Message, wording: &Wording, routing_key: &str) -> Value {
    let action = match message.kind {
        MessageKind::Acknowledged => "acknowledge",
        MessageKind::Resolved => "resolve",
        _ => "trigger",
    };
    let mut event = json!({ "routing_key": routing_key, "event_action": action, "dedup_key": dedup_key(message) });
    if action == "trigger" {
        event["payload"] = payload(message, wording);
        event["client"] = json!("Watchkeeper");
        if let Some(link) = &message.link {
            event["client_url"] = json!(link);
            event["links"] = json!([{ "href": link, "text": "The incident" }]);
        }
    }
    event
}

fn payload(message: &Message, wording: &Wording) -> Value {
    let facts = &message.facts;
    let severity = match (message.kind, facts.severity) {
        (MessageKind::Test | MessageKind::Report, _) | (_, Severity::Info) => "info",
        (MessageKind::Warning, _) | (_, Severity::Warning) => "warning",
        (_, Severity::Critical) => "critical",
    };
    json!({
        "summary": wording.subject.chars().take(SUMMARY_CHARS_MAX).collect::<String>(),
        "source": facts.monitor,
        "severity": severity,
        "timestamp": facts.at,
        "group": facts.layer.to_string(),
        "class": message.kind.as_str(),
        "custom_details": details(wording),
    })
}

/// The words of the message, each in a field of its own.
fn details(wording: &Wording) -> Value {
    let mut details = Map::new();
    let mut add = |name: &str, text: String| {
        if !text.is_empty() {
            details.insert(name.to_owned(), Value::String(text));
        }
    };
    add("what", [wording.drill.unwrap_or_default(), &wording.lead].join(" ").trim().to_owned());
    add("measured", wording.measured.join("\n"));
    if let Some(act) = &wording.act {
        let detail = if act.detail.is_empty() { String::new() } else { format!(" {}", act.detail) };
        add(act.heading, format!("{}: {}{detail}", act.summary, act.ended));
    }
    let next = wording.next.iter().map(NextLine::line);
    add("what you can do", next.collect::<Vec<_>>().join("\n"));
    add("ledger head", wording.ledger_head.clone().unwrap_or_default());
    Value::Object(details)
}
