//! A monitor: its references, its window and baseline, its schedule.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use watchkeeper_model::{
    AlertPolicy, Baseline, CheckSpec, Input, InputWindow, Misfire, Monitor, PolicyVerdict, Schedule, Severity, Time,
};

use super::{Context, names::Kind, params, threshold};
use crate::{
    nearest::suggestion,
    place::{Place, Report},
    plugin::PluginManual,
    raw::{self, leaf::DurationText, monitor::MonitorFile},
};

pub(crate) fn lower(raw: &MonitorFile, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Monitor {
    let head = place.key("monitor");
    context.names.require(Kind::Team, raw.monitor.owner.0.as_str(), head.key("owner"), report);
    context.names.require(Kind::Runbook, raw.monitor.runbook.0.as_str(), head.key("runbook"), report);
    let manual = manual(raw, place.key("check"), context, report);
    let thresholds = raw.threshold.iter().enumerate().map(|(index, raw_threshold)| {
        let at = place.key("threshold").index(index);
        threshold::lower(raw_threshold, at, manual, raw.baseline.is_some(), report)
    });
    let thresholds: Vec<_> = thresholds.collect();
    threshold::refuse_shadowed(&thresholds, place.key("threshold"), report);
    if thresholds.is_empty() {
        warn_of_no_threshold(place, report);
    }
    if raw.baseline.is_none() && manual.is_some_and(|manual| manual.needs_baseline) {
        warn_of_no_baseline(raw, place, report);
    }
    let schedule = schedule(&raw.schedule, place.key("schedule"), report);
    if let Some(window) = &raw.input.window {
        warn_of_clock_changes(&schedule, window.0, place.key("input").key("window"), report);
    }
    Monitor {
        id: raw.monitor.id.0.clone(),
        description: raw.monitor.description.clone(),
        layer: raw.monitor.layer.0,
        owner: raw.monitor.owner.0.clone(),
        severity: raw.monitor.severity.as_ref().map_or(Severity::Warning, |severity| severity.0),
        runbook: raw.monitor.runbook.0.clone(),
        labels: raw.monitor.labels.clone(),
        schedule,
        input: input(&raw.input, place.key("input"), context, report),
        baseline: raw
            .baseline
            .as_ref()
            .and_then(|baseline| self::baseline(baseline, raw, place.key("baseline"), context, report)),
        check: check(&raw.check, place.key("check"), manual, report),
        thresholds,
        alert: alert(raw, place.key("alert"), manual, context, report),
    }
}

/// A monitor without thresholds is allowed: it only measures.
fn warn_of_no_threshold(place: Place<'_>, report: &mut Report) {
    let help = Some("add [[threshold]] tables".to_owned());
    place.key("monitor").warn(report, "this monitor measures and judges nothing", help);
}

/// A check that compares fails at every tick when there is nothing to compare with.
fn warn_of_no_baseline(raw: &MonitorFile, place: Place<'_>, report: &mut Report) {
    let help = Some("add a [baseline] table, for example with source = \"…\" or offset = \"28d\"".to_owned());
    let message = format!("`{}` compares with a baseline, and the monitor has none", raw.check.plugin);
    place.key("check").key("plugin").warn(report, message, help);
}

fn seconds(given: &Option<DurationText>, otherwise: u64) -> Duration {
    given.as_ref().map_or(Duration::from_secs(otherwise), |given| given.0)
}

fn schedule(raw: &raw::monitor::Schedule, place: Place<'_>, report: &mut Report) -> Schedule {
    let schedule = Schedule {
        cron: raw.cron.0.clone(),
        timezone: raw.timezone.as_ref().map_or(chrono_tz::UTC, |zone| zone.0),
        jitter: Duration::ZERO,
        misfire: raw.misfire.as_ref().map_or(Misfire::Latest, |misfire| misfire.0),
        starting_deadline: seconds(&raw.starting_deadline, 600),
    };
    // Eight years hold every date there is, the 29th of February included, even around 2100.
    if schedule.next_after(Time::UNIX_EPOCH).is_none() {
        place.key("cron").mistake(
            report,
            format!("`{}` never comes", schedule.cron),
            Some("no month has such a day".to_owned()),
        );
    }
    let jitter = raw.jitter.as_ref().map_or_else(|| schedule.spread(), |jitter| jitter.0);
    Schedule { jitter, ..schedule }
}

/// The year that is looked at for days on which clocks change; all of a zone's years are alike.
const LOOKED_AT: (&str, &str) = ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z");

/// Windows that follow one another all year but on the days on which clocks change leave an hour out, or count it twice.
fn warn_of_clock_changes(schedule: &Schedule, window: InputWindow, place: Place<'_>, report: &mut Report) {
    let InputWindow::Length(length) = window else { return };
    let (Ok(from), Ok(to)) = (LOOKED_AT.0.parse::<Time>(), LOOKED_AT.1.parse::<Time>()) else { return };
    // Schedules of an hour and less follow the time that passes, not the clock on the wall.
    let mut first = schedule.ticks(from, to);
    if first.next().zip(first.next()).is_none_or(|(one, other)| other - one <= TimeDelta::hours(1)) {
        return;
    }
    let ticks: Vec<Time> = schedule.ticks(from, to).collect();
    let apart: Vec<(Time, i64)> = ticks
        .windows(2)
        .map(|pair| (pair[1], (schedule.window(pair[1], InputWindow::Length(length)).0 - pair[0]).num_seconds()))
        .collect();
    let usual = apart.iter().filter(|(_, apart)| *apart == 0).count();
    let odd = apart.iter().find(|(_, apart)| *apart != 0);
    if let (Some((tick, apart)), true) = (odd, usual * 10 > apart.len() * 9) {
        let day = tick.with_timezone(&schedule.timezone).date_naive();
        let what = if *apart > 0 { "is in no window" } else { "is counted twice" };
        let minutes = apart.abs() / 60;
        let help = "write it as \"day\", \"week\", \"month\" or whole days, or give the schedule `timezone = \"UTC\"`";
        let message = format!("{minutes} minutes before the tick of {day} {what}, because clocks change");
        place.warn(report, message, Some(help.to_owned()));
    }
}

fn input(raw: &raw::monitor::Input, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Input {
    let name = raw.source.0.as_str();
    context.names.require(Kind::Source, name, place.key("source"), report);
    if raw.window.is_some() {
        need_time_column(name, place.key("window"), context, report);
    }
    Input {
        source: raw.source.0.clone(),
        window: raw.window.as_ref().map(|window| window.0),
        delay: seconds(&raw.delay, 0),
        min_rows: raw.min_rows.unwrap_or(1),
    }
}

fn need_time_column(source: &str, place: Place<'_>, context: &Context<'_>, report: &mut Report) {
    if context.sources.get(source).is_some_and(|source| source.time_column.is_none() && source.prometheus.is_none()) {
        let help = Some(format!("add time_column to [source.{source}]"));
        place.mistake(report, format!("rows of `{source}` cannot be cut by time: it has no time_column"), help);
    }
}

fn baseline(
    raw: &raw::monitor::Baseline,
    monitor: &MonitorFile,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Baseline> {
    if let Some(offset) = &raw.offset {
        if monitor.input.window.is_none() {
            let help = Some("give [input] a window".to_owned());
            place.key("offset").mistake(report, "there is no window to look at earlier", help);
        }
        if raw.from.is_some() || raw.to.is_some() {
            place.mistake_in_key("offset", report, "`offset` does not go with `from` and `to`", None);
        }
        return Some(Baseline::Offset(offset.0));
    }
    let source = raw.source.as_ref()?.0.clone();
    context.names.require(Kind::Source, source.as_str(), place.key("source"), report);
    match (&raw.from, &raw.to) {
        (None, None) => Some(Baseline::Whole { source }),
        (Some(from), Some(to)) => {
            need_time_column(source.as_str(), place.key("from"), context, report);
            if from.0 >= to.0 {
                place.key("to").mistake(report, "`to` is not after `from`", None);
            }
            Some(Baseline::Range { source, from: from.0, to: to.0 })
        }
        _ => {
            place.mistake(report, "`from` and `to` belong together", None);
            None
        }
    }
}

/// What the plugin says of itself; reports one that cannot be used.
fn manual<'a>(
    raw: &MonitorFile,
    place: Place<'_>,
    context: &Context<'a>,
    report: &mut Report,
) -> Option<&'a PluginManual> {
    match context.manuals.get(&raw.check.plugin)? {
        Ok(manual) => Some(manual),
        Err(fault) => {
            let (place, message, help) = (place.key("plugin"), fault.message.clone(), fault.help.clone());
            if fault.is_there {
                place.broken(report, message, help);
            } else {
                place.mistake(report, message, help);
            }
            None
        }
    }
}

fn check(raw: &raw::monitor::Check, place: Place<'_>, manual: Option<&PluginManual>, report: &mut Report) -> CheckSpec {
    CheckSpec {
        plugin: raw.plugin.clone(),
        timeout: seconds(&raw.timeout, 60),
        memory_bytes_max: raw.memory.as_ref().map_or(256 << 20, |memory| memory.0),
        params: params::lower(raw, place, manual, report),
    }
}

fn alert(
    raw: &MonitorFile,
    place: Place<'_>,
    manual: Option<&PluginManual>,
    context: &Context<'_>,
    report: &mut Report,
) -> AlertPolicy {
    let own = raw.monitor.id.0.as_str();
    let alert = raw.alert.clone().unwrap_or_default();
    check_groups(&alert.group_by, place.key("group_by"), manual, report);
    for (index, monitor) in alert.inhibited_by.iter().enumerate() {
        let at = place.key("inhibited_by").index(index);
        context.names.require(Kind::Monitor, monitor.0.as_str(), at, report);
        if monitor.0.as_str() == own {
            at.mistake(report, "a monitor cannot inhibit itself", None);
        }
    }
    AlertPolicy {
        no_data: alert.no_data.map_or(PolicyVerdict::Warn, |verdict| verdict.0),
        on_error: alert.on_error.map_or(PolicyVerdict::Breach, |verdict| verdict.0),
        group_by: alert.group_by.into_iter().collect(),
        repeat: alert.repeat.map(|repeat| repeat.0),
        inhibited_by: alert.inhibited_by.into_iter().map(|monitor| monitor.0).collect(),
    }
}

/// Every label must be one that the plugin's metrics carry.
fn check_groups(groups: &[String], place: Place<'_>, manual: Option<&PluginManual>, report: &mut Report) {
    let Some(manual) = manual.filter(|manual| !manual.metrics.is_empty()) else { return };
    let labels: BTreeSet<&str> = manual.metrics.iter().flat_map(|metric| &metric.labels).map(String::as_str).collect();
    for (index, group) in groups.iter().enumerate().filter(|(_, group)| !labels.contains(group.as_str())) {
        let help = suggestion(group, labels.iter().copied());
        place.index(index).mistake(report, format!("no metric of the plugin has a label `{group}`"), help);
    }
}
