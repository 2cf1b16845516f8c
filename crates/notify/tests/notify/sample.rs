//! One breach to tell about, and channels to tell it on.

use std::{collections::BTreeMap, io, path::Path};

use watchkeeper_model::{
    Channel, Facts, Labels, Layer, Message, MessageKind, Name, NextStep, Outcome, Series, SeriesReport, Severity,
    StepReport, Subject, Verdict,
};
use watchkeeper_notify::Channels;
use watchkeeper_secret::SecretReader;

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// The handoff of `loan-auc` after its gate was paused.
pub(crate) fn handoff() -> Message {
    Message {
        id: "0a1b2c3d4e.handoff.ml-team".to_owned(),
        kind: MessageKind::Handoff,
        facts: facts(),
        first_step: Some(paused(Some(Outcome::Done), "set by the first step")),
        note: None,
        digest: Vec::new(),
        report: None,
        link: None,
        next_steps: vec![
            NextStep {
                description: "Say that you have it".to_owned(),
                command: Some("watchkeeper ack 0a1b2c3d4e".to_owned()),
            },
            NextStep { description: "Compare predictions with ground truth".to_owned(), command: None },
        ],
        ledger_head: "9f".repeat(32),
    }
}

fn facts() -> Facts {
    Facts {
        group: Labels::new(),
        monitor: name("loan-auc"),
        description: "Two-week AUC of the loan model".to_owned(),
        layer: Layer::Model,
        severity: Severity::Critical,
        owner: name("ml-team"),
        labels: Labels::from([("model".to_owned(), "loan".to_owned())]),
        incident: Some("0a1b2c3d4e".to_owned()),
        run: Some("5f6a7b8c9d".to_owned()),
        at: "2026-11-02T06:00:00Z".parse().unwrap(),
        series: vec![SeriesReport {
            subject: Subject::Series(Series { metric: "auc".to_owned(), labels: Labels::new() }),
            value: Some(0.592_602_66),
            baseline: Some(0.71),
            verdict: Verdict::Breach,
            limit: "below 0.6".to_owned(),
            excess: None,
            detail: None,
        }],
        more_series: 0,
        trend: None,
        drill: false,
    }
}

pub(crate) fn paused(outcome: Option<Outcome>, detail: &str) -> StepReport {
    StepReport {
        step: name("pause"),
        action: "gate".to_owned(),
        summary: "pause gate loan-decisions".to_owned(),
        outcome,
        detail: detail.to_owned(),
        started_at: Some("2026-11-02T06:00:09Z".parse().unwrap()),
        finished_at: outcome.map(|_| "2026-11-02T06:00:10Z".parse().unwrap()),
        remedy: None,
    }
}

/// A message whose every free text tries to be something else.
pub(crate) fn hostile() -> Message {
    const TEXT: &str =
        "x\r\nBcc: thief@example.com\r\n\r\n<script>alert(1)</script> <!channel> & \"q\" \u{1b}[2J\r\n.\r\n";
    let mut message = handoff();
    message.id = "a>\r\nBcc: thief@example.com".to_owned();
    message.facts.description = TEXT.to_owned();
    message.facts.incident = Some(TEXT.to_owned());
    message.facts.labels.insert("note".to_owned(), TEXT.to_owned());
    message.facts.series[0].detail = Some(TEXT.to_owned());
    message.facts.series[0].subject = named(TEXT.to_owned());
    message.facts.series[0].limit = TEXT.to_owned();
    message.first_step = Some(paused(Some(Outcome::Failed), TEXT));
    message.next_steps[0].description = TEXT.to_owned();
    message.next_steps[0].command = Some(TEXT.to_owned());
    message
}

/// One channel by the name `owner`, in a workspace.
pub(crate) fn channels(workspace: &Path, channel: Channel) -> Channels {
    try_channels(workspace, channel).unwrap()
}

pub(crate) fn try_channels(workspace: &Path, channel: Channel) -> Result<Channels, String> {
    let channels = BTreeMap::from([(name("owner"), channel)]);
    Channels::new(workspace, channels, SecretReader::new(workspace), io::sink()).map_err(|error| error.to_string())
}

/// A series of this metric, without labels.
pub(crate) fn named(metric: String) -> Subject {
    Subject::Series(Series { metric, labels: Labels::new() })
}
