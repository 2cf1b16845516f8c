//! Microsoft Teams, by the URL of a workflow: an Adaptive Card, built as data.
//!
//! A workflow answers 202 when it has taken the card; whether it is shown, nobody says. A repeat is seen by nobody.

use std::time::Duration;

use reqwest::Client;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use watchkeeper_engine::ports::notifier::Delivery;
use watchkeeper_model::TeamsChannel;
use watchkeeper_secret::SecretReader;

use crate::{
    http,
    reason::{reason_of, retry},
    wording::{Heading, NextLine, Wording},
};

/// The most that is taken, in bytes, with some room.
const BYTES_MAX: usize = 27_000;

/// Posts cards to one workflow. Its URL is all that is needed to post, so it is a secret.
pub(crate) struct Teams {
    channel: TeamsChannel,
    secrets: SecretReader,
    client: Client,
    /// The total time limit of one request.
    pub(crate) limit: Duration,
}

impl Teams {
    pub(crate) fn new(channel: TeamsChannel, secrets: SecretReader) -> Result<Self, String> {
        Ok(Self { channel, secrets, client: http::client()?, limit: Duration::from_secs(30) })
    }

    pub(crate) async fn send(&self, link: Option<&str>, wording: &Wording) -> Delivery {
        match self.target() {
            Ok(url) => http::deliver(self.client.post(url).json(&message(wording, link)), self.limit, None).await,
            Err(reason) => retry(reason),
        }
    }

    pub(crate) async fn ask(&self) -> Result<String, String> {
        http::ask(&self.client, &self.target()?, self.limit).await
    }

    fn target(&self) -> Result<url::Url, String> {
        let url = self.secrets.resolve(&self.channel.url).map_err(|error| reason_of(&error))?;
        // What is wrong with it must not say what it is.
        http::target(url.expose_secret()).map_err(|_| "the secret is not a URL that may be reached".to_owned())
    }
}

/// The card in the envelope of a workflow, with as many lines as there is room for.
fn message(wording: &Wording, link: Option<&str>) -> Value {
    let mut wording = wording.clone();
    loop {
        let message = envelope(&wording, link);
        if message.to_string().len() <= BYTES_MAX || (wording.measured.pop().is_none() && wording.next.pop().is_none())
        {
            return message;
        }
    }
}

fn envelope(wording: &Wording, link: Option<&str>) -> Value {
    let card = json!({
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": body(wording),
        "actions": link.map(|url| json!({ "type": "Action.OpenUrl", "title": "The incident", "url": url })).into_iter().collect::<Vec<_>>(),
    });
    json!({
        "type": "message",
        "attachments": [{ "contentType": "application/vnd.microsoft.card.adaptive", "content": card }],
    })
}

fn body(wording: &Wording) -> Vec<Value> {
    let mut body = vec![text(&wording.subject, true)];
    body.extend(wording.drill.map(|drill| text(drill, true)));
    body.extend(Some(&wording.lead).filter(|lead| !lead.is_empty()).map(|lead| text(lead, false)));
    let mut part = |heading: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            body.push(text(heading, true));
            body.extend(lines.iter().map(|line| text(line, false)));
        }
    };
    part(wording.listing.as_str(), wording.measured.clone());
    if let Some(act) = &wording.act {
        part(act.heading, act.lines());
    }
    let next = wording.next.iter().map(NextLine::line);
    part(Heading::Next.as_str(), next.collect());
    let about = wording.about.iter().map(|(label, value)| format!("{label}: {value}"));
    part(Heading::About.as_str(), about.chain(wording.ledger_line()).collect());
    body
}

/// A line in which nothing is read as markup: a plain text block would read Markdown, a run of text does not.
fn text(line: &str, bold: bool) -> Value {
    let weight = if bold { "Bolder" } else { "Default" };
    json!({ "type": "RichTextBlock", "inlines": [{ "type": "TextRun", "text": line, "weight": weight }] })
}
