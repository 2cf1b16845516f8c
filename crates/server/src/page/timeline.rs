//! The timeline of an incident: what the ledger says of it, one row each.

use maud::{Markup, html};
use serde_json::Value;
use watchkeeper_model::LedgerEntry;

use crate::look::{
    badge::{Shape, shape},
    time, words,
};

/// One row, as people read it.
struct Told {
    shape: Shape,
    /// Whether it stands out: the breach, what failed, what is unknown.
    tone: Option<&'static str>,
    verb: &'static str,
    said: String,
    detail: String,
    actor: String,
}

/// The rows, oldest first.
pub(super) fn timeline(rows: &[LedgerEntry]) -> Markup {
    html! {
        ol class="line" id="timeline" data-live aria-live="polite" {
            @for row in rows { (line(row)) }
        }
    }
}

fn line(row: &LedgerEntry) -> Markup {
    let body: Value = serde_json::from_str(&row.body).unwrap_or_default();
    let told = told(&row.kind, &body);
    html! {
        li id=(format!("r{}", row.seq)) {
            span class="meta" { (time::clock(row.at)) br; (time::day(row.at)) }
            a class="seq meta" href=(format!("#r{}", row.seq)) title="ledger number" { (row.seq) }
            span class=(format!("node {}", told.tone.unwrap_or("muted"))) { (shape(told.shape)) }
            div {
                p { b { (told.verb) } @if !told.said.is_empty() { " " (words::cut(&told.said, 300)) } }
                @if !told.detail.is_empty() { p class="meta" { (words::cut(&told.detail, 400)) } }
            }
            span class="meta actor" { (words::cut(&told.actor, 60)) }
        }
    }
}

/// What a row says. A kind that is not known here is shown by its own word.
fn told(kind: &str, body: &Value) -> Told {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let by = || text("by");
    let plain = |shape, verb, said: String| Told { shape, tone: None, verb, said, detail: String::new(), actor: by() };
    match kind {
        "incident.opened" | "drill.opened" => Told {
            tone: Some("red"),
            actor: text("monitor"),
            detail: more_series(body),
            ..plain(Shape::Disc, if kind == "drill.opened" { "Drill:" } else { "Breach:" }, worst(body))
        },
        "incident.spread" => {
            Told { tone: Some("red"), actor: text("monitor"), ..plain(Shape::Disc, "Spread to", worst(body)) }
        }
        "step.intent" => {
            let despite = listed(&body["despite"]);
            let detail = if despite.is_empty() { String::new() } else { format!("people overrule: {despite}") };
            let runbook = format!("step {} of {}", text("step"), text("runbook"));
            let detail = [runbook, detail].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
            let actor = body["asked_by"].as_str().map_or_else(|| format!("run {}", text("run")), str::to_owned);
            Told { detail, actor, ..plain(Shape::Solid, "Meant to", summary(&body["arguments"])) }
        }
        "step.ended" => ended(body),
        "gate.paused" => Told { detail: text("reason"), ..plain(Shape::Bars, "Gate paused", String::new()) },
        "gate.opened" => Told { detail: text("reason"), ..plain(Shape::Arrow, "Gate opened", String::new()) },
        "notification.sent" => told_people(body, Shape::Envelope, None, "Told"),
        "notification.failed" => told_people(body, Shape::Cross, Some("red"), "Not delivered:"),
        "notification.handed_on" => {
            plain(Shape::Envelope, "Handed on", format!("from {} to {}", text("from"), text("to")))
        }
        "notification.silenced" => plain(Shape::Dash, "Not told yet", text("until")),
        "incident.acknowledged" => plain(Shape::HalfDisc, "Acknowledged", String::new()),
        "incident.given_back" => plain(Shape::Ring, "Given back", String::new()),
        "incident.assigned" => plain(Shape::Arrow, "Assigned", format!("from {} to {}", text("from"), text("to"))),
        "incident.commented" => plain(Shape::Dot, "Said:", text("text")),
        "incident.resolved" => {
            let left = listed(&body["left_paused"]);
            let detail = if left.is_empty() { String::new() } else { format!("still paused: {left}") };
            Told { detail, ..plain(Shape::Tick, "Resolved", format!("by {}", by())) }
        }
        "step.started" => plain(Shape::Hollow, "Started", step_of(body)),
        "step.started_again" => plain(Shape::Hollow, "Started again", step_of(body)),
        "step.approved" => plain(Shape::Tick, "Approved", step_of(body)),
        "step.rejected" => Told { detail: text("reason"), ..plain(Shape::Cross, "Rejected", step_of(body)) },
        "step.settled" => plain(Shape::Tick, "Settled", format!("{} as {}", step_of(body), text("outcome"))),
        "step.answer_refused" | "step.start_refused" => {
            Told { detail: text("reason"), ..plain(Shape::Dash, "Refused", step_of(body)) }
        }
        "step.undo" => plain(Shape::Arrow, "Taken back:", step_of(body)),
        "step.verified" => {
            let helped = body["remedy"] == "remediated";
            let (shape, tone, verb) = match helped {
                true => (Shape::Tick, None, "Remediated:"),
                false => (Shape::Cross, Some("red"), "Not remediated:"),
            };
            let actor = format!("run {}", text("run"));
            Told { tone, detail: text("detail"), actor, ..plain(shape, verb, step_of(body)) }
        }
        "step.not_needed" => plain(Shape::Dash, "Not needed any more:", step_of(body)),
        other => {
            let said = format!("{} {}", other.replace(['.', '_'], " "), text("reason"));
            plain(Shape::Dot, "Noted:", said)
        }
    }
}

fn step_of(body: &Value) -> String {
    format!("step {}", body["step"].as_str().unwrap_or_default())
}

/// The worst of the series in a row: `auc 0.583, below 0.6`.
fn worst(body: &Value) -> String {
    let Some(first) = body["series"].as_array().and_then(|series| series.first()) else { return String::new() };
    serde_json::from_value::<watchkeeper_model::SeriesReport>(first.clone()).map_or_else(
        |_| String::new(),
        |report| match report.unmeasured() {
            Some(reason) => reason.to_owned(),
            None => {
                let value = words::value(&report).unwrap_or_default();
                let limit = if report.limit.is_empty() { String::new() } else { format!(", {}", report.limit) };
                format!("{} {value}{limit}", report.subject)
            }
        },
    )
}

fn more_series(body: &Value) -> String {
    match body["series"].as_array().map_or(0, Vec::len) {
        0 | 1 => String::new(),
        several => format!("and {} more series", several - 1),
    }
}

fn listed(value: &Value) -> String {
    let texts = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join(", ")
}

fn summary(arguments: &Value) -> String {
    serde_json::from_value::<watchkeeper_model::Action>(arguments.clone())
        .map_or_else(|_| String::new(), |action| action.summary())
}

fn ended(body: &Value) -> Told {
    let report = &body["report"];
    let text = |name: &str| report[name].as_str().unwrap_or_default().to_owned();
    let (shape, tone, verb) = match report["outcome"].as_str().unwrap_or_default() {
        "done" => (Shape::Tick, None, "Done:"),
        "failed" => (Shape::Cross, Some("red"), "Failed:"),
        "withheld" => (Shape::Dash, Some("amber"), "Withheld:"),
        _ => (Shape::Diamond, Some("amber"), "UNKNOWN:"),
    };
    let run = body["run"].as_str().unwrap_or_default();
    Told { shape, tone, verb, said: text("summary"), detail: text("detail"), actor: format!("run {run}") }
}

fn told_people(body: &Value, shape: Shape, tone: Option<&'static str>, verb: &'static str) -> Told {
    let text = |name: &str| body[name].as_str().unwrap_or_default().to_owned();
    let receiver = text("receiver");
    let outcome = text("outcome");
    let detail = if outcome == "sent" { String::new() } else { outcome };
    let said = [text("kind"), receiver].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" to ");
    Told { shape, tone, verb, said, detail, actor: text("channel") }
}
