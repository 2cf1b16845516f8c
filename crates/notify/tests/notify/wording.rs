//! The words, kind by kind and outcome by outcome.

use watchkeeper_model::{Cause, Excess, Message, MessageKind, Outcome, Series, Subject, Verdict};
use watchkeeper_notify::Wording;

use crate::sample::{handoff, paused};

fn of_kind(kind: MessageKind) -> Wording {
    Wording::of(&Message { kind, ..handoff() })
}

fn ended(outcome: Option<Outcome>) -> Wording {
    Wording::of(&Message { first_step: Some(paused(outcome, "why")), ..handoff() })
}

#[test]
fn every_kind_has_its_own_subject() {
    let subjects = [
        (MessageKind::Handoff, "loan-auc in breach: auc 0.5926, limit: below 0.6"),
        (MessageKind::Overdue, "loan-auc first step is overdue: auc 0.5926, limit: below 0.6"),
        (MessageKind::Warning, "loan-auc warns: auc 0.5926, limit: below 0.6"),
        (MessageKind::Reminder, "loan-auc still in breach, not acknowledged: auc 0.5926, limit: below 0.6"),
        (MessageKind::Escalation, "loan-auc in breach, escalated to you: auc 0.5926, limit: below 0.6"),
        (MessageKind::Step, "loan-auc step pause: done"),
        (MessageKind::Resolved, "loan-auc resolved"),
    ];
    for (kind, subject) in subjects {
        assert_eq!(of_kind(kind).subject, subject);
    }
}

#[test]
fn what_is_not_known_is_never_told_as_success_or_failure() {
    let unknown = ended(Some(Outcome::Unknown));
    let act = unknown.act.unwrap();
    assert_eq!(act.ended, "UNKNOWN: it may have run or may yet run. Look before you repeat it.");
    assert!(unknown.lead.contains("It is not known whether the first step ran."));
    for word in ["done", "failed"] {
        assert!(!format!("{} {} {}", unknown.subject, unknown.lead, act.ended).to_lowercase().contains(word));
    }
}

#[test]
fn every_other_end_is_said_with_its_reason() {
    let ends = [
        (Some(Outcome::Done), "Done at 2026-11-02 06:00:10 UTC."),
        (Some(Outcome::Failed), "Failed at 2026-11-02 06:00:10 UTC."),
        (Some(Outcome::Withheld), "Withheld: it was not attempted."),
        (None, "Not ended. Begun at 2026-11-02 06:00:09 UTC."),
    ];
    for (outcome, said) in ends {
        let act = ended(outcome).act.unwrap();
        assert_eq!((act.ended.as_str(), act.detail.as_str()), (said, "why"));
    }
}

#[test]
fn a_drill_is_marked_everywhere() {
    let mut message = handoff();
    message.facts.drill = true;
    let wording = Wording::of(&message);
    assert!(wording.subject.starts_with("[drill] loan-auc"));
    assert!(wording.to_text().starts_with("This is a drill."));
}

/// The handoff of a tick without a measurement.
fn unmeasured(verdict: Verdict, reason: &str) -> Message {
    let mut message = handoff();
    let report = &mut message.facts.series[0];
    report.subject = Subject::Unmeasured(if verdict == Verdict::Error { Cause::Error } else { Cause::NoData });
    (report.value, report.baseline, report.limit) = (None, None, String::new());
    (report.verdict, report.detail) = (verdict, Some(reason.to_owned()));
    message
}

#[test]
fn where_nothing_was_measured_the_reason_is_said_first() {
    let broken = Wording::of(&unmeasured(Verdict::Error, "the check ran out of memory"));
    assert_eq!(broken.subject, "loan-auc cannot be checked: the check ran out of memory");
    assert!(
        broken.lead.starts_with("loan-auc cannot be checked: the check ran out of memory. The first step was done.")
    );
    let empty = Wording::of(&unmeasured(Verdict::NoData, "3 rows in the window, at least 100 needed"));
    assert_eq!(empty.subject, "loan-auc has no data: 3 rows in the window, at least 100 needed");
    assert!(
        empty.lead.starts_with("loan-auc has no data: 3 rows in the window, at least 100 needed. The"),
        "{empty:?}"
    );
    for wording in [broken, empty] {
        assert_eq!(wording.measured, [""; 0]);
        for odd in ["no_data", "(error)", "not measured", "with a broken check"] {
            assert!(!format!("{}{}", wording.subject, wording.to_text()).contains(odd), "{odd}: {wording:?}");
        }
    }
}

#[test]
fn every_kind_says_why_nothing_was_measured() {
    let kinds = [
        (MessageKind::Warning, "loan-auc has no data: no rows"),
        (MessageKind::Overdue, "loan-auc first step is overdue: no rows"),
        (MessageKind::Reminder, "loan-auc still has no data, not acknowledged: no rows"),
        (MessageKind::Escalation, "loan-auc has no data, escalated to you: no rows"),
    ];
    for (kind, subject) in kinds {
        let wording = Wording::of(&Message { kind, ..unmeasured(Verdict::NoData, "no rows") });
        assert_eq!(wording.subject, subject);
        assert!(wording.lead.starts_with("loan-auc has no data: no rows. "), "{}", wording.lead);
    }
}

#[test]
fn a_series_that_failed_by_itself_keeps_its_name() {
    let mut message = handoff();
    message.facts.series[0].verdict = Verdict::Error;
    message.facts.series[0].value = None;
    message.facts.series[0].detail = Some("the check ran out of memory".to_owned());
    let wording = Wording::of(&message);
    assert_eq!(wording.subject, "loan-auc cannot be checked: the check ran out of memory");
    assert_eq!(
        wording.measured,
        ["auc not measured, limit: below 0.6, baseline 0.71 (error) - the check ran out of memory"]
    );
}

#[test]
fn a_rehearsal_never_reads_as_if_something_was_done() {
    for kind in [MessageKind::Handoff, MessageKind::Step] {
        let wording = Wording::rehearsed(&Message { kind, ..handoff() });
        let said = format!("{}\n{}", wording.subject, wording.to_text());
        assert!(said.contains("would be done"), "{said}");
        for odd in ["was done", "Done at", "is now", "has ended", "set by the first step", ": done"] {
            assert!(!said.contains(odd), "{odd}: {said}");
        }
    }
    let held = Message { first_step: Some(paused(Some(Outcome::Withheld), "on hold")), ..handoff() };
    let act = Wording::rehearsed(&held).act.unwrap();
    assert_eq!((act.ended.as_str(), act.detail.as_str()), ("It would be withheld: not attempted.", "on hold"));
}

/// Series in breach, so many; the first is the worst.
fn many(count: usize) -> Message {
    let mut message = handoff();
    let report = message.facts.series[0].clone();
    let series = (0..count).map(|index| {
        let labels = [("column".to_owned(), format!("c{index}"))].into();
        let subject = Subject::Series(Series { metric: "null_rate".to_owned(), labels });
        watchkeeper_model::SeriesReport { subject, ..report.clone() }
    });
    message.facts.series = series.collect();
    message
}

#[test]
fn many_series_are_counted_instead_of_listed() {
    let mut message = many(33);
    message.facts.more_series = 7;
    let wording = Wording::of(&message);
    assert_eq!(wording.measured.len(), 11);
    assert!(wording.measured[0].starts_with("null_rate{column=\"c0\"} 0.5926"));
    assert_eq!(wording.measured[10], "and 30 more series");
    assert!(wording.subject.ends_with("limit: below 0.6 and 39 more"), "{}", wording.subject);
}

#[test]
fn the_worst_is_told_with_how_far_it_is_past_its_limit() {
    let mut message = handoff();
    message.facts.series[0].excess = Some(Excess::past(0.6, 0.007_397_34));
    let line = "auc 0.593, limit: below 0.6, past it by 0.0074 (1.23 %), baseline 0.71 (breach)";
    assert_eq!(Wording::of(&message).measured, [line]);
    message.facts.series[0].excess = Some(Excess::past(0.0, 3.0));
    assert!(Wording::of(&message).measured[0].contains("past it by 3, baseline"), "a limit of 0 has no share");
}

#[test]
fn a_label_of_any_length_leaves_room_for_the_others() {
    let mut message = many(10);
    message.facts.series[0].detail = Some("x".repeat(10_000));
    let wording = Wording::of(&message);
    assert!(wording.measured.join("\n").chars().count() < 3_000, "Slack cuts a section there");
    assert!(wording.measured[9].contains("c9"));
}

#[test]
fn a_limit_near_nothing_is_told_by_its_distance_and_never_by_thousands_of_percent() {
    let mut message = handoff();
    let report = &mut message.facts.series[0];
    (report.value, report.baseline, report.limit) = (Some(0.053_571_428), None, "above 0.0001".to_owned());
    report.excess = Some(Excess::past(0.0001, 0.053_471_428));
    let wording = Wording::of(&message);
    assert_eq!(wording.measured, ["auc 0.0536, limit: above 0.0001, past it by 0.0535 (breach)"]);
    assert_eq!(wording.subject, "loan-auc in breach: auc 0.0536, limit: above 0.0001");
}
