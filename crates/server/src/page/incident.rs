//! `/incidents/{id}`: one incident as one timeline, what comes, and what is somebody's to decide.

use maud::{Markup, html};
use watchkeeper_model::{GateState, Time, Trend, Verdict};
use watchkeeper_store::{IncidentDetail, IncidentRecord, StepDetail};

use super::{
    Nav, Page, escaped, may_act,
    parts::{acknowledge, group, monitor_name, step_path, wrong},
    timeline,
};
use crate::{
    House,
    access::Visitor,
    look::{
        badge,
        chart::chart,
        form::{Button, Form},
        time, words,
    },
    problem::Problem,
    routes::Ask,
    seen, series,
};

/// Rows of the ledger that are shown, at most.
const ROWS_MAX: u32 = 500;

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let house = &ask.house;
    let detail = house.store().incident(ask.path("incident")).await.map_err(Problem::refused)?;
    let incident = &detail.incident;
    let rows = house.store().ledger_of_incident(&incident.id, ROWS_MAX).await.map_err(Problem::store)?;
    let gates = house.gates().await.map_err(Problem::store)?;
    let (trend, recorded) = trend(house, incident).await?;
    let workspace = house.workspace();
    let name = monitor_name(&workspace, &incident.monitor);
    let title = headline(&name, incident);
    let opened = incident.opened_at;
    let content = html! {
        p class="crumbs" { a href="/incidents" { "Incidents" } " / " span class="id" { (incident.id) } }
        div id="head" data-live aria-live="polite" {
            h1 { (title) }
            p {
                (badge::incident(incident)) " " (incident.severity) " · " (incident.layer) " · "
                a href=(format!("/monitors/{}", incident.monitor)) { (incident.monitor) }
                @if !incident.group.is_empty() { " · " (group(incident)) }
                " · " (incident.owner) " · opened " (time::at(opened)) (time::zone())
                ", " (time::between(opened, ask.now)) " ago"
                @if incident.drill { " · drill: the breach is pretended" }
                @if let Some(by) = &incident.acknowledged_by { " · " (words::cut(by, 60)) " has it" }
                @if let Some(at) = incident.resolved_at {
                    " · resolved by " (words::cut(incident.resolved_by.as_deref().unwrap_or("recovery"), 60)) " at " (time::at(at))
                }
            }
            @if incident.state == "open" {
                (acknowledge(incident).show(&ask.visitor, html! {}))
                p class="meta" { "Acknowledging says: I have it. Reminders to " (incident.owner) " stop; steps go on as they are." }
            }
        }
        div class="two" {
            div {
                section {
                    div class="head" { h2 { "What happened" } span class="muted" { "time · ledger number · who" } }
                    (timeline::timeline(&rows))
                    @if rows.len() >= ROWS_MAX as usize { p class="quiet" { "Only the first " (ROWS_MAX) " rows are shown. " a href=(format!("/ledger?subject={}", incident.id)) { "All" } } }
                }
                (comes(&workspace, &detail, ask.now))
                section {
                    div class="head" { h2 { "What is wrong" } a href=(format!("/monitors/{}", incident.monitor)) { (incident.monitor) } }
                    ul class="list" { @for report in incident.series.iter().take(20) { li { (badge::verdict(report.verdict)) " " (wrong(report)) } } }
                    @if incident.series.len() > 20 { p class="quiet" { "and " (incident.series.len() - 20) " more series" } }
                    @if let Some(trend) = &trend {
                        (chart(trend, &[(opened, incident.resolved_at.unwrap_or(ask.now))], recorded, "chart-words"))
                    }
                }
            }
            aside id="acts" data-live {
                (next_steps(&ask.visitor, &detail))
                (undo(&ask.visitor, &detail, &gates))
                (over(&ask.visitor, &workspace, incident))
                (say(&ask.visitor, &workspace, incident))
            }
        }
    };
    Ok(Page::new(Nav::Incidents, title, content))
}

/// `Two-week AUC of the loan model is 0.583, below 0.6`.
pub(super) fn headline(name: &str, incident: &IncidentRecord) -> String {
    let Some(worst) = incident.series.first() else { return name.to_owned() };
    let name = words::cut(name, 120);
    if worst.verdict == Verdict::Ok {
        return words::value(worst).map_or_else(|| name.clone(), |value| format!("{name} is {value}, ok again"));
    }
    match (worst.unmeasured(), words::value(worst)) {
        (Some(reason), _) => format!("{name}: {}", words::cut(reason, 160)),
        (None, Some(value)) if !worst.limit.is_empty() => format!("{name} is {value}, {}", worst.limit),
        (None, Some(value)) => format!("{name} is {value}"),
        (None, None) => name,
    }
}

/// The worst series, fourteen days before and since.
async fn trend(house: &House, incident: &IncidentRecord) -> Result<(Option<Trend>, u64), Problem> {
    let Some(series) = incident.series.first().and_then(|worst| worst.subject.series()) else { return Ok((None, 0)) };
    let from = incident.opened_at - chrono::TimeDelta::days(14);
    let to = incident.resolved_at.unwrap_or_else(|| house.now());
    let ticks = house.store().ticks(&incident.monitor, from, to, 400).await.map_err(Problem::store)?;
    let workspace = house.workspace();
    let trend = series::trend(workspace.monitors.get(&incident.monitor), series, &ticks.shown);
    Ok((Some(trend).filter(|trend| trend.points.len() > 1), ticks.recorded))
}

/// The steps that wait, and the next tick: rows without a number.
fn comes(workspace: &watchkeeper_model::Workspace, detail: &IncidentDetail, now: Time) -> Markup {
    let incident = &detail.incident;
    let waiting = detail.steps.iter().filter(|step| matches!(step.status, "waiting" | "planned" | "released"));
    let monitor = workspace.monitors.get(&incident.monitor).filter(|_| incident.state != "resolved");
    let next = monitor.and_then(|monitor| monitor.schedule.next_after(now));
    let waiting: Vec<&StepDetail> = waiting.collect();
    if waiting.is_empty() && next.is_none() {
        return html! {};
    }
    html! {
        section id="comes" data-live {
            div class="head" { h2 { "What comes" } }
            ol class="line" {
                @for step in waiting {
                    li {
                        span class="meta" { "now" } span {}
                        span class="node muted" { (badge::shape(badge::Shape::Hollow)) }
                        div {
                            p { b { (waits(step)) ":" } " " (words::cut(step.title(), 160)) }
                            p class="meta" { (words::cut(&step.summary, 160)) " · " (words::guarantee_short(step.guarantee)) }
                        }
                        span class="meta actor" { @if let Some(team) = &step.approvers { (team) } @else { (incident.owner) } }
                    }
                }
                @if let (Some(next), Some(monitor)) = (next, monitor) {
                    li {
                        span class="meta" { (time::day(next)) } span {}
                        span class="node muted" { (badge::shape(badge::Shape::Dot)) }
                        p class="muted" { "Next tick at " (time::minute(next)) "; " (recovery(monitor, incident)) }
                        span class="meta actor" { (incident.monitor) }
                    }
                }
            }
        }
    }
}

fn waits(step: &StepDetail) -> &'static str {
    match (step.status, &step.approvers, step.asked_at) {
        ("waiting", Some(_), Some(_)) => "Waits for approval",
        ("waiting", ..) => "Waits to be started",
        ("released", ..) => "Is about to run",
        _ => "Planned",
    }
}

/// When it resolves by itself.
fn recovery(monitor: &watchkeeper_model::Monitor, incident: &IncidentRecord) -> String {
    let series = incident.series.first().and_then(|worst| worst.subject.series());
    let threshold = series.and_then(|series| monitor.threshold_of(series));
    match threshold {
        Some(threshold) => {
            let ticks = words::count(threshold.recover as usize, "tick");
            let clear = threshold.clear.as_ref().map_or_else(|| "within its limit".to_owned(), ToString::to_string);
            format!("it recovers after {ticks} {clear}")
        }
        None => "it recovers once it can be measured again".to_owned(),
    }
}

fn next_steps(visitor: &Visitor, detail: &IncidentDetail) -> Markup {
    let waiting: Vec<&StepDetail> = detail
        .steps
        .iter()
        .filter(|step| matches!(step.status, "waiting" | "unknown" | "withheld" | "failed"))
        .collect();
    let is_over = detail.incident.state == "resolved";
    html! {
        @if !waiting.is_empty() {
            div class="box" {
                h2 { "Next steps" }
                @for step in waiting {
                    p { (words::cut(step.title(), 160)) br; (badge::step(step.status, step.approvers.is_some() && step.asked_at.is_some())) " " span class="meta" { (words::cut(&step.summary, 100)) ", " (words::guarantee_short(step.guarantee)) } }
                    @if may_act(visitor) && (!is_over || step.recorded.outlives_incident() || step.status == "unknown") {
                        div class="buttons" { a class="button" href=(step_path(&step.run, &step.step)) { (look_at(step)) } }
                    }
                }
            }
        }
    }
}

fn look_at(step: &StepDetail) -> &'static str {
    match (step.status, &step.approvers, step.asked_at) {
        ("unknown", ..) => "Say how it ended",
        ("waiting", Some(_), Some(_)) => "Look at it, approve or reject",
        ("waiting", ..) => "Look at it, start",
        _ => "Look at it, start again",
    }
}

/// The gates that this incident's steps have paused, and what else they did that can be taken back.
fn undo(visitor: &Visitor, detail: &IncidentDetail, gates: &[crate::gates::GateView]) -> Markup {
    let set = detail.steps.iter().filter_map(|step| match &step.recorded.action {
        watchkeeper_model::Action::Gate(gate) => Some(&gate.gate),
        _ => None,
    });
    let named: std::collections::BTreeSet<_> = set.collect();
    let named: Vec<_> = gates.iter().filter(|gate| named.contains(&gate.name)).collect();
    let is_gate = |step: &StepDetail| matches!(step.recorded.action, watchkeeper_model::Action::Gate(_));
    let others: Vec<_> = detail.steps.iter().filter(|step| step.undoable && !is_gate(step)).collect();
    html! {
        @if !named.is_empty() || !others.is_empty() {
            div class="box" {
                h2 { "Undo" }
                @for gate in named {
                    p { (gate.name) " is " b { (gate.state) } "." }
                    @if gate.state == GateState::Paused && may_act(visitor) {
                        div class="buttons" { a class="button grave" href=(format!("/confirm/open/{}", gate.name)) { "Open " (gate.name) "…" } }
                    }
                }
                @for step in others {
                    p { (words::cut(&step.summary, 100)) ": done." }
                    @if may_act(visitor) {
                        div class="buttons" { a class="button grave" href=(format!("/confirm/undo/{}/{}", escaped(&step.run), step.step)) { "Take " (step.step) " back…" } }
                    }
                }
            }
        }
    }
}

fn over(visitor: &Visitor, workspace: &watchkeeper_model::Workspace, incident: &IncidentRecord) -> Markup {
    let monitor = workspace.monitors.get(&incident.monitor);
    html! {
        @if incident.state != "resolved" {
            div class="box" {
                h2 { "Over?" }
                p class="meta" {
                    @if let Some(monitor) = monitor { (words::capital(&recovery(monitor, incident))) ". " }
                    "By hand only when you know better."
                }
                @if may_act(visitor) {
                    div class="buttons" { a class="button" href=(format!("/confirm/resolve/{}", escaped(&incident.id))) { "Resolve by hand…" } }
                }
            }
        }
    }
}

/// A comment, giving it back, and making it another team's.
fn say(visitor: &Visitor, workspace: &watchkeeper_model::Workspace, incident: &IncidentRecord) -> Markup {
    let names: &[(&str, &str)] = &[("incident", &incident.id)];
    let saw = [("seen", seen::incident(incident))];
    let form = |word, hidden, label| Form { word, names, hidden, button: Button::Ordinary, label };
    html! {
        @if may_act(visitor) {
            details class="box" {
                summary { "Say something, or give it to others" }
                (form("comment", &[], "Comment").show(visitor, html! { label { "What you know" textarea name="text" required maxlength="5000" {} } }))
                @if incident.state == "acknowledged" { (form("unack", &saw, "Give it back").show(visitor, html! {})) }
                @if incident.state != "resolved" && workspace.teams.len() > 1 {
                    (form("assign", &saw, "Assign").show(visitor, html! {
                        label { "Another team" select name="team" { @for team in workspace.teams.keys().filter(|team| **team != incident.owner) { option value=(team) { (team) } } } }
                    }))
                }
            }
        }
    }
}
