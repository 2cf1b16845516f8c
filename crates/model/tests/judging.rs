//! Thresholds and the incident machine, told as timelines.

use std::collections::BTreeMap;

use watchkeeper_model::{Change, Comparison, GroupState, Judgement, Labels, Series, Threshold, Verdict, advance};

fn threshold(breach: Comparison) -> Threshold {
    let metric = "auc".to_owned();
    Threshold { metric, breach: Some(breach), warn: None, clear: None, consecutive: 1, recover: 1 }
}

#[test]
fn directional_limits_are_directional() {
    let rise = threshold(Comparison::IncreaseOverBaseline(0.10));
    assert_eq!(rise.judge(0.5, Some(1.0)).verdict, Verdict::Ok, "an RMSE that falls never breaches");
    assert_eq!(rise.judge(1.1, Some(1.0)).verdict, Verdict::Breach);
    let fall = threshold(Comparison::DecreaseUnderBaseline(0.10));
    assert_eq!(fall.judge(2.0, Some(1.0)).verdict, Verdict::Ok);
    assert_eq!(fall.judge(0.89, Some(1.0)).verdict, Verdict::Breach);
}

#[test]
fn limits_themselves_are_not_past_the_limit() {
    assert_eq!(threshold(Comparison::Below(0.60)).judge(0.60, None).verdict, Verdict::Ok);
    assert_eq!(threshold(Comparison::Above(0.05)).judge(0.05, None).verdict, Verdict::Ok);
    assert_eq!(threshold(Comparison::Outside(1.0, 2.0)).judge(2.0, None).verdict, Verdict::Ok);
    let near = threshold(Comparison::DeviationFrom { expected: 0.5, by: 0.25 });
    assert_eq!(near.judge(0.625, None).verdict, Verdict::Ok);
    assert_eq!(near.judge(0.626, None).verdict, Verdict::Breach);
}

#[test]
fn what_cannot_be_judged_is_an_error_and_never_ok() {
    assert_eq!(threshold(Comparison::Below(0.60)).judge(f64::NAN, None).verdict, Verdict::Error);
    assert_eq!(threshold(Comparison::Above(0.60)).judge(f64::INFINITY, None).verdict, Verdict::Error);
    assert_eq!(threshold(Comparison::DeviationFromBaseline(0.05)).judge(1.0, None).verdict, Verdict::Error);
}

#[test]
fn a_negative_baseline_still_has_a_direction() {
    let rise = threshold(Comparison::IncreaseOverBaseline(0.10));
    assert_eq!(rise.judge(-0.8, Some(-1.0)).verdict, Verdict::Breach);
    assert_eq!(rise.judge(-1.2, Some(-1.0)).verdict, Verdict::Ok);
}

/// Runs a timeline of ticks: `.` ok, `?` warn, `!` breach, `~` neither in breach nor cleared, `x` unjudgeable; gives a
/// letter a tick: `-` nothing, `w` warned, `O` opened, `+` goes on, `C` closed.
fn timeline(ticks: &str, consecutive: u32, recover: u32) -> String {
    let series = Series { metric: "auc".to_owned(), labels: Labels::new() };
    let mut state = GroupState { standings: BTreeMap::new(), warned: false };
    let mut open = false;
    ticks
        .chars()
        .map(|tick| {
            let (verdict, clears) = match tick {
                '.' => (Verdict::Ok, true),
                '?' => (Verdict::Warn, true),
                '~' => (Verdict::Ok, false),
                '!' => (Verdict::Breach, false),
                _ => (Verdict::Error, false),
            };
            let judged = [(series.clone(), Judgement { verdict, clears }, consecutive, recover)];
            let (after, change) = advance(&state, &judged, open);
            state = after;
            open = match change {
                Change::Open | Change::Continue => true,
                Change::Resolve => false,
                Change::None | Change::Warn => open,
            };
            match change {
                Change::None => '-',
                Change::Warn => 'w',
                Change::Open => 'O',
                Change::Continue => '+',
                Change::Resolve => 'C',
            }
        })
        .collect()
}

#[test]
fn one_breach_opens_one_incident_and_recovery_closes_it() {
    assert_eq!(timeline("..!!!..", 1, 1), "--O++C-");
    assert_eq!(timeline("!.!.", 1, 1), "OCOC");
}

#[test]
fn so_many_breaches_in_a_row_open_and_so_many_recoveries_close() {
    assert_eq!(timeline("!.!!!..", 3, 1), "w-w-OC-");
    assert_eq!(timeline("!.!..", 1, 2), "O+++C");
}

#[test]
fn between_breach_and_clear_an_incident_stays_open() {
    assert_eq!(timeline("!~~.", 1, 1), "O++C");
    assert_eq!(timeline("!.~..", 1, 2), "O+++C");
    assert_eq!(timeline("~~", 1, 1), "--");
}

#[test]
fn a_broken_check_neither_heals_nor_opens_by_itself() {
    assert_eq!(timeline("!x.", 1, 1), "O+C");
    assert_eq!(timeline("!xx!", 2, 1), "w--O");
}

#[test]
fn a_warning_is_told_once_until_all_is_well() {
    assert_eq!(timeline("??.?", 1, 1), "w--w");
}
