//! Thresholds and the incident machine, told as timelines.

use std::collections::BTreeMap;

use watchkeeper_model::{
    Cause, Change, Comparison, Counted, Excess, GroupState, Judged, Judgement, Labels, Series, SeriesReport, Streaks,
    Subject, Threshold, Verdict, advance,
};

fn threshold(breach: Comparison) -> Threshold {
    let metric = "auc".to_owned();
    let labels = BTreeMap::new();
    Threshold { metric, labels, breach: Some(breach), warn: None, clear: None, consecutive: 1, recover: 1 }
}

#[test]
fn directional_limits_are_directional() {
    let rise = threshold(Comparison::IncreaseOverBaseline(0.10));
    assert_eq!(rise.judge(0.5, Some(1.0)).verdict, Verdict::Ok, "an RMSE that falls never breaches");
    assert_eq!(rise.judge(1.11, Some(1.0)).verdict, Verdict::Breach);
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
fn what_rounding_adds_is_past_no_limit() {
    let (rise, near) = (Comparison::IncreaseOverBaseline(0.1), Comparison::DeviationFrom { expected: 0.7, by: 0.1 });
    for (limit, value, baseline) in [
        (rise.clone(), 0.77, Some(0.7)),
        (rise.clone(), 1.1, Some(1.0)),
        (near, 0.77, None),
        (Comparison::Above(0.3), 0.1 + 0.2, None),
        (Comparison::Below(0.3), 0.9 - 0.6, None),
        (Comparison::NotEquals(0.3), 0.1 + 0.2, None),
    ] {
        assert_eq!(threshold(limit.clone()).judge(value, baseline).verdict, Verdict::Ok, "{limit:?}");
        assert_eq!(limit.excess(value, baseline), None);
    }
    assert_eq!(threshold(Comparison::Equals(0.3)).judge(0.1 + 0.2, None).verdict, Verdict::Breach);
    // More than rounding does is past it, however small.
    assert_eq!(threshold(rise).judge(0.770_000_001, Some(0.7)).verdict, Verdict::Breach);
    assert_eq!(threshold(Comparison::Above(0.0)).judge(1e-300, None).verdict, Verdict::Breach);
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

#[test]
fn how_far_a_value_is_past_its_limit_is_a_distance_and_a_share() {
    let excess = |comparison: Comparison, value: f64, baseline: Option<f64>| comparison.excess(value, baseline);
    let near = |found: Option<Excess>, by: f64, share: f64| {
        let found = found.expect("it is past its limit");
        let told = found.share.expect("a share");
        assert!((found.by - by).abs() < 1e-12 && (told - share).abs() < 1e-12, "{found:?}");
    };
    near(excess(Comparison::Below(0.6), 0.45, None), 0.15, 0.25);
    near(excess(Comparison::Above(0.05), 0.2, None), 0.15, 3.0);
    near(excess(Comparison::Outside(-2.0, 4.0), -3.0, None), 1.0, 0.5);
    near(excess(Comparison::Outside(-2.0, 4.0), 5.0, None), 1.0, 0.25);
    near(excess(Comparison::IncreaseOverBaseline(0.1), 1.65, Some(1.0)), 0.55, 0.5);
    near(excess(Comparison::DecreaseUnderBaseline(0.1), 0.45, Some(1.0)), 0.45, 0.5);
    near(excess(Comparison::DeviationFromBaseline(0.5), -2.0, Some(-1.0)), 0.5, 1.0 / 3.0);
    near(excess(Comparison::DeviationFrom { expected: 10.0, by: 0.1 }, 22.0, None), 11.0, 1.0);
    assert_eq!(excess(Comparison::Above(0.0), 3.0, None), Some(Excess { by: 3.0, share: None }));
    assert_eq!(excess(Comparison::NotEquals(1.0), 1.5, None), Some(Excess { by: 0.5, share: Some(0.5) }));
    assert_eq!(excess(Comparison::Equals(1.0), 1.0, None), None, "a forbidden value has no distance");
    assert_eq!(excess(Comparison::Above(0.05), 0.05, None), None);
    assert_eq!(excess(Comparison::Above(0.05), f64::NAN, None), None);
}

#[test]
fn the_worst_series_comes_first() {
    let report = |column: &str, verdict: Verdict, excess: Option<Excess>| SeriesReport {
        subject: Subject::Series(column_of(column)),
        value: None,
        baseline: None,
        verdict,
        limit: String::new(),
        excess,
        detail: None,
    };
    let mut reports = vec![
        report("fine", Verdict::Ok, None),
        report("warned", Verdict::Warn, Some(Excess::past(1.0, 9.0))),
        report("a", Verdict::Breach, Some(Excess::past(1.0, 0.5))),
        report("b", Verdict::Breach, Some(Excess::past(1.0, 2.0))),
        report("zero", Verdict::Breach, Some(Excess::past(0.0, 0.1))),
        report("equal", Verdict::Breach, None),
        report("broken", Verdict::Error, None),
    ];
    SeriesReport::worst_first(&mut reports);
    let order: Vec<Subject> = reports.into_iter().map(|report| report.subject).collect();
    let expected = ["broken", "zero", "b", "a", "equal", "warned", "fine"];
    assert_eq!(order, expected.map(|column| Subject::Series(column_of(column))));
}

#[test]
fn a_threshold_with_labels_is_for_those_series_only() {
    let series = |column: &str, segment: &str| Series {
        metric: "auc".to_owned(),
        labels: [("column", column), ("segment", segment)].map(|(name, value)| (name.into(), value.into())).into(),
    };
    let with = |labels: &[(&str, &[&str])]| {
        let values = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
        let labels = labels.iter().map(|(name, all)| ((*name).to_owned(), values(all))).collect();
        Threshold { labels, ..threshold(Comparison::Below(0.6)) }
    };
    let all = with(&[]);
    let critical = with(&[("column", &["income", "age"])]);
    let narrow = with(&[("column", &["income"]), ("segment", &["new"])]);
    assert!(all.covers(&series("x", "old")) && critical.covers(&series("age", "old")));
    assert!(!critical.covers(&series("x", "new")) && !narrow.covers(&series("income", "old")));
    assert!(!critical.covers(&Series { metric: "auc".to_owned(), labels: Labels::new() }));
    assert!(all.covers_all_of(&narrow) && critical.covers_all_of(&narrow) && critical.covers_all_of(&critical));
    assert!(!narrow.covers_all_of(&critical) && !critical.covers_all_of(&all));
}

fn column_of(column: &str) -> Series {
    Series { metric: "psi".to_owned(), labels: [("column".to_owned(), column.to_owned())].into() }
}

fn judged(subject: Subject, counted: Counted) -> Judged {
    Judged {
        subject,
        value: None,
        baseline: None,
        verdict: counted.judgement.verdict,
        counted: Some(counted),
        limit: None,
        excess: None,
        detail: None,
    }
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
            let counted =
                Counted { judgement: Judgement { verdict, clears }, streaks: Streaks { consecutive, recover } };
            let judged = [judged(Subject::Series(series.clone()), counted)];
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

#[test]
fn a_metric_called_error_is_no_stand_in_for_what_was_not_measured() {
    let measured = Subject::Series(Series { metric: "error".to_owned(), labels: Labels::new() });
    let counted = |verdict, clears| Counted { judgement: Judgement { verdict, clears }, streaks: Streaks::AT_ONCE };
    let tick = [
        judged(measured.clone(), counted(Verdict::Breach, false)),
        judged(Subject::Unmeasured(Cause::Error), counted(Verdict::Ok, true)),
    ];
    let mut state = GroupState::default();
    let mut changes = Vec::new();
    for open in [false, true, true] {
        let (after, change) = advance(&state, &tick, open);
        state = after;
        changes.push(change);
    }
    assert_eq!(changes, [Change::Open, Change::Continue, Change::Continue]);
    let kept = serde_json::to_string(&state).expect("it is kept as JSON");
    assert_eq!(serde_json::from_str::<GroupState>(&kept).expect("it is read back"), state);
    assert!(!kept.contains("unmeasured"), "{kept}");
}
