//! The handover report, from incidents, their first steps, and what is left behind.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use sqlx::{AnyConnection, Row, any::AnyRow};
use watchkeeper_engine::ports::store::StoreError;
use watchkeeper_model::{
    Acted, Figures, Left, Name, Outcome, Report, Reported, Series, SeriesReport, Step, StepStatus, Time, Trend,
    TrendPoint, Verdict, Workspace, median, reading,
};

use super::incidents::{IncidentRecord, record};
use crate::{
    columns::{from_json, micros, time_if},
    fault::Fault,
    hold::HoldScope,
    store::SqlStore,
};

/// Incidents that are listed in a part of the report, at most.
const LISTED_MAX: usize = 50;
/// Series with a chart, at most.
const CHARTS_MAX: usize = 6;
/// Ticks in a chart, at most.
const POINTS_MAX: u32 = 200;
/// What ends within so long is said.
const SOON: TimeDelta = TimeDelta::hours(12);

/// A hold or a silence.
struct HoldRead {
    what: String,
    since: Time,
    until: Option<Time>,
    reason: String,
}

/// An incident with its first step.
struct Found {
    incident: IncidentRecord,
    first: Option<First>,
}

struct First {
    step: Step,
    status: StepStatus,
    finished_at: Option<Time>,
}

impl SqlStore {
    /// What happened from `from` to `to`, for a team or for all, beside the time before it.
    pub async fn report(
        &self,
        workspace: &Workspace,
        team: Option<&Name>,
        from: Time,
        to: Time,
    ) -> Result<Report, StoreError> {
        let earlier = from - (to - from);
        let work = async {
            let mut tx = self.read().await?;
            let found = incidents(&mut tx, team, earlier, to).await?;
            let undelivered = [undelivered(&mut tx, from, to).await?, undelivered(&mut tx, earlier, from).await?];
            Ok((found, undelivered))
        };
        let (found, [now, before]) = work.await.map_err(|fault: Fault| fault.doing("write the report"))?;
        let figures = |from, to, undelivered| Figures { undelivered, ..figures(&found, from, to) };
        Ok(Report {
            team: team.cloned(),
            from,
            to,
            figures: figures(from, to, now),
            before: figures(earlier, from, before),
            open: open(&found, to),
            resolved: resolved(&found, from, to),
            acted: acted(&found, from, to),
            left: self.left(workspace, &found, to).await?,
            trends: self.trends(workspace, &found, from, to).await?,
        })
    }

    /// Gates, steps, holds, silences and monitors that somebody has to look after.
    async fn left(&self, workspace: &Workspace, found: &[Found], to: Time) -> Result<Vec<Left>, StoreError> {
        let mut left = Vec::new();
        let behind = self.left_paused().await?;
        for gate in self.gates().await?.into_iter().filter(|gate| gate.state == watchkeeper_model::GateState::Paused) {
            let over = behind.iter().find(|left| left.gate == gate.name);
            let note = over.map_or_else(
                || gate.reason.clone().unwrap_or_default(),
                |left| format!("its incident was resolved on {}", left.resolved_at.format("%-d %b %Y")),
            );
            left.push(Left {
                what: format!("gate {}", gate.name),
                state: "paused".to_owned(),
                since: gate.since,
                note,
            });
        }
        let mut waiting: BTreeMap<bool, (usize, Option<Time>)> = BTreeMap::new();
        for asked in self.asked_steps().await? {
            let place = waiting.entry(asked.incident.state == "resolved").or_default();
            place.0 += 1;
            place.1 = Some(place.1.map_or(asked.incident.opened_at, |oldest| oldest.min(asked.incident.opened_at)));
        }
        for (is_over, (count, oldest)) in waiting {
            let note = if is_over { "of incidents that are over" } else { "of open incidents" };
            let what = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
            left.push(Left { what, state: "waiting for people".to_owned(), since: oldest, note: note.to_owned() });
        }
        for HoldRead { what, since, until, reason } in self.held(to).await? {
            let ends =
                until.filter(|until| *until <= to + SOON).map(|until| format!(", ends {}", until.format("%F %R")));
            let note = reason + &ends.unwrap_or_default();
            left.push(Left { what, state: "in force".to_owned(), since: Some(since), note });
        }
        let open: BTreeSet<&Name> = found
            .iter()
            .filter(|found| found.incident.state != "resolved")
            .map(|found| &found.incident.monitor)
            .collect();
        for last in self.last_verdicts().await? {
            let known = workspace.monitors.contains_key(&last.monitor) && !open.contains(&last.monitor);
            if known && matches!(last.verdict, Verdict::NoData | Verdict::Error) {
                let (what, state) = (format!("monitor {}", last.monitor), last.verdict.as_str().replace('_', " "));
                left.push(Left { what, state, since: Some(last.scheduled_at), note: last.reason.unwrap_or_default() });
            }
        }
        Ok(left)
    }

    /// The worst series of each monitor that breached, twice as long as the report is about.
    async fn trends(
        &self,
        workspace: &Workspace,
        found: &[Found],
        from: Time,
        to: Time,
    ) -> Result<Vec<(Name, Trend)>, StoreError> {
        let mut trends: Vec<(Name, Trend)> = Vec::new();
        let breached = found.iter().filter(|found| is_open_at(&found.incident, to) || within(found, from, to));
        for Found { incident, .. } in breached {
            let series = incident.series.first().and_then(|worst| worst.subject.series());
            let drawn =
                |series: &Series| trends.iter().any(|(id, trend)| *id == incident.monitor && trend.series == *series);
            let Some(series) = series.filter(|series| !drawn(series)) else { continue };
            if trends.len() == CHARTS_MAX {
                break;
            }
            let ticks = self.ticks(&incident.monitor, from - (to - from), to, POINTS_MAX).await?;
            let monitor = workspace.monitors.get(&incident.monitor);
            let threshold = monitor.and_then(|monitor| monitor.threshold_of(series));
            let points = ticks.shown.iter().filter_map(|tick| {
                let past = tick.series.iter().find(|past| past.series == *series)?;
                Some(TrendPoint { at: tick.at, value: past.value, baseline: past.baseline, verdict: past.verdict })
            });
            let points: Vec<TrendPoint> = points.collect();
            if points.len() > 1 {
                let (breach, warn) = threshold.map_or((None, None), |of| (of.breach.clone(), of.warn.clone()));
                trends.push((incident.monitor.clone(), Trend { series: series.clone(), breach, warn, points }));
            }
        }
        Ok(trends)
    }

    /// Holds and silences in force.
    async fn held(&self, now: Time) -> Result<Vec<HoldRead>, StoreError> {
        let holds = self.holds(now).await?.into_iter().map(|hold| HoldRead {
            what: match hold.scope {
                HoldScope::All => "a hold of everything".to_owned(),
                HoldScope::Monitor(monitor) => format!("a hold of {monitor}"),
            },
            since: hold.since,
            until: hold.until,
            reason: hold.reason,
        });
        let mut all: Vec<HoldRead> = holds.collect();
        all.extend(self.silences(now).await?.into_iter().map(|silence| HoldRead {
            what: format!("silence {}", silence.id),
            since: silence.since,
            until: Some(silence.until),
            reason: silence.reason,
        }));
        Ok(all)
    }
}

/// The incidents of a team that lie in a time or are open at its end; drills are left out.
async fn incidents(db: &mut AnyConnection, team: Option<&Name>, from: Time, to: Time) -> Result<Vec<Found>, Fault> {
    let rows: Vec<AnyRow> = sqlx::query(
        "SELECT incident.*, step.arguments, step.status AS step_status, step.finished_at
         FROM incident LEFT JOIN step ON step.incident = incident.id AND step.position = 0
         WHERE incident.drill = 0 AND ($1 IS NULL OR owner = $1) AND opened_at < $3 AND incident.id IN
            (SELECT id FROM incident WHERE opened_at >= $2 AND opened_at < $3
             UNION SELECT id FROM incident WHERE resolved_at >= $2
             UNION SELECT id FROM incident WHERE state <> 'resolved')
         ORDER BY opened_at DESC, incident.id",
    )
    .bind(team.map(Name::as_str))
    .bind(micros(from))
    .bind(micros(to))
    .fetch_all(db)
    .await?;
    // One that cannot be read is listed by `unreadable`, and hides nothing else.
    Ok(rows
        .iter()
        .filter_map(|row| Some(Found { incident: record(row).ok()?, first: first(row).ok().flatten() }))
        .collect())
}

fn first(row: &AnyRow) -> Result<Option<First>, Fault> {
    let Some(arguments) = row.try_get::<Option<&str>, _>("arguments")? else { return Ok(None) };
    let word: &str = row.try_get("step_status")?;
    Ok(Some(First {
        step: from_json(arguments)?,
        status: StepStatus::parse(word).ok_or_else(|| Fault::column("step.status", word))?,
        finished_at: time_if("step.finished_at", row.try_get("finished_at")?)?,
    }))
}

async fn undelivered(db: &mut AnyConnection, from: Time, to: Time) -> Result<u32, Fault> {
    let failed: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM outbox WHERE status = 'failed' AND (SELECT MAX(at) FROM delivery
             WHERE delivery.outbox = outbox.id) BETWEEN $1 AND $2",
    )
    .bind(micros(from))
    .bind(micros(to))
    .fetch_one(db)
    .await?;
    Ok(u32::try_from(failed).unwrap_or(u32::MAX))
}

fn within(found: &Found, from: Time, to: Time) -> bool {
    found.incident.opened_at >= from && found.incident.opened_at < to
}

fn is_open_at(incident: &IncidentRecord, to: Time) -> bool {
    incident.opened_at < to && incident.resolved_at.is_none_or(|resolved| resolved >= to)
}

fn is_done(found: &Found) -> bool {
    found.first.as_ref().is_some_and(|first| first.status == StepStatus::Ended(Outcome::Done))
}

/// Ok again by then without people, after a first step that was done.
fn is_remedied(found: &Found, to: Time) -> bool {
    is_done(found) && !is_open_at(&found.incident, to) && found.incident.resolved_by.is_none()
}

fn figures(found: &[Found], from: Time, to: Time) -> Figures {
    let opened: Vec<&Found> = found.iter().filter(|found| within(found, from, to)).collect();
    let count = |fits: &dyn Fn(&Found) -> bool| {
        u32::try_from(opened.iter().filter(|found| fits(found)).count()).unwrap_or(u32::MAX)
    };
    let ended = |at: Option<Time>| at.filter(|at| *at >= from && *at < to);
    let resolved = found.iter().filter(|found| ended(found.incident.resolved_at).is_some());
    let seconds = |pairs: Vec<(Time, Option<Time>)>| {
        let lengths = pairs.into_iter().filter_map(|(begin, end)| Some((end? - begin).as_seconds_f64().max(0.0)));
        median(lengths.collect())
    };
    let of_opened = |end: &dyn Fn(&Found) -> Option<Time>| {
        seconds(opened.iter().map(|found| (found.incident.opened_at, end(found))).collect())
    };
    Figures {
        opened: count(&|_| true),
        acknowledged: count(&|found| found.incident.acknowledged_at.is_some_and(|at| at < to)),
        acted: count(&is_done),
        remedied: count(&|found| is_remedied(found, to)),
        to_first_step: of_opened(&|found| found.first.as_ref()?.finished_at),
        to_acknowledge: of_opened(&|found| found.incident.acknowledged_at),
        to_resolve: seconds(
            resolved.clone().map(|found| (found.incident.opened_at, found.incident.resolved_at)).collect(),
        ),
        resolved: u32::try_from(resolved.count()).unwrap_or(u32::MAX),
        undelivered: 0,
    }
}

fn open(found: &[Found], to: Time) -> Vec<Reported> {
    let mut open: Vec<&Found> = found.iter().filter(|found| is_open_at(&found.incident, to)).collect();
    open.sort_by_key(|found| found.incident.acknowledged_by.is_some());
    open.into_iter().take(LISTED_MAX).map(reported).collect()
}

fn resolved(found: &[Found], from: Time, to: Time) -> Vec<Reported> {
    let ended = |found: &&Found| found.incident.resolved_at.is_some_and(|at| at >= from && at < to);
    let mut resolved: Vec<&Found> = found.iter().filter(ended).collect();
    resolved.sort_by_key(|found| std::cmp::Reverse(found.incident.resolved_at));
    resolved.into_iter().take(LISTED_MAX).map(reported).collect()
}

fn reported(Found { incident, first }: &Found) -> Reported {
    Reported {
        incident: incident.id.clone(),
        monitor: incident.monitor.clone(),
        layer: incident.layer,
        severity: incident.severity,
        owner: incident.owner.clone(),
        worst: incident.series.first().map(told),
        opened_at: incident.opened_at,
        acknowledged_by: incident.acknowledged_by.clone(),
        resolved_at: incident.resolved_at,
        resolved_by: incident.resolved_by.clone(),
        first_step: first.as_ref().map(|first| format!("{}: {}", first.step.id, first.status.as_str())),
    }
}

/// `success_rate 0.839, breach below 0.95`.
fn told(worst: &SeriesReport) -> String {
    if let Some(reason) = worst.unmeasured() {
        return format!("{}: {reason}", worst.verdict);
    }
    let value = worst.value.map(|value| reading(value, worst.excess.map(|excess| excess.by))).unwrap_or_default();
    let word = if worst.verdict == Verdict::Ok { "ok, limit:" } else { worst.verdict.as_str() };
    let limit = if worst.limit.is_empty() { String::new() } else { format!(", {word} {}", worst.limit) };
    format!("{} {value}{limit}", worst.subject)
}

/// First steps by what they do.
fn acted(found: &[Found], from: Time, to: Time) -> Vec<Acted> {
    let mut all: BTreeMap<String, Acted> = BTreeMap::new();
    for found in found.iter().filter(|found| within(found, from, to)) {
        let Some(First { step, status, .. }) = &found.first else { continue };
        let acted = all.entry(format!("{} {}", step.id, step.action.summary())).or_insert_with(|| Acted {
            description: step.description.clone(),
            summary: step.action.summary(),
            guarantee: step.action.guarantee(),
            runs: 0,
            done: 0,
            failed: 0,
            withheld: 0,
            unknown: 0,
            remedied: 0,
        });
        acted.runs += 1;
        acted.remedied += u32::from(is_remedied(found, to));
        match status {
            StepStatus::Ended(Outcome::Done) => acted.done += 1,
            StepStatus::Ended(Outcome::Failed) => acted.failed += 1,
            StepStatus::Ended(Outcome::Withheld) => acted.withheld += 1,
            StepStatus::Ended(Outcome::Unknown) => acted.unknown += 1,
            _ => {}
        }
    }
    let mut all: Vec<Acted> = all.into_values().collect();
    all.sort_by_key(|acted| std::cmp::Reverse(acted.runs));
    all
}
