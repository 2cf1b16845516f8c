//! Quiet: silences, maintenance windows and hours keep people from being told, and nothing from being recorded.

use std::time::Duration;

use chrono::NaiveTime;
use watchkeeper_engine::ports::store::Store as _;
use watchkeeper_model::{Cron, Hours, Maintenance, Matcher, MessageKind, Misfire, Schedule, Severity, Time};
use watchkeeper_store::{NewSilence, PeopleError};

use crate::stage::{Said, Stage, auc, day, name, restart, sample};

fn kinds(stage: &Stage) -> Vec<MessageKind> {
    stage.notifier.sent().iter().map(|(_, message)| message.kind).collect()
}

/// Silences the sample's monitor from just before its first tick.
async fn silence(stage: &Stage, until: Time, acts: bool) -> String {
    let matchers = [Matcher::parse("monitor=loan-*").unwrap(), Matcher::parse("layer=model").unwrap()];
    let new = NewSilence { matchers: &matchers, reason: "a known gap", by: "ana", until, acts };
    stage.store.add_silence(new, day(1) - Duration::from_secs(60)).await.unwrap().id
}

async fn ledger_kinds(stage: &Stage) -> Vec<String> {
    stage.store.ledger(1, 200).await.unwrap().into_iter().map(|row| row.kind).collect()
}

#[tokio::test]
async fn what_is_silenced_is_recorded_and_told_when_the_silence_is_over_and_the_breach_is_not() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.4))).await;
    let engine = stage.engine(sample(restart()));
    silence(&stage, day(1) + Duration::from_secs(3600), false).await;
    stage.tick(&engine, day(1)).await;
    assert_eq!((kinds(&stage), stage.actions.count()), (vec![], 0));
    let recorded = ledger_kinds(&stage).await;
    for kind in ["silence.added", "incident.opened", "step.ended", "notification.silenced"] {
        assert!(recorded.contains(&kind.to_owned()), "{kind} is missing in {recorded:?}");
    }
    engine.simulate_until(&stage.clock, day(1) + Duration::from_secs(3700)).await.unwrap();
    assert_eq!(kinds(&stage), [MessageKind::Handoff], "it still goes on");
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 1, "and is acted on at the next tick");
}

#[tokio::test]
async fn of_what_began_and_ended_within_a_silence_nobody_is_told() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.7))).await;
    let engine = stage.engine(sample(restart()));
    silence(&stage, day(3), true).await;
    stage.tick(&engine, day(1)).await;
    assert_eq!(stage.actions.count(), 1, "this one lets first steps run");
    stage.tick(&engine, day(2)).await;
    engine.simulate_until(&stage.clock, day(4)).await.unwrap();
    assert_eq!(kinds(&stage), []);
}

#[tokio::test]
async fn a_silence_is_ended_once_and_what_waited_is_told() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(sample(restart()));
    let id = silence(&stage, day(9), false).await;
    stage.tick(&engine, day(1)).await;
    let later = day(1) + Duration::from_secs(60);
    assert_eq!(stage.store.silences(later).await.unwrap().len(), 1);
    stage.store.end_silence(&id[..4], "ana", later).await.unwrap();
    let twice = stage.store.end_silence(&id, "ana", later).await;
    assert!(matches!(twice, Err(PeopleError::SilenceOver(_))), "{twice:?}");
    let unknown = stage.store.end_silence("zz", "ana", later).await;
    assert!(matches!(unknown, Err(PeopleError::NoSuch { what: "silence", .. })), "{unknown:?}");
    engine.simulate_until(&stage.clock, later + Duration::from_secs(1)).await.unwrap();
    assert_eq!(kinds(&stage), [MessageKind::Handoff]);
}

#[tokio::test]
async fn a_maintenance_window_is_a_silence_that_comes_again() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.5))).await;
    let mut workspace = sample(restart());
    // Sundays from five to seven; the first of March is one.
    let schedule = Schedule {
        cron: Cron::parse("0 5 * * 0").unwrap(),
        timezone: "UTC".parse().unwrap(),
        jitter: Duration::ZERO,
        misfire: Misfire::Skip,
        starting_deadline: Duration::ZERO,
    };
    let window = Maintenance {
        schedule,
        length: Duration::from_secs(7200),
        matchers: vec![Matcher::parse("severity=critical").unwrap()],
        reason: "the weekly load".to_owned(),
        acts: false,
    };
    workspace.maintenance.insert(name("weekly-load"), window);
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    assert_eq!((kinds(&stage), stage.actions.count()), (vec![], 0));
    stage.tick(&engine, day(2)).await;
    assert_eq!(stage.actions.count(), 1);
    assert_eq!(kinds(&stage), [MessageKind::Handoff, MessageKind::Step]);
    let report = stage.notifier.sent()[0].1.first_step.clone().unwrap();
    assert!(report.detail.contains("silence weekly-load") && report.detail.contains("the weekly load"), "{report:?}");
}

#[tokio::test]
async fn outside_its_hours_a_team_is_told_of_what_is_critical_only() {
    let hours = |severity| {
        let mut workspace = sample(restart());
        let clock = |hour| NaiveTime::from_hms_opt(hour, 0, 0).unwrap();
        let office =
            Hours { days: (0..5).collect(), from: clock(9), to: clock(17), timezone: "Europe/London".parse().unwrap() };
        workspace.hours.insert(name("office"), office);
        workspace.teams.get_mut(&name("ml-team")).unwrap().hours = Some(name("office"));
        workspace.monitors.get_mut(&name("loan-auc")).unwrap().severity = severity;
        workspace
    };
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(hours(Severity::Warning));
    stage.tick(&engine, day(1)).await;
    assert_eq!((kinds(&stage), stage.actions.count()), (vec![], 1), "acted on and recorded at once");
    let monday = day(2) + Duration::from_secs(3 * 3600);
    assert_eq!(stage.store.next_due().await.unwrap(), Some(monday));
    engine.simulate_until(&stage.clock, monday + Duration::from_secs(1)).await.unwrap();
    assert_eq!(kinds(&stage), [MessageKind::Handoff]);

    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(hours(Severity::Critical));
    stage.tick(&engine, day(1)).await;
    assert_eq!(kinds(&stage), [MessageKind::Handoff]);
}

#[test]
fn a_matcher_that_nothing_can_fit_is_refused() {
    for (text, said) in [
        ("monitor", "write name=value"),
        ("moniter=x", "there is nothing called `moniter` to match: use monitor, layer"),
        ("severity=high", "no severity is `high`"),
        ("labels.=x", "there is nothing called `labels.`"),
        ("layer=", "write name=value"),
    ] {
        let refused = Matcher::parse(text).unwrap_err().to_string();
        assert!(refused.contains(said), "{text}: {refused}");
    }
}
