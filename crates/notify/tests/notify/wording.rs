//! The words, kind by kind and outcome by outcome.

use watchkeeper_model::{Excess, Message, MessageKind, Outcome, Series, Verdict};
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
        (MessageKind::Handoff, "loan-auc in breach: auc 0.592603, limit: below 0.6"),
        (MessageKind::Overdue, "loan-auc first step is overdue: auc 0.592603, limit: below 0.6"),
        (MessageKind::Warning, "loan-auc warns: auc 0.592603, limit: below 0.6"),
        (MessageKind::Reminder, "loan-auc still in breach, not acknowledged: auc 0.592603, limit: below 0.6"),
        (MessageKind::Escalation, "loan-auc in breach, escalated to you: auc 0.592603, limit: below 0.6"),
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

#[test]
fn a_broken_check_is_not_called_a_breach() {
    let mut message = handoff();
    message.facts.series[0].verdict = Verdict::Error;
    message.facts.series[0].value = None;
    message.facts.series[0].detail = Some("the check ran out of memory".to_owned());
    let wording = Wording::of(&message);
    assert_eq!(wording.subject, "loan-auc with a broken check: auc, limit: below 0.6");
    assert_eq!(
        wording.measured,
        ["auc not measured, limit: below 0.6, baseline 0.71 (error) - the check ran out of memory"]
    );
}

/// Series in breach, so many; the first is the worst.
fn many(count: usize) -> Message {
    let mut message = handoff();
    let report = message.facts.series[0].clone();
    let series = (0..count).map(|index| {
        let labels = [("column".to_owned(), format!("c{index}"))].into();
        let series = Series { metric: "null_rate".to_owned(), labels };
        watchkeeper_model::SeriesReport { series, ..report.clone() }
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
    assert!(wording.measured[0].starts_with("null_rate{column=\"c0\"} 0.592603"));
    assert_eq!(wording.measured[10], "and 30 more series");
    assert!(wording.subject.ends_with("limit: below 0.6 and 39 more"), "{}", wording.subject);
}

#[test]
fn the_worst_is_told_with_how_far_it_is_past_its_limit() {
    let mut message = handoff();
    message.facts.series[0].excess = Some(Excess::past(0.6, 0.007_397_34));
    let line = "auc 0.592603, limit: below 0.6, past it by 0.00739734 (1.23 %), baseline 0.71 (breach)";
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
