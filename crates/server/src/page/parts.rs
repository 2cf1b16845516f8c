//! Parts that several pages share.

use maud::{Markup, html};
use watchkeeper_model::{Name, SeriesReport, Verdict, Workspace};
use watchkeeper_store::IncidentRecord;

use super::escaped;
use crate::{
    access::Visitor,
    look::{
        form::{Button, Form},
        words,
    },
    seen,
};

/// A name and a fact.
pub(super) fn fact(name: &str, fact: Markup) -> Markup {
    html! { div { dt { (name) } dd { (fact) } } }
}

/// A gate as people call it.
pub(super) fn gate_name(workspace: &Workspace, name: &Name) -> String {
    let described = workspace.gates.get(name).map(|gate| gate.description.as_str());
    described.filter(|described| !described.is_empty()).map_or_else(|| name.to_string(), str::to_owned)
}

/// A monitor as people call it.
pub(super) fn monitor_name(workspace: &Workspace, name: &Name) -> String {
    let described = workspace.monitors.get(name).map(|monitor| monitor.description.as_str());
    described.filter(|described| !described.is_empty()).map_or_else(|| name.to_string(), str::to_owned)
}

/// The form that takes an incident.
pub(super) fn acknowledge(incident: &IncidentRecord) -> OwnedForm {
    OwnedForm { id: incident.id.clone(), seen: seen::incident(incident) }
}

pub(super) struct OwnedForm {
    id: String,
    seen: String,
}

impl OwnedForm {
    pub(super) fn show(&self, visitor: &Visitor, fields: Markup) -> Markup {
        Form {
            word: "ack",
            names: &[("incident", &self.id)],
            hidden: &[("seen", self.seen.clone())],
            button: Button::Next,
            label: "Acknowledge",
        }
        .show(visitor, fields)
    }
}

pub(super) fn step_path(run: &str, step: &Name) -> String {
    format!("/runs/{}/steps/{}", escaped(run), escaped(step.as_str()))
}

/// `0.929 breach below 0.95 · 52 of 56 runs succeeded`.
pub(super) fn wrong(report: &SeriesReport) -> Markup {
    html! {
        @if let Some(reason) = report.unmeasured() {
            (report.verdict) ": " (words::cut(reason, 200))
        } @else {
            (words::cut(&report.subject.to_string(), 100)) " "
            @if let Some(value) = words::value(report) { b { (value) } " " }
            @if !report.limit.is_empty() { span class="muted" { @if report.verdict == Verdict::Ok { "limit: " } @else { (report.verdict) " " } } (report.limit) }
            @if let Some(detail) = &report.detail { span class="muted" { " · " (words::cut(detail, 160)) } }
        }
    }
}

pub(super) fn group(incident: &IncidentRecord) -> String {
    let pairs = incident.group.iter().map(|(name, value)| format!("{name}={value:?}"));
    words::cut(&pairs.collect::<Vec<_>>().join(", "), 120)
}
