//! Open incidents: the four answers of each, or of a mass outage one line a monitor.

use std::collections::BTreeMap;

use maud::{Markup, html};
use watchkeeper_model::Name;
use watchkeeper_store::{IncidentDetail, IncidentRecord};

use super::{
    super::parts::{acknowledge, group, monitor_name, step_path, wrong},
    State,
};
use crate::{
    access::Visitor,
    look::{badge, time, words},
};

pub(super) fn show(state: &State, visitor: &Visitor) -> Markup {
    html! {
        section id="incidents" data-live {
            div class="head" { h2 { "Open incidents" } a href="/incidents" { "All incidents" } }
            @if state.open.is_empty() {
                p class="quiet" { "No incident is open." }
            } @else if state.in_full.is_empty() {
                (grouped(state))
            } @else {
                table class="answers" {
                    thead { tr { th { "What is wrong" } th { "What the machine did" } th { "Yours to decide" } th { "May it be undone" } } }
                    tbody { @for detail in &state.in_full { (answers(state, visitor, detail)) } }
                }
            }
        }
    }
}

/// The four answers of one incident.
fn answers(state: &State, visitor: &Visitor, detail: &IncidentDetail) -> Markup {
    let incident = &detail.incident;
    let done: Vec<_> = detail.steps.iter().filter(|step| step.status != "waiting").collect();
    let waiting: Vec<_> = detail.steps.iter().filter(|step| matches!(step.status, "waiting" | "unknown")).collect();
    html! {
        tr {
            td data-label="What is wrong" {
                span { (badge::incident(incident)) " " span class="meta" { (incident.severity) " · " (time::between(incident.opened_at, state.now)) } }
                a class="name" href=(format!("/incidents/{}", incident.id)) { (words::cut(&monitor_name(&state.workspace, &incident.monitor), 120)) }
                @if let Some(worst) = incident.series.first() { span { (wrong(worst)) } }
                span class="meta" {
                    (incident.monitor) @if !incident.group.is_empty() { " " (group(incident)) } " · " (incident.owner)
                    @if incident.drill { " · drill" }
                }
            }
            td data-label="What the machine did" {
                @if done.is_empty() { span class="muted" { "Nothing yet." } }
                @for step in &done {
                    span { (badge::step(step.status, step.approvers.is_some())) " " (words::cut(step.title(), 100)) }
                    span class="meta" {
                        (words::guarantee_short(step.guarantee))
                        @if let Some(at) = step.started_at { " · " (time::clock(at)) }
                        @if let Some(said) = step.detail.as_deref().filter(|said| !said.is_empty()) { " · " (words::cut(said, 120)) }
                    }
                }
            }
            td data-label="Yours to decide" {
                @if incident.state == "open" {
                    span { "Nobody has taken it." }
                    (acknowledge(incident).show(visitor, html! {}))
                } @else if let Some(by) = &incident.acknowledged_by {
                    span { (words::cut(by, 60)) " has it." }
                }
                @for step in &waiting {
                    span { (words::cut(step.title(), 100)) " " (badge::step(step.status, step.approvers.is_some() && step.asked_at.is_some())) }
                    span { a class="button" href=(step_path(&step.run, &step.step)) { "Look at it" } }
                }
            }
            td class="muted" data-label="May it be undone" {
                @for step in done.iter().filter(|step| matches!(step.status, "done" | "failed" | "unknown" | "intent")) {
                    span { (words::capital(step.step.as_str())) ": " (words::undo(&step.recorded)) }
                }
            }
        }
    }
}

/// A mass outage: one line a monitor.
fn grouped(state: &State) -> Markup {
    let mut monitors: BTreeMap<&Name, Vec<&IncidentRecord>> = BTreeMap::new();
    for incident in &state.open {
        monitors.entry(&incident.monitor).or_default().push(incident);
    }
    let mut monitors: Vec<_> = monitors.into_iter().collect();
    monitors.sort_by_key(|(_, incidents)| std::cmp::Reverse(incidents.len()));
    let more = monitors.len().saturating_sub(50);
    html! {
        table {
            thead { tr { th { "Monitor" } th { "Owner" } th class="num" { "Open" } th class="num" { "Nobody has" } th { "Since" } } }
            tbody {
                @for (monitor, incidents) in monitors.iter().take(50) {
                    tr {
                        td { a href=(format!("/incidents?state=open&monitor={monitor}")) { (words::cut(&monitor_name(&state.workspace, monitor), 100)) } " " span class="meta" { (monitor) } }
                        td { @if let Some(first) = incidents.first() { (first.owner) } }
                        td class="num" data-label="open" { (incidents.len()) }
                        td class="num" data-label="nobody has" { (incidents.iter().filter(|incident| incident.state == "open").count()) }
                        td data-label="since" { @if let Some(oldest) = incidents.iter().map(|incident| incident.opened_at).min() { (time::minute(oldest)) } }
                    }
                }
            }
        }
        @if more > 0 { p class="quiet" { (more) " more monitors have open incidents. " a href="/incidents?state=open" { "Look through them" } } }
    }
}
