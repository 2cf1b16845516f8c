//! `/`: the watch. What is wrong, what the machine did, what is somebody's to decide, and whether it may be undone.

mod incidents;

use maud::{Markup, html};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{GateState, Name, Time, Verdict, Workspace};
use watchkeeper_store::{
    AskedStep, IncidentDetail, IncidentFilter, IncidentRecord, LastVerdict, LeftPaused, Undelivered,
};

use super::{
    Nav, Page,
    parts::{fact, gate_name, monitor_name},
};
use crate::{
    House,
    gates::GateView,
    look::{badge, time, words},
    problem::Problem,
    routes::Ask,
};

/// So many incidents are shown with their four answers; more are grouped by monitor.
const IN_FULL_MAX: usize = 12;
/// Open incidents that are read, at most.
const READ_MAX: u32 = 1_000;
/// Messages that were given up count for so long.
const GIVEN_UP_DAYS: i64 = 7;

/// All that the watch shows.
pub(super) struct State {
    workspace: std::sync::Arc<Workspace>,
    open: Vec<IncidentRecord>,
    in_full: Vec<IncidentDetail>,
    asked: Vec<AskedStep>,
    gates: Vec<GateView>,
    left_paused: Vec<LeftPaused>,
    quiet: usize,
    verdicts: Vec<LastVerdict>,
    undelivered: Vec<Undelivered>,
    newest: Option<IncidentRecord>,
    now: Time,
}

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let state = State::read(&ask.house, ask.now).await.map_err(Problem::store)?;
    let headline = headline(&state);
    let content = html! {
        div id="head" data-live aria-live="polite" {
            h1 { (headline) }
            p class="meta" { (time::minute(state.now)) (time::zone()) }
        }
        (lamps(&state))
        (incidents::show(&state, &ask.visitor))
        (gates(&state))
        (left_behind(&state))
        (monitors(&state))
        @if state.open.is_empty() { (believe(&state)) }
        (undelivered(&state))
    };
    Ok(Page::new(Nav::Watch, "Watch", content))
}

impl State {
    async fn read(house: &House, now: Time) -> Result<Self, StoreError> {
        let store = house.store();
        let filter = IncidentFilter { unresolved: true, limit: Some(READ_MAX), ..IncidentFilter::default() };
        let mut open = store.incidents(&filter).await?;
        // Whoever nobody has taken comes first; of those, the newest.
        open.sort_by_key(|incident| incident.state != "open");
        let mut in_full = Vec::new();
        if open.len() <= IN_FULL_MAX {
            for incident in &open {
                in_full.extend(store.incident(&incident.id).await.ok());
            }
        }
        let workspace = house.workspace();
        let maintained = workspace.quiet(now).silences.len();
        let newest = IncidentFilter { limit: Some(1), ..IncidentFilter::default() };
        Ok(Self {
            in_full,
            asked: store.asked_steps().await?,
            gates: house.gates().await?,
            left_paused: store.left_paused().await?,
            quiet: store.holds(now).await?.len() + store.silences(now).await?.len() + maintained,
            verdicts: store.last_verdicts().await?,
            undelivered: store.undelivered(now - chrono::TimeDelta::days(GIVEN_UP_DAYS)).await?,
            newest: store.incidents(&newest).await?.pop(),
            open,
            workspace,
            now,
        })
    }

    fn unacknowledged(&self) -> usize {
        self.open.iter().filter(|incident| incident.state == "open").count()
    }

    fn paused(&self) -> impl Iterator<Item = &GateView> {
        self.gates.iter().filter(|gate| gate.state == GateState::Paused)
    }

    /// Steps that wait for people now: those of incidents that are not over.
    fn waiting(&self) -> usize {
        self.asked.iter().filter(|asked| asked.incident.state != "resolved").count()
    }

    fn known_verdicts(&self) -> impl Iterator<Item = &LastVerdict> {
        self.verdicts.iter().filter(|last| self.workspace.monitors.contains_key(&last.monitor))
    }

    fn not_ok(&self) -> usize {
        self.known_verdicts().filter(|last| last.verdict != Verdict::Ok).count()
    }

    fn gate_named(&self, name: &Name) -> String {
        gate_name(&self.workspace, name)
    }
}

/// One sentence from the state.
fn headline(state: &State) -> String {
    let (open, untaken) = (state.open.len(), state.unacknowledged());
    let incidents = match (open, untaken) {
        (0, _) => "No incident is open.".to_owned(),
        (1, 1) => "1 incident is open, nobody has taken it.".to_owned(),
        (open, untaken) if open == untaken => format!("{open} incidents are open, nobody has taken them."),
        (1, 0) => "1 incident is open, and somebody has it.".to_owned(),
        (open, 0) => format!("{open} incidents are open, and somebody has each."),
        (open, untaken) => format!("{open} incidents are open, {untaken} of them nobody has taken."),
    };
    let paused: Vec<String> = state.paused().map(|gate| state.gate_named(&gate.name)).collect();
    let gates = match paused.as_slice() {
        [] => String::new(),
        [one] => format!(" Paused: {one}."),
        [one, other] => format!(" Paused: {one}, and {other}."),
        several => format!(" {} gates are paused.", several.len()),
    };
    incidents + &gates
}

fn lamps(state: &State) -> Markup {
    let (untaken, undelivered) = (state.unacknowledged(), state.undelivered.len());
    let monitors = state.workspace.monitors.len();
    html! {
        ul class="lamps" id="lamps" data-live {
            (lamp(untaken, "red", "/incidents?state=unacknowledged", "to acknowledge"))
            (lamp(state.waiting(), "", "/approvals", "steps wait for people"))
            (lamp(state.paused().count(), "amber", "/gates", "gates paused"))
            (lamp(state.quiet, "amber", "/gates#holds", "holds and silences"))
            (lamp(state.not_ok(), "amber", "/monitors", &format!("of {monitors} monitors not ok")))
            (lamp(undelivered, "red", "#undelivered", "messages undelivered"))
        }
    }
}

fn lamp(number: usize, tone: &str, to: &str, words: &str) -> Markup {
    html! { li class=[(number > 0).then(|| format!("on {tone}"))] { a href=(to) { b { (number) } (words) } } }
}

fn gates(state: &State) -> Markup {
    let paused: Vec<&GateView> = state.paused().collect();
    html! {
        section id="gates" data-live {
            div class="head" { h2 { "Paused gates" } a href="/gates" { "Gates and holds" } }
            @if paused.is_empty() {
                p class="quiet" { @if state.gates.is_empty() { "There is no gate." } @else { "All gates are open." } }
            } @else {
                table {
                    thead { tr { th { "Gate" } th { "State" } th { "Since" } th { "Paused by" } th { "Why" } } }
                    tbody { @for gate in paused {
                        tr {
                            td { a href="/gates" { (state.gate_named(&gate.name)) } " " span class="meta" { (gate.name) } }
                            td { (badge::gate(gate.state)) }
                            td data-label="since" { @if let Some(since) = gate.since { (time::minute(since)) span class="muted" { ", " (time::between(since, state.now)) } } }
                            td data-label="by" { (words::cut(gate.by.as_deref().unwrap_or("-"), 80)) }
                            td data-label="why" {
                                (words::cut(gate.reason.as_deref().unwrap_or("-"), 160))
                                @if let Some(left) = state.left_paused.iter().find(|left| left.gate == gate.name) {
                                    span class="amber" { "; that incident was resolved on " (time::day(left.resolved_at)) }
                                }
                            }
                        }
                    } }
                }
            }
        }
    }
}

/// Steps of incidents that are over: what nobody cleared away.
fn left_behind(state: &State) -> Markup {
    let over: Vec<&AskedStep> = state.asked.iter().filter(|asked| asked.incident.state == "resolved").collect();
    let incidents: std::collections::BTreeSet<&str> = over.iter().map(|asked| asked.incident.id.as_str()).collect();
    let oldest = over.iter().map(|asked| asked.incident.opened_at).min();
    html! {
        div id="left" data-live {
            @if let Some(oldest) = oldest {
                p class="quiet" {
                    (words::count(over.len(), "step")) " of " (words::count(incidents.len(), "incident")) " that "
                    (words::are(incidents.len())) " over wait as well, the oldest since " (time::day(oldest)) ". "
                    a href="/approvals#over" { "Look through them" }
                }
            }
        }
    }
}

fn monitors(state: &State) -> Markup {
    let has_incident = |last: &&LastVerdict| state.open.iter().any(|incident| incident.monitor == last.monitor);
    let not_ok: Vec<&LastVerdict> = state.known_verdicts().filter(|last| last.verdict != Verdict::Ok).collect();
    let (known, alone): (Vec<_>, Vec<_>) = not_ok.into_iter().partition(has_incident);
    let ok = state.known_verdicts().filter(|last| last.verdict == Verdict::Ok).count();
    let never = state.workspace.monitors.len().saturating_sub(state.known_verdicts().count());
    html! {
        section id="monitors" data-live {
            div class="head" { h2 { "Monitors not ok, without an incident" } a href="/monitors" { "All " (words::count(state.workspace.monitors.len(), "monitor")) } }
            @if !alone.is_empty() {
                table {
                    thead { tr { th { "Monitor" } th { "Verdict" } th { "Why" } th { "Judged" } th { "Next tick" } } }
                    tbody { @for last in alone.iter().take(50) {
                        tr {
                            td { a href=(format!("/monitors/{}", last.monitor)) { (last.monitor) } }
                            td { (badge::verdict(last.verdict)) }
                            td { (words::cut(last.reason.as_deref().unwrap_or(""), 160)) }
                            td data-label="judged" { (time::minute(last.scheduled_at)) }
                            td data-label="next" { (next(state, &last.monitor)) }
                        }
                    } }
                }
            }
            p class="quiet" {
                @if !known.is_empty() { (known.len()) " more " @if known.len() == 1 { "has" } @else { "have" } " an open incident above. " }
                (words::count(ok, "monitor")) " " (words::are(ok)) " ok."
                @if never > 0 { " " (never) " never ran." }
                @if state.workspace.monitors.is_empty() { " No monitor yet: " code { "watchkeeper init" } " writes one that works." }
            }
        }
    }
}

fn next(state: &State, monitor: &Name) -> Markup {
    let next = state.workspace.monitors.get(monitor).and_then(|monitor| monitor.schedule.next_after(state.now));
    html! { @if let Some(next) = next { (time::minute(next)) } @else { "-" } }
}

/// A quiet page proves itself.
fn believe(state: &State) -> Markup {
    let last = state.known_verdicts().map(|last| (last.scheduled_at, &last.monitor)).max();
    let upcoming = state.workspace.monitors.values();
    let upcoming = upcoming.filter_map(|monitor| Some((monitor.schedule.next_after(state.now)?, &monitor.id))).min();
    html! {
        section id="believe" data-live {
            div class="head" { h2 { "Why you may believe it" } }
            dl class="rows" {
                (fact("Last tick", html! { @if let Some((at, monitor)) = last { (time::at(at)) " " span class="muted" { (monitor) } } @else { "none yet" } }))
                (fact("Next tick", html! { @if let Some((at, monitor)) = upcoming { (time::at(at)) " " span class="muted" { (monitor) } } @else { "none" } }))
                (fact("Last incident", html! {
                    @if let Some(newest) = &state.newest {
                        a href=(format!("/incidents/{}", newest.id)) { (monitor_name(&state.workspace, &newest.monitor)) }
                        span class="muted" { ", " (newest.state) ", opened " (time::minute(newest.opened_at)) }
                    } @else { "there was none" }
                }))
            }
        }
    }
}

fn undelivered(state: &State) -> Markup {
    html! {
        section id="undelivered" data-live {
            @if !state.undelivered.is_empty() {
                div class="head" { h2 { "Messages that reached nobody" } }
                table {
                    thead { tr { th { "Message" } th { "Channel" } th { "About" } th { "Last try" } th { "Outcome" } } }
                    tbody { @for row in state.undelivered.iter().take(50) {
                        tr {
                            td { (row.kind.as_str()) }
                            td data-label="channel" { (row.channel) @if let Some(to) = &row.receiver { " " (words::cut(to, 80)) } }
                            td data-label="about" {
                                @match &row.incident {
                                    Some(id) => a href=(format!("/incidents/{id}")) { (row.monitor) },
                                    None => (row.monitor),
                                }
                            }
                            td data-label="last try" { @if let Some(at) = row.tried_at { (time::minute(at)) } ", try " (row.attempts) }
                            td {
                                (badge::delivery(if row.next_at.is_some() { "retry" } else { "failed" }))
                                " " span class="meta" { (words::cut(row.outcome.as_deref().unwrap_or(""), 160)) }
                            }
                        }
                    } }
                }
            }
        }
    }
}
