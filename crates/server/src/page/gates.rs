//! `/gates`: each gate, the holds and the silences, two presses away from any page.

use maud::{Markup, html};
use watchkeeper_model::{GateState, Matcher, Role, Silence};
use watchkeeper_store::{Hold, HoldScope, LedgerFilter, LeftPaused};

use super::{
    Nav, Page,
    parts::{fact, gate_name},
};
use crate::{
    access::Visitor,
    gates::GateView,
    look::{
        badge::{self, Shape, Strength},
        form::{Button, Form, reason},
        time, words,
    },
    problem::Problem,
    routes::Ask,
    seen,
};

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let house = &ask.house;
    let gates = house.gates().await.map_err(Problem::store)?;
    let left = house.store().left_paused().await.map_err(Problem::store)?;
    let holds = house.store().holds(ask.now).await.map_err(Problem::store)?;
    let workspace = house.workspace();
    let mut silences = house.store().silences(ask.now).await.map_err(Problem::store)?;
    let maintenance = workspace.quiet(ask.now).silences;
    let ending: Vec<String> = silences.iter().map(|silence| silence.id.clone()).collect();
    silences.extend(maintenance);
    let newest = newest(&ask, &gates).await?;
    let content = html! {
        div class="top" { h1 { (headline(&gates, &left)) } span class="meta" { (time::minute(ask.now)) (time::zone()) } }
        @for (gate, row) in gates.iter().zip(newest) {
            (one(&ask.visitor, &gate_name(&workspace, &gate.name), gate, left.iter().find(|left| left.gate == gate.name), row, ask.now, house.gate_asks().last(&gate.name)))
        }
        @if gates.is_empty() { section { p class="quiet" { "There is no gate: add [gate.NAME] to config/watchkeeper.toml." } } }
        (steps(&ask.visitor, &holds))
        (quiet(&ask.visitor, &silences, &ending))
    };
    Ok(Page::new(Nav::Gates, "Gates", content))
}

/// The number of the newest ledger row of each gate: where an act on it is shown.
async fn newest(ask: &Ask, gates: &[GateView]) -> Result<Vec<Option<u64>>, Problem> {
    let mut rows = Vec::new();
    for gate in gates {
        let filter =
            LedgerFilter { subject: Some(gate.name.to_string()), kind: Some("gate.".to_owned()), before: None };
        let newest = ask.house.store().ledger_newest(&filter, 1).await.map_err(Problem::store)?;
        rows.push(newest.first().map(|row| row.seq));
    }
    Ok(rows)
}

fn headline(gates: &[GateView], left: &[LeftPaused]) -> String {
    let paused = gates.iter().filter(|gate| gate.state == GateState::Paused).count();
    let behind = match left.len() {
        0 => "",
        all if all == paused && all == 1 => "; the incident behind it is over",
        all if all == paused => "; the incidents behind them are over",
        _ => "; some of their incidents are over",
    };
    match (gates.len(), paused) {
        (0, _) => "There is no gate.".to_owned(),
        (_, 0) => "All gates are open.".to_owned(),
        (1, 1) => format!("The gate is paused{behind}."),
        (2, 2) => format!("Both gates are paused{behind}."),
        (all, paused) if all == paused => format!("All {all} gates are paused{behind}."),
        (all, paused) => format!("{paused} of {all} gates {} paused{behind}.", words::are(paused)),
    }
}

fn one(
    visitor: &Visitor,
    name: &str,
    gate: &GateView,
    left: Option<&LeftPaused>,
    row: Option<u64>,
    now: watchkeeper_model::Time,
    asked: Option<watchkeeper_model::Time>,
) -> Markup {
    let id = row.map_or_else(|| format!("gate-{}", gate.name), |row| format!("r{row}"));
    html! {
        section id=(id) {
            div class="head" { h2 { (name) " " code class="muted" { (gate.name) } } (badge::gate(gate.state)) }
            dl class="rows" {
                (fact("Since", html! { @if let Some(since) = gate.since { (time::at(since)) span class="muted" { ", " (time::between(since, now)) } } @else { "it was never set" } }))
                @if let Some(by) = &gate.by { (fact("By", html! { (words::cut(by, 120)) })) }
                @if let Some(why) = &gate.reason { (fact("Why", html! { (words::cut(why, 300)) })) }
                (fact("Asked last", html! { @if let Some(asked) = asked { (time::at(asked)) } @else { "by nobody since the daemon began" } }))
                (fact("When we are away", html! { "callers read " b { (gate.on_unreachable) } }))
            }
            @if let Some(left) = left {
                p { (badge::badge(Strength::FramedAmber, Shape::Triangle, "left behind")) " " span class="amber" {
                    "That " a href=(format!("/incidents/{}", left.incident)) { "incident of " (left.monitor) } " was resolved on " (time::day(left.resolved_at)) ", " (time::between(left.resolved_at, now)) " ago. Nobody opened the gate."
                } }
            }
            @if gate.state == GateState::Paused {
                div class="buttons" {
                    @if super::may_act(visitor) { a class="button grave" href=(format!("/confirm/open/{}", gate.name)) { "Open " (gate.name) "…" } }
                    a class="button" href=(format!("/ledger?subject={}", gate.name)) { "Its history" }
                }
            } @else {
                (Form { word: "pause", names: &[("gate", gate.name.as_str())], hidden: &[("seen", seen::gate(gate))], button: Button::Ordinary, label: &format!("Pause {}", gate.name) }
                    .show(visitor, reason("Why must decisions wait?", "One sentence, for whoever reads the ledger.", false)))
                div class="buttons" { a class="button" href=(format!("/ledger?subject={}", gate.name)) { "Its history" } }
            }
        }
    }
}

fn steps(visitor: &Visitor, holds: &[Hold]) -> Markup {
    let is_all = holds.iter().any(|hold| hold.scope == HoldScope::All);
    html! {
        section id="holds" {
            div class="head" {
                h2 { "Automatic steps" }
                @if is_all { (badge::badge(Strength::FramedAmber, Shape::Bars, "on hold")) } @else { (badge::badge(Strength::Plain, Shape::Tick, "run")) }
            }
            @if holds.is_empty() { p { "No holds. Checks and messages go on during a hold; only steps stop." } }
            @for hold in holds {
                p {
                    b { @match &hold.scope { HoldScope::All => "Every monitor", HoldScope::Monitor(monitor) => (monitor) } }
                    " since " (time::minute(hold.since)) ", by " (words::cut(&hold.by, 80)) ": " (words::cut(&hold.reason, 200))
                    @if let Some(until) = hold.until { ". Until " (time::minute(until)) }
                }
                (release(visitor, &hold.scope))
            }
            @if !is_all {
                (Form { word: "hold", names: &[], hidden: &[], button: Button::Ordinary, label: "Hold all automatic steps" }
                    .show(visitor, reason("Reason for a hold of everything", "It is told with every step that is withheld.", false)))
            }
        }
    }
}

fn release(visitor: &Visitor, scope: &HoldScope) -> Markup {
    let hidden = match scope {
        HoldScope::All => Vec::new(),
        HoldScope::Monitor(monitor) => vec![("monitor", monitor.to_string())],
    };
    Form { word: "release", names: &[], hidden: &hidden, button: Button::Ordinary, label: "Release" }
        .show(visitor, html! {})
}

fn quiet(visitor: &Visitor, silences: &[Silence], ending: &[String]) -> Markup {
    html! {
        section id="silences" {
            div class="head" { h2 { "Silences" } }
            @if silences.is_empty() { p class="quiet" { "No message is held back." } }
            @for silence in silences {
                p {
                    b { (words::cut(&silence.matchers.iter().map(Matcher::to_string).collect::<Vec<_>>().join(" and "), 200)) }
                    " until " (time::minute(silence.until)) ", by " (words::cut(&silence.by, 80)) ": " (words::cut(&silence.reason, 200))
                    ". First steps " @if silence.acts { "run." } @else { "wait." }
                }
                @if ending.contains(&silence.id) {
                    (Form { word: "end", names: &[("silence", &silence.id)], hidden: &[], button: Button::Ordinary, label: "End this silence" }.show(visitor, html! {}))
                }
            }
            @if visitor.may(Role::Responder) {
                details { summary { "Silence something" }
                    (Form { word: "silence", names: &[], hidden: &[], button: Button::Ordinary, label: "Silence it" }.show(visitor, html! {
                        label { "What it is about" small { "All of these have to fit: monitor=loan-*, layer=data, severity=info, owner=ml-team, labels.env=prod." } input type="text" name="match" required maxlength="500"; }
                        label { "For how long" small { "As in 2h." } input type="text" name="for" required maxlength="20"; }
                        (reason("Why", "For the record, and for the messages that say a step was withheld.", true))
                    }))
                }
            }
        }
    }
}
