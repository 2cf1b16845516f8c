//! Pages that ask before what cannot be taken back: one sentence that says what will happen, at what, with which guarantee.

use maud::{Markup, html};
use watchkeeper_model::{Action, Name};
use watchkeeper_store::{AskedStep, IncidentFilter, IncidentRecord};

use super::{
    Nav, Page,
    approvals::{self, form, saw},
    incident::headline,
    parts::{fact, gate_name, monitor_name},
};
use crate::{
    access::Visitor,
    look::{
        badge,
        form::{Button, Form, reason},
        time, words,
    },
    problem::Problem,
    routes::Ask,
    seen,
};

const CHANGES: &str = "If it changes before you press, nothing happens, and the page says what changed.";

fn frame(nav: Nav, crumbs: Markup, title: String, content: Markup) -> Page {
    let content = html! {
        p class="crumbs" { (crumbs) }
        div class="prose" { h1 { (title) } (content) p class="meta" { (CHANGES) } }
    };
    Page::new(nav, title, content)
}

fn leave(to: &str, label: &str) -> Markup {
    html! { div class="buttons" { a class="button" href=(to) { (label) } } }
}

/// Opening a gate: decisions go on with the next request.
pub(super) async fn open(ask: Ask) -> Result<Page, Problem> {
    let house = &ask.house;
    let gates = house.gates().await.map_err(Problem::store)?;
    let known = || gates.iter().map(|gate| gate.name.to_string());
    let gate = gates.iter().find(|gate| gate.name.as_str() == ask.path("gate"));
    let gate = gate.ok_or_else(|| Problem::no_such("gate", ask.path("gate"), known()))?;
    let workspace = house.workspace();
    let against = against(&ask, &gate.name).await?;
    let name = gate_name(&workspace, &gate.name);
    let sentence = match against.first() {
        Some(incident) => format!(
            "{name}: decisions start again with the next request, while {} is still in breach. What is decided from then on cannot be taken back.",
            incident.monitor
        ),
        None => format!(
            "{name}: decisions start again with the next request. What is decided from then on cannot be taken back."
        ),
    };
    let content = html! {
        p class="lead" { (sentence) }
        @for incident in &against {
            div class="box red" {
                p { (badge::incident(incident)) " " a href=(format!("/incidents/{}", incident.id)) { (headline(&monitor_name(&workspace, &incident.monitor), incident)) } }
                p class="meta" { "A step of it has this gate paused, or will. Opened " (time::minute(incident.opened_at)) "." }
            }
        }
        section { dl class="rows" {
            (fact("Now", html! { (badge::gate(gate.state)) @if let Some(since) = gate.since { " since " (time::at(since)) } @if let Some(by) = &gate.by { ", by " (words::cut(by, 80)) } }))
            (fact("After", badge::gate(watchkeeper_model::GateState::Open)))
            (fact("Guarantee", html! { "Exactly once: the gate and its record are one transaction." }))
            (fact("Asked last", html! { @if let Some(asked) = house.gate_asks().last(&gate.name) { (time::at(asked)) } @else { "by nobody since the daemon began" } }))
            (recorded(&ask.visitor))
        } }
        (Form { word: "open", names: &[("gate", gate.name.as_str())], hidden: &[("seen", seen::gate(gate))], button: Button::Final, label: &format!("Open {}", gate.name) }
            .show(&ask.visitor, reason("Why may decisions go on?", "One sentence, for whoever reads the ledger.", true)))
        (leave("/gates", "Leave it paused"))
    };
    let crumbs = html! { a href="/gates" { "Gates" } " / " (gate.name) };
    Ok(frame(Nav::Gates, crumbs, format!("Open the gate {}?", gate.name), content))
}

/// The open incidents whose steps pause this gate.
async fn against(ask: &Ask, gate: &Name) -> Result<Vec<IncidentRecord>, Problem> {
    let filter = IncidentFilter { unresolved: true, limit: Some(50), ..IncidentFilter::default() };
    let store = ask.house.store();
    let mut against = Vec::new();
    for incident in store.incidents(&filter).await.map_err(Problem::store)? {
        let detail = store.incident(&incident.id).await.map_err(Problem::refused)?;
        let pauses = |action: &Action| matches!(action, Action::Gate(set) if set.gate == *gate && set.state == watchkeeper_model::GateState::Paused);
        if detail.steps.iter().any(|step| pauses(&step.recorded.action)) {
            against.push(incident);
        }
    }
    Ok(against)
}

fn recorded(visitor: &Visitor) -> Markup {
    let person = visitor.person(None);
    let words = person.map_or_else(|_| "you are asked for your name".to_owned(), |person| visitor.marked(&person.name));
    fact("Recorded as", html! { (words::cut(&words, 120)) })
}

/// Closing an incident by hand.
pub(super) async fn resolve(ask: Ask) -> Result<Page, Problem> {
    let house = &ask.house;
    let detail = house.store().incident(ask.path("incident")).await.map_err(Problem::refused)?;
    let incident = &detail.incident;
    let name = monitor_name(&house.workspace(), &incident.monitor);
    let content = html! {
        p class="lead" { "Everybody who was told of it is told that it is over. Its waiting steps end. If the breach goes on, the next tick opens a new incident." }
        section { dl class="rows" {
            (fact("Incident", html! { (badge::incident(incident)) " " a href=(format!("/incidents/{}", incident.id)) { (headline(&name, incident)) } }))
            (fact("After", badge::badge(badge::Strength::Plain, badge::Shape::Tick, "resolved")))
            (recorded(&ask.visitor))
        } }
        @if incident.state == "resolved" {
            p class="quiet" { "It is resolved already." }
        } @else {
            (Form { word: "resolve", names: &[("incident", &incident.id)], hidden: &[("seen", seen::incident(incident))], button: Button::Final, label: "Resolve by hand" }.show(&ask.visitor, html! {}))
        }
        (leave(&format!("/incidents/{}", incident.id), "Leave it open"))
    };
    let crumbs = html! { a href="/incidents" { "Incidents" } " / " (incident.id) };
    Ok(frame(Nav::Incidents, crumbs, format!("Resolve incident {} by hand?", incident.id), content))
}

/// Starting a step.
pub(super) async fn start(ask: Ask) -> Result<Page, Problem> {
    let asked = approvals::found(&ask).await?;
    let again = asked.step.status != "waiting";
    let hidden = vec![saw(&asked.step), ("again", again.to_string())];
    let label = if again { "Start again" } else { "Start" };
    step(&ask, &asked, "start", label, hidden, "It runs as soon as the daemon sees it, with these arguments.")
}

/// Taking back what a step did.
pub(super) async fn undo(ask: Ask) -> Result<Page, Problem> {
    let asked = approvals::found(&ask).await?;
    let back = words::undo(&asked.step.recorded);
    let sentence =
        format!("{back} It is a step of its own, and does nothing where somebody has changed the target since.");
    step(&ask, &asked, "undo", "Take back", vec![saw(&asked.step)], &sentence)
}

/// Agreeing to a step.
pub(super) async fn approve(ask: Ask) -> Result<Page, Problem> {
    let asked = approvals::found(&ask).await?;
    let hidden = vec![saw(&asked.step)];
    let sentence = "Once enough have agreed, it runs as soon as the daemon sees it, with these arguments.";
    step(&ask, &asked, "approve", "Approve", hidden, sentence)
}

fn step(
    ask: &Ask,
    asked: &AskedStep,
    word: &str,
    label: &str,
    hidden: Vec<(&str, String)>,
    sentence: &str,
) -> Result<Page, Problem> {
    let step = &asked.step;
    let names: &[(&str, &str)] = &[("run", &step.run), ("step", step.step.as_str())];
    let full = format!("{label}: {}", step.step);
    let content = html! {
        p class="lead" { (sentence) }
        @if asked.incident.state == "resolved" { div class="box amber" { p { "Its incident is over since " @if let Some(at) = asked.incident.resolved_at { (time::minute(at)) } "." } } }
        section { (approvals::rows(ask, asked)) dl class="rows" { (recorded(&ask.visitor)) } }
        (form(names, &hidden, word, &full).show(&ask.visitor, html! {}))
        (leave(&super::parts::step_path(&step.run, &step.step), "Leave it"))
    };
    let crumbs = html! { a href="/approvals" { "Approvals" } " / " (step.step) };
    let title = format!("{label} “{}”?", words::cut(step.title(), 120));
    Ok(frame(Nav::Approvals, crumbs, title, content))
}

/// A drill: real steps and real messages.
pub(super) async fn drill(ask: Ask) -> Result<Page, Problem> {
    let workspace = ask.house.workspace();
    let known = || workspace.monitors.keys().map(Name::to_string);
    let monitor = workspace.monitors.get(ask.path("monitor"));
    let monitor = monitor.ok_or_else(|| Problem::no_such("monitor", ask.path("monitor"), known()))?;
    let first = workspace.runbooks.get(&monitor.runbook).map(|runbook| runbook.first.action.summary());
    let content = html! {
        p class="lead" { "A breach is pretended: the first step really runs, and the owner is really told. All of it is marked as a drill." }
        section { dl class="rows" {
            (fact("First step", html! { (first.unwrap_or_default()) }))
            (fact("Told", html! { (monitor.owner) }))
            (recorded(&ask.visitor))
        } }
        (Form { word: "drill", names: &[("monitor", monitor.id.as_str())], hidden: &[], button: Button::Final, label: &format!("Drill {}", monitor.id) }.show(&ask.visitor, html! {}))
        (leave(&format!("/monitors/{}", monitor.id), "Leave it"))
    };
    let crumbs = html! { a href="/monitors" { "Monitors" } " / " (monitor.id) };
    Ok(frame(Nav::Monitors, crumbs, format!("Drill {}?", monitor.id), content))
}
