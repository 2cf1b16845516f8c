//! `/approvals`: steps that wait for people, and each on a page of its own with everything that speaks for or against it.

use maud::{Markup, html};
use watchkeeper_model::{Name, Time, address};
use watchkeeper_store::{AskedStep, StepDetail};

use super::{
    Nav, Page,
    incident::headline,
    may_act,
    parts::{fact, monitor_name, step_path},
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

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let asked = ask.house.store().asked_steps().await.map_err(Problem::store)?;
    let workspace = ask.house.workspace();
    let visitor = &ask.visitor;
    let own: Vec<&Name> = workspace
        .teams
        .iter()
        .filter(|(_, team)| {
            let name = visitor.name.as_deref().map(address);
            name.is_some_and(|name| team.members.iter().any(|member| address(member) == name))
        })
        .map(|(name, _)| name)
        .collect();
    let (over, open): (Vec<&AskedStep>, Vec<&AskedStep>) =
        asked.iter().partition(|asked| asked.incident.state == "resolved");
    let is_mine = |asked: &&&AskedStep| asked.step.approvers.as_ref().is_some_and(|team| own.contains(&team));
    let mine: Vec<&AskedStep> = open.iter().filter(is_mine).copied().collect();
    let others: Vec<&AskedStep> = open.iter().filter(|asked| !is_mine(asked)).copied().collect();
    let teams: Vec<&str> = own.iter().map(|team| team.as_str()).collect();
    let title = match (open.len(), mine.len()) {
        (0, _) => "No step waits.".to_owned(),
        (open, 0) => format!("{} {} for people.", words::count(open, "step"), if open == 1 { "waits" } else { "wait" }),
        (_, mine) => {
            let waits = if mine == 1 { "waits" } else { "wait" };
            format!("{} {waits} for your team, {}.", words::count(mine, "step"), teams.join(" and "))
        }
    };
    let content = html! {
        h1 { (title) }
        @if teams.is_empty() { p class="meta" { "You are a member of no team here: approving takes a member of the step's team." } }
        (table("For your team", "mine", &mine, ask.now))
        (table("For others, or to be started", "others", &others, ask.now))
        (table("Of incidents that are over", "over", &over, ask.now))
    };
    Ok(Page::new(Nav::Approvals, "Approvals", content))
}

fn table(title: &str, id: &str, steps: &[&AskedStep], now: Time) -> Markup {
    html! {
        section id=(id) data-live {
            div class="head" { h2 { (title) } }
            @if steps.is_empty() { p class="quiet" { "No step." } } @else {
                table {
                    thead { tr { th { "Step" } th { "State" } th { "Runs" } th { "Asked" } th { "Its incident" } } }
                    tbody { @for asked in steps.iter().take(100) {
                        @let step = &asked.step;
                        tr {
                            td { a href=(step_path(&step.run, &step.step)) { (words::cut(step.title(), 120)) } " " span class="meta" { @if let Some(team) = &step.approvers { (team) } } }
                            td { (badge::step(step.status, step.approvers.is_some() && step.asked_at.is_some())) }
                            td { code { (words::cut(&step.summary, 120)) } }
                            td data-label="asked" { @let since = step.asked_at.unwrap_or(asked.incident.opened_at); (time::minute(since)) span class="muted" { ", " (time::between(since, now)) " ago" } }
                            td data-label="incident" { a href=(format!("/incidents/{}", asked.incident.id)) { (asked.incident.monitor) } span class="muted" { ", " (asked.incident.state) } }
                        }
                    } }
                }
                @if steps.len() > 100 { p class="quiet" { "and " (steps.len() - 100) " more" } }
            }
        }
    }
}

/// `/runs/{run}/steps/{step}`: one step, its arguments in full, and what may be said to it.
pub(super) async fn one(ask: Ask) -> Result<Page, Problem> {
    let asked = found(&ask).await?;
    let step = &asked.step;
    let title = words::cut(step.title(), 160);
    let content = html! {
        p class="crumbs" { a href="/approvals" { "Approvals" } " / " (step.run) " / " (step.step) }
        div class="top" { h1 { (title) } (badge::step(step.status, step.approvers.is_some() && step.asked_at.is_some())) }
        section { (rows(&ask, &asked)) }
        section id="answer" data-live { (answers(&ask.visitor, &asked)) }
    };
    Ok(Page::new(Nav::Approvals, title, content))
}

/// The step that an address names.
pub(crate) async fn found(ask: &Ask) -> Result<AskedStep, Problem> {
    let name = Name::parse(ask.path("step")).map_err(|_| Problem::no_such("step", ask.path("step"), []))?;
    ask.house.store().step_of(ask.path("run"), &name).await.map_err(Problem::refused)
}

/// Everything that is known of a step before somebody answers.
pub(super) fn rows(ask: &Ask, AskedStep { step, incident }: &AskedStep) -> Markup {
    let workspace = ask.house.workspace();
    let (once, why) = words::guarantee(step.guarantee);
    let approval = step.recorded.approval.as_ref();
    let guard = workspace.runbooks.get(&incident.runbook).map(|runbook| &runbook.guard);
    html! {
        dl class="rows" {
            (fact("For", html! { a href=(format!("/incidents/{}", incident.id)) { (headline(&monitor_name(&workspace, &incident.monitor), incident)) } span class="muted" { ", " (incident.state) } }))
            (fact("Asked", html! {
                @match (step.asked_at, &step.asked_by) {
                    (Some(at), Some(by)) => { (time::at(at)) " by " (words::cut(by, 80)) },
                    (Some(at), None) => { (time::at(at)) " by run " (step.run) },
                    (None, _) => "by nobody yet: people start it",
                }
            }))
            (fact("Will run", html! { pre { (step.recorded.action.arguments()) } }))
            (fact("Guarantee", html! { b { (once) } " " (why) }))
            (fact("May it be undone", html! { (words::undo(&step.recorded)) }))
            @if let Some(guard) = guard {
                (fact("Budget", html! { (words::capital(&budget(guard))) "; it counts what runs by itself, and stops nobody who acts by hand." }))
            }
            @if let Some(approval) = approval {
                (fact("Who agrees", html! {
                    (approval.quorum) " of " (approval.team) @if !approval.self_approval { ", not whoever asked" }
                    @for answer in &step.answers { br; (words::cut(&answer.by, 80)) @if answer.agrees { " agreed" } @else { " said no: " (words::cut(answer.reason.as_deref().unwrap_or("-"), 200)) } ", " (time::minute(answer.at)) }
                }))
                (fact("Runs out", html! {
                    @match step.asked_at { Some(at) => (time::at(at + approval.timeout)), None => { (time::length(approval.timeout.as_secs().cast_signed())) " after it is asked for" } }
                }))
            }
            @if let Some(said) = &step.detail { (fact("So far", html! { (words::cut(said, 400)) })) }
            @if let Some(by) = &step.settled_by { (fact("Settled", html! { "by " (words::cut(by, 80)) })) }
        }
    }
}

fn budget(guard: &watchkeeper_model::Guard) -> String {
    let of = |budget: &watchkeeper_model::Budget, what: &str| {
        format!("{} {what} in {}", budget.max, time::length(budget.per.as_secs().cast_signed()))
    };
    let target = guard.per_target.as_ref().map(|budget| of(budget, "on this target"));
    let global = guard.global.as_ref().map(|budget| of(budget, "by all runbooks"));
    let parts = [Some(format!("{} an incident", guard.per_incident)), target, global];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn answers(visitor: &Visitor, AskedStep { step, incident }: &AskedStep) -> Markup {
    if !may_act(visitor) {
        return html! { p class="quiet" { "Acting takes a responder." } };
    }
    let is_over = incident.state == "resolved" && !step.recorded.outlives_incident();
    let (run, id) = (step.run.as_str(), step.step.as_str());
    let names: &[(&str, &str)] = &[("run", run), ("step", id)];
    let saw = [("seen", seen::step(step))];
    let form = |word, button, label| Form { word, names, hidden: &saw, button, label };
    match (step.status, &step.approvers, step.asked_at) {
        ("unknown", ..) => html! {
            div class="box amber" {
                h2 { "How did it end?" }
                p { "It was sent and its answer was lost. It may have run. Look there, then say how it ended." }
                (settle(visitor, names, &saw, "done", "It ran"))
                (settle(visitor, names, &saw, "failed", "It did not run"))
            }
        },
        ("waiting", ..) if is_over => {
            html! { p class="quiet" { "Its incident is over, so it is not needed any more." } }
        }
        ("waiting", Some(team), Some(_)) => html! {
            p { "This takes a member of " b { (team) } "." }
            div class="buttons" { a class="button grave" href=(format!("/confirm/approve/{run}/{id}")) { "Approve…" } }
            (form("reject", Button::Ordinary, "Reject").show(visitor, reason("Reason", "Kept in the ledger with your name, and told to the owner.", true)))
        },
        ("waiting", ..) | ("withheld" | "done" | "failed", ..) if !is_over => html! {
            div class="buttons" {
                a class="button grave" href=(format!("/confirm/start/{run}/{id}")) { @if step.status == "waiting" { "Start…" } @else { "Start again…" } }
            }
        },
        _ => html! { p class="quiet" { "Nothing is to be decided here." } },
    }
}

fn settle(visitor: &Visitor, names: &[(&str, &str)], saw: &[(&str, String)], outcome: &str, label: &str) -> Markup {
    let mut hidden: Vec<(&str, String)> = saw.to_vec();
    hidden.push(("outcome", outcome.to_owned()));
    Form { word: "settle", names, hidden: &hidden, button: Button::Ordinary, label }.show(visitor, html! {})
}

/// What stands on every page that asks before a step.
pub(super) fn form<'a>(
    names: &'a [(&'a str, &'a str)],
    hidden: &'a [(&'a str, String)],
    word: &'a str,
    label: &'a str,
) -> Form<'a> {
    Form { word, names, hidden, button: Button::Final, label }
}

pub(super) fn saw(step: &StepDetail) -> (&'static str, String) {
    ("seen", seen::step(step))
}
