//! `/handover`: what happened, what is open, what the machine did and whether it helped; taking the watch comes last.

use maud::{Markup, html};
use watchkeeper_model::{Acted, Name, Report, Reported, Time};

use super::{Nav, Page, parts::monitor_name};
use crate::{
    look::{
        badge::{self, Shape, Strength},
        chart::chart,
        form::{Button, Form},
        time, words,
    },
    problem::Problem,
    routes::Ask,
};

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let report = report(&ask).await?;
    let workspace = ask.house.workspace();
    let watch = ask.house.store().on_watch(report.team.as_ref()).await.map_err(Problem::store)?;
    let query = ask.target.split_once('?').map_or(String::new(), |(_, query)| format!("?{query}"));
    let content = html! {
        h1 { (report.headline()) }
        p class="meta" { a href=(format!("/v1/handover.md{query}")) { "Markdown" } " · " a href=(format!("/v1/handover{query}")) { "JSON" } }
        p {
            @match &report.team { Some(team) => (team), None => "All teams" } ", "
            (words::capital(&length(&report))) " up to " (time::minute(report.to)) (time::zone()) ". "
            a href=(address(&report, report.from, report.team.as_ref())) { "The time before" }
            @for team in workspace.teams.keys() { @if Some(team) != report.team.as_ref() { " · " a href=(address(&report, report.to, Some(team))) { (team) } } }
            @if report.team.is_some() { " · " a href=(address(&report, report.to, None)) { "all teams" } }
        }
        ul class="lamps figures" {
            @for (name, now, before) in report.figures() { li { b { (now) } " " (name) br; "before: " (before) } }
        }
        (open(&workspace, &report, ask.now))
        (did(&report.acted))
        (resolved(&workspace, &report))
        (left(&report))
        section id="take" {
            div class="box" {
                h2 { "Taking the watch" }
                @if let Some(watch) = &watch { p { (words::cut(&watch.by, 80)) " has it since " (time::minute(watch.since)) "." } } @else { p { "Nobody has taken it yet." } }
                p class="meta" { "Whoever takes it takes over with " (words::count(report.open.len(), "incident")) " open. The ledger notes it with their name." }
                (Form { word: "take", names: &[], hidden: &report.team.as_ref().map(|team| vec![("team", team.to_string())]).unwrap_or_default(), button: Button::Next, label: "Take the watch" }.show(&ask.visitor, html! {}))
            }
        }
    };
    Ok(Page::new(Nav::Handover, "Handover", content))
}

/// The report that an address asks for, for the page and the API.
pub(crate) async fn report(ask: &Ask) -> Result<Report, Problem> {
    let workspace = ask.house.workspace();
    let team = ask.query("team").map(|given| {
        let known = || workspace.teams.keys().map(Name::to_string);
        workspace
            .teams
            .keys()
            .find(|team| team.as_str() == given)
            .ok_or_else(|| Problem::no_such("team", given, known()))
    });
    let team = team.transpose()?;
    let moment = |text: &str| watchkeeper_config::time(text).ok();
    let to = ask.parsed("until", "a time or a date", moment)?.unwrap_or(ask.now);
    let window = |text: &str| watchkeeper_config::duration(text).ok().filter(|window| !window.is_zero());
    let window =
        ask.parsed("window", "a duration such as 7d", window)?.unwrap_or(std::time::Duration::from_secs(7 * 86_400));
    let from = ask.parsed("since", "a time or a date", moment)?;
    let from = from.or_else(|| to.checked_sub_signed(chrono::TimeDelta::from_std(window).ok()?));
    let from = from.filter(|from| *from < to && to - *from < chrono::TimeDelta::days(3_700));
    let from = from.ok_or_else(|| Problem::field("since", "this time has no length, or is longer than ten years"))?;
    ask.house.store().report(&workspace, team, from, to).await.map_err(Problem::store)
}

fn length(report: &Report) -> String {
    time::between(report.from, report.to)
}

fn address(report: &Report, until: Time, team: Option<&Name>) -> String {
    let window = (report.to - report.from).num_minutes();
    let until = until.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let team = team.map_or_else(String::new, |team| format!("&team={team}"));
    format!("/handover?until={until}&window={window}m{team}")
}

fn open(workspace: &watchkeeper_model::Workspace, report: &Report, now: Time) -> Markup {
    html! {
        section {
            div class="head" { h2 { "Still open" } a href="/incidents?state=open" { "All open incidents" } }
            @if report.open.is_empty() { p class="quiet" { "No incident is open." } } @else {
                table {
                    thead { tr { th { "Incident" } th { "State" } th { "Open for" } th { "Owner" } th { "The machine did" } } }
                    tbody { @for open in &report.open { tr {
                        td { (incident(workspace, open)) }
                        td { @match &open.acknowledged_by { Some(by) => { (badge::badge(Strength::Framed, Shape::HalfDisc, "acknowledged")) " " span class="meta" { (words::cut(by, 60)) } }, None => (badge::badge(Strength::Lit, Shape::Disc, "unacknowledged")) } }
                        td data-label="open for" { (time::between(open.opened_at, report.to.min(now))) }
                        td data-label="owner" { (open.owner) }
                        td { (words::cut(open.first_step.as_deref().unwrap_or("nothing yet"), 120)) }
                    } } }
                }
            }
            @for (index, (monitor, trend)) in report.trends.iter().enumerate() {
                h3 { a href=(format!("/monitors/{monitor}")) { (words::cut(&monitor_name(workspace, monitor), 120)) } }
                (chart(trend, &spans(report, monitor), trend.points.len() as u64, &format!("trend-{index}")))
            }
        }
    }
}

/// When incidents of a monitor were open.
fn spans(report: &Report, monitor: &Name) -> Vec<(Time, Time)> {
    let all = report.open.iter().chain(&report.resolved).filter(|reported| reported.monitor == *monitor);
    all.map(|reported| (reported.opened_at, reported.resolved_at.unwrap_or(report.to))).collect()
}

fn incident(workspace: &watchkeeper_model::Workspace, reported: &Reported) -> Markup {
    html! {
        a href=(format!("/incidents/{}", reported.incident)) { (words::cut(&monitor_name(workspace, &reported.monitor), 100)) }
        br; span class="meta" { (words::cut(reported.worst.as_deref().unwrap_or(""), 160)) }
    }
}

fn did(acted: &[Acted]) -> Markup {
    html! {
        section {
            div class="head" { h2 { "What the machine did" } }
            @if acted.is_empty() { p class="quiet" { "No first step was due." } } @else {
                table {
                    thead { tr { th { "First step" } th { "Guarantee" } th class="num" { "Runs" } th { "Outcome" } th { "Then ok again" } } }
                    tbody { @for acted in acted { tr {
                        td { (words::cut(&acted.description, 120)) " " span class="meta" { (words::cut(&acted.summary, 120)) } }
                        td { (words::guarantee_short(acted.guarantee)) }
                        td class="num" data-label="runs" { (acted.runs) }
                        td {
                            @if acted.done > 0 { (badge::badge(Strength::Plain, Shape::Tick, &format!("{} done", acted.done))) " " }
                            @if acted.failed > 0 { (badge::badge(Strength::Lit, Shape::Cross, &format!("{} failed", acted.failed))) " " }
                            @if acted.withheld > 0 { (badge::badge(Strength::FramedAmber, Shape::Dash, &format!("{} withheld", acted.withheld))) " " }
                            @if acted.unknown > 0 { (badge::badge(Strength::Lamp, Shape::Diamond, &format!("{} UNKNOWN", acted.unknown))) }
                        }
                        td data-label="then ok again" { (acted.remedied) " of " (acted.done) ", without people" }
                    } } }
                }
            }
        }
    }
}

fn resolved(workspace: &watchkeeper_model::Workspace, report: &Report) -> Markup {
    html! {
        section {
            div class="head" { h2 { "Resolved" } }
            @if report.resolved.is_empty() { p class="quiet" { "No incident was resolved." } } @else {
                table {
                    thead { tr { th { "Incident" } th { "Owner" } th { "Open for" } th { "Resolved" } th { "By" } } }
                    tbody { @for over in &report.resolved { tr {
                        td { (incident(workspace, over)) }
                        td data-label="owner" { (over.owner) }
                        td data-label="open for" { @if let Some(at) = over.resolved_at { (time::between(over.opened_at, at)) } }
                        td data-label="resolved" { @if let Some(at) = over.resolved_at { (time::minute(at)) } }
                        td data-label="by" { (words::cut(over.resolved_by.as_deref().unwrap_or("recovery"), 60)) }
                    } } }
                }
            }
        }
    }
}

fn left(report: &Report) -> Markup {
    html! {
        section {
            div class="head" { h2 { "Left behind" } }
            @if report.left.is_empty() { p class="quiet" { "Nothing: no gate is paused, no step waits, nothing is held or silenced." } } @else {
                table {
                    thead { tr { th { "What" } th { "State" } th { "Since" } th { "Note" } } }
                    tbody { @for left in &report.left { tr {
                        td { (words::cut(&words::capital(&left.what), 120)) }
                        td { (badge::badge(Strength::FramedAmber, Shape::Triangle, &left.state)) }
                        td data-label="since" { @if let Some(since) = left.since { (time::minute(since)) } }
                        td { (words::cut(&left.note, 200)) }
                    } } }
                }
            }
        }
    }
}
