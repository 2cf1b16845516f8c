//! `/monitors/{id}`: the verdict now, a chart a series, the last runs, and what may be asked of it.

use maud::{Markup, html};
use serde_json::Value;
use watchkeeper_engine::ports::store::PastTick;
use watchkeeper_model::{Monitor, Name, Series, Time, Verdict};
use watchkeeper_store::{HoldScope, IncidentFilter, IncidentRecord, Ticks};

use super::{
    Nav, Page, may_act,
    parts::{fact, monitor_name},
};
use crate::{
    access::Visitor,
    look::{
        badge,
        chart::chart,
        form::{Button, Form, reason},
        time, words,
    },
    problem::Problem,
    routes::Ask,
    series,
};

/// Ticks that a chart is drawn from, at most.
const POINTS_MAX: u32 = 500;
/// Series that have a chart of their own.
const CHARTS_MAX: usize = 6;
/// Spans, in days.
const SPANS: [(i64, &str); 5] = [(1, "24 h"), (7, "7 d"), (30, "30 d"), (90, "90 d"), (400, "400 d")];

pub(super) async fn show(ask: Ask) -> Result<Page, Problem> {
    let house = &ask.house;
    let workspace = house.workspace();
    let given = ask.path("monitor");
    let monitor = workspace.monitors.get(given);
    let known = || workspace.monitors.keys().map(Name::to_string);
    let monitor = monitor.ok_or_else(|| Problem::no_such("monitor", given, known()))?;
    let span = ask.parsed("days", "1, 7, 30, 90 or 400", |text| {
        SPANS.iter().map(|(days, _)| *days).find(|days| days.to_string() == text)
    })?;
    let newest = house.store().runs(&monitor.id, None, 20).await.map_err(Problem::store)?;
    let last = newest.first().and_then(|run| run["at"].as_str()).and_then(|at| at.parse::<Time>().ok());
    let to = last.unwrap_or(ask.now);
    let days = span.unwrap_or_else(|| fitting(monitor, to));
    let from = to - chrono::TimeDelta::days(days);
    let ticks = house.store().ticks(&monitor.id, from, to, POINTS_MAX).await.map_err(Problem::store)?;
    let filter = IncidentFilter { monitor: Some(monitor.id.clone()), limit: Some(200), ..IncidentFilter::default() };
    let incidents = house.store().incidents(&filter).await.map_err(Problem::store)?;
    let holds = house.store().holds(ask.now).await.map_err(Problem::store)?;
    let held = holds.iter().find(|hold| match &hold.scope {
        HoldScope::All => true,
        HoldScope::Monitor(held) => *held == monitor.id,
    });
    let runbook = workspace.runbooks.get(&monitor.runbook);
    let title = monitor_name(&workspace, &monitor.id);
    let newest_tick = ticks.shown.last();
    let content = html! {
        p class="crumbs" { a href="/monitors" { "Monitors" } " / " (monitor.id) }
        div class="top" {
            h1 { (words::cut(&title, 160)) }
            span class="meta" { (monitor.layer) " · " (monitor.severity) " · " (monitor.owner) " · " code { (monitor.schedule.cron) } }
        }
        div id="head" data-live { (now(newest.first(), &incidents, ask.now)) }
        section {
            dl class="rows" {
                (fact("Last tick", html! { @if let Some(run) = newest.first() { (last_tick(run)) } @else { "none yet" } }))
                (fact("Next tick", html! { @if let Some(next) = monitor.schedule.next_after(ask.now) { (time::minute(next)) } @else { "none" } }))
                (fact("First step", html! {
                    @if let Some(runbook) = runbook {
                        (runbook.first.description) span class="muted" { " · " (runbook.first.action.summary()) " · " (words::guarantee_short(runbook.first.action.guarantee())) " · may it be undone: " (words::undo(&runbook.first)) }
                    }
                }))
                (fact("Automatic steps", html! {
                    @match held {
                        Some(hold) => { span class="amber" { "on hold since " (time::minute(hold.since)) ", by " (words::cut(&hold.by, 60)) ": " (words::cut(&hold.reason, 160)) } },
                        None => "run: no hold",
                    }
                }))
            }
        }
        (charts(monitor, &ticks, &incidents, days, to))
        (last_series(monitor, newest_tick, ticks.shown.iter().rev().nth(1)))
        (runs(&monitor.id, &newest))
        (acts(&ask.visitor, monitor, held.is_some()))
        section { details { summary { "Its configuration" } pre { (configuration(monitor)) } } }
    };
    Ok(Page::new(Nav::Monitors, title, content))
}

/// The least span that holds about twenty ticks.
fn fitting(monitor: &Monitor, to: Time) -> i64 {
    let every = monitor.schedule.next_after(to).map_or(86_400, |next| (next - to).num_seconds().max(60));
    SPANS.iter().map(|(days, _)| *days).find(|days| days * 86_400 / every >= 24).unwrap_or(400)
}

fn now(newest: Option<&Value>, incidents: &[IncidentRecord], now: Time) -> Markup {
    let verdict = newest.and_then(|run| serde_json::from_value::<Verdict>(run["verdict"].clone()).ok());
    let open = incidents.iter().find(|incident| incident.state != "resolved");
    html! {
        p class="lead" {
            @match verdict { Some(verdict) => (badge::verdict(verdict)), None => span class="muted" { "It never ran." } } " "
            @if let Some(reason) = newest.and_then(|run| run["error"].as_str()) { (words::cut(reason, 200)) " " }
            @if let Some(open) = open {
                a href=(format!("/incidents/{}", open.id)) { "Incident " (open.id) }
                span class="muted" { " is open for " (time::between(open.opened_at, now)) "." }
            }
        }
    }
}

fn last_tick(run: &Value) -> Markup {
    let at = run["at"].as_str().and_then(|at| at.parse::<Time>().ok());
    let rows = run["window"]["rows"].as_u64();
    html! {
        @if let Some(at) = at { (time::minute(at)) }
        span class="muted" {
            @if let Some(rows) = rows { " · " (rows) " rows" }
            " · " (run["elapsed_ms"].as_i64().unwrap_or(0)) " ms"
        }
        @let log: Vec<&str> = run["log"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
        @if !log.is_empty() {
            details {
                summary { "What it logged" }
                ul { @for line in log { li { code { (words::cut(line, 300)) } } } }
            }
        }
    }
}

/// The series of these ticks, those with a limit first.
fn all_series(monitor: &Monitor, ticks: &[PastTick]) -> Vec<Series> {
    let mut all: Vec<Series> = Vec::new();
    for past in ticks.iter().rev().take(20).flat_map(|tick| &tick.series) {
        if !all.contains(&past.series) {
            all.push(past.series.clone());
        }
    }
    all.sort_by_key(|series| monitor.threshold_of(series).is_none());
    all
}

fn charts(monitor: &Monitor, ticks: &Ticks, incidents: &[IncidentRecord], days: i64, to: Time) -> Markup {
    let series = all_series(monitor, &ticks.shown);
    let limited: Vec<&Series> = series.iter().filter(|series| monitor.threshold_of(series).is_some()).collect();
    let shown: Vec<&Series> = if limited.is_empty() { series.iter().collect() } else { limited };
    let open: Vec<(Time, Time)> =
        incidents.iter().map(|incident| (incident.opened_at, incident.resolved_at.unwrap_or(to))).collect();
    let begin = ticks.shown.first().map_or(to, |tick| tick.at);
    let open: Vec<(Time, Time)> = open.into_iter().filter(|(_, end)| *end >= begin).collect();
    html! {
        section id="charts" {
            div class="head" {
                h2 { "The last " (SPANS.iter().find(|(known, _)| *known == days).map_or("", |(_, words)| words)) }
                span { @for (index, (known, words)) in SPANS.iter().enumerate() {
                    @if index > 0 { " · " }
                    @if *known == days { b { (words) } } @else { a href=(format!("/monitors/{}?days={known}", monitor.id)) { (words) } }
                } }
            }
            @if ticks.shown.is_empty() { p class="quiet" { "No tick was recorded in this time." } }
            @for (index, series) in shown.iter().take(CHARTS_MAX).enumerate() {
                h3 { (words::cut(&series.to_string(), 120)) }
                (chart(&series::trend(Some(monitor), series, &ticks.shown), &open, ticks.recorded, &format!("chart-{index}")))
            }
            @if shown.len() > CHARTS_MAX { p class="quiet" { (shown.len() - CHARTS_MAX) " more series have limits; they stand in the table." } }
        }
    }
}

fn last_series(monitor: &Monitor, newest: Option<&PastTick>, before: Option<&PastTick>) -> Markup {
    let Some(newest) = newest else { return html! {} };
    let (limited, others): (Vec<_>, Vec<_>) =
        newest.series.iter().partition(|past| monitor.threshold_of(&past.series).is_some());
    let table = |rows: &[&watchkeeper_engine::ports::store::PastSeries]| {
        html! {
            table {
                thead { tr { th { "Series" } th class="num" { "Now" } th class="num" { "Tick before" } th { "Limit" } th { "Verdict" } } }
                tbody { @for past in rows.iter().take(200) {
                    @let earlier = before.and_then(|tick| tick.series.iter().find(|earlier| earlier.series == past.series));
                    tr {
                        td { code { (words::cut(&past.series.to_string(), 120)) } }
                        td class="num" data-label="now" { (past.value.map_or_else(|| "-".to_owned(), words::plain)) }
                        td class="num" data-label="before" { (earlier.and_then(|earlier| earlier.value).map_or_else(|| "-".to_owned(), words::plain)) }
                        td { (limit(monitor, &past.series)) }
                        td { @if monitor.threshold_of(&past.series).is_some() { (badge::verdict(past.verdict)) } @else { span class="muted" { "measured without a limit" } } }
                    }
                } }
            }
        }
    };
    html! {
        section id="series" data-live {
            div class="head" { h2 { "Series of the last tick" } a href=(format!("/v1/monitors/{}/points", monitor.id)) { "JSON" } }
            @if limited.is_empty() && others.is_empty() { p class="quiet" { "It measured nothing." } }
            @if !limited.is_empty() { (table(&limited)) }
            @if !others.is_empty() { details { summary { (others.len()) " more series, measured without a limit" } (table(&others)) } }
        }
    }
}

fn limit(monitor: &Monitor, series: &Series) -> String {
    let Some(threshold) = monitor.threshold_of(series) else { return String::new() };
    let part = |word: &str, limit: &Option<watchkeeper_model::Comparison>| {
        limit.as_ref().map(|limit| format!("{word} {limit}"))
    };
    let clear = threshold.clear.as_ref().map(|clear| match threshold.recover {
        1 => format!("clear {clear}"),
        ticks => format!("clear {clear} for {ticks} ticks"),
    });
    let parts = [part("breach", &threshold.breach), part("warn", &threshold.warn), clear];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn runs(monitor: &Name, newest: &[Value]) -> Markup {
    html! {
        section id="runs" data-live {
            div class="head" { h2 { "The last runs" } a href=(format!("/v1/monitors/{monitor}/runs")) { "JSON" } }
            @if newest.is_empty() { p class="quiet" { "It never ran." } }
            details {
                summary { (words::count(newest.len(), "run")) " with their digests" }
                table {
                    thead { tr { th { "Tick" } th { "Verdict" } th class="num" { "Rows" } th class="num" { "Took" } th { "Plugin" } th { "Configuration" } } }
                    tbody { @for run in newest {
                        tr {
                            td { @if let Some(at) = run["at"].as_str().and_then(|at| at.parse::<Time>().ok()) { (time::minute(at)) } }
                            td { @if let Ok(verdict) = serde_json::from_value::<Verdict>(run["verdict"].clone()) { (badge::verdict(verdict)) } }
                            td class="num" data-label="rows" { (run["window"]["rows"].as_u64().map_or_else(|| "-".to_owned(), |rows| rows.to_string())) }
                            td class="num" data-label="took" { (run["elapsed_ms"].as_i64().unwrap_or(0)) " ms" }
                            td data-label="plugin" { code { (digest(&run["digests"]["plugin"])) } }
                            td data-label="configuration" { code { (digest(&run["digests"]["config"])) } }
                        }
                    } }
                }
            }
        }
    }
}

fn digest(value: &Value) -> &str {
    value.as_str().and_then(|digest| digest.get(..10)).unwrap_or("-")
}

fn acts(visitor: &Visitor, monitor: &Monitor, is_held: bool) -> Markup {
    if !may_act(visitor) {
        return html! {};
    }
    let id = monitor.id.as_str();
    let names: &[(&str, &str)] = &[("monitor", id)];
    let form = |word, label| Form { word, names, hidden: &[], button: Button::Ordinary, label };
    let hidden = [("monitor", id.to_owned())];
    let matcher = [("match", format!("monitor={id}"))];
    let held = |word, label| Form { word, names: &[], hidden: &hidden, button: Button::Ordinary, label };
    html! {
        section id="act" {
            div class="head" { h2 { "Act" } }
            (form("check", "Check now").show(visitor, html! { p class="meta" { "It judges, and acts on nothing." } }))
            @if is_held {
                (held("release", "Release its steps").show(visitor, html! {}))
            } @else {
                details { summary { "Hold its steps" }
                    (held("hold", "Hold its steps").show(visitor, html! { (reason("Why", "Checks and messages go on; only automatic steps stop.", false)) label { "For how long" small { "As in 2h; until somebody releases it when empty." } input type="text" name="for" maxlength="20"; } }))
                }
            }
            details { summary { "Silence its messages" }
                (Form { word: "silence", names: &[], hidden: &matcher, button: Button::Ordinary, label: "Silence its messages" }
                    .show(visitor, html! { (reason("Why", "Nobody is told, and no first step runs; all of it is recorded.", true)) label { "For how long" small { "As in 2h." } input type="text" name="for" required maxlength="20"; } }))
            }
            @if visitor.may(watchkeeper_model::Role::Admin) {
                div class="buttons" { a class="button grave" href=(format!("/confirm/drill/{id}")) { "Drill…" } }
                @if monitor.baseline.is_some() {
                    details { summary { "Baseline" } (form("refresh", "Freeze its baseline anew").show(visitor, html! { p class="meta" { "Later ticks are compared with its data as it is now." } })) }
                }
            }
        }
    }
}

/// The monitor as it was read, without what it does not say.
fn configuration(monitor: &Monitor) -> String {
    serde_json::to_string_pretty(monitor).unwrap_or_default()
}
