//! Who may act and who may agree: decided from facts, without a store or a clock.
#![expect(clippy::expect_used, reason = "a test stops at the first thing that is not so")]

use std::time::Duration;

use watchkeeper_model::{
    Answer, Answering, Approval, Asked, Budget, Busy, Guard, GuardFacts, Name, NoAnswer, Outcome, Permission,
    StepEvent, StepStatus, Time, Withheld, address,
};

fn name(text: &str) -> Name {
    Name::parse(text).expect("a name")
}

fn at(second: i64) -> Time {
    Time::from_timestamp(1_767_225_600 + second, 0).expect("a time")
}

/// Two of the team, within an hour, and not the one who asked.
fn approval() -> Approval {
    Approval { team: name("ml-team"), quorum: 2, timeout: Duration::from_secs(3600), self_approval: false }
}

fn asked(by: Option<&str>, answers: &[(&str, bool)]) -> Asked {
    let answer = |(by, agrees): &(&str, bool)| Answer {
        by: (*by).to_owned(),
        at: at(1),
        agrees: *agrees,
        reason: (!agrees).then(|| "the labels are late".to_owned()),
    };
    Asked { by: by.map(str::to_owned), at: Some(at(0)), answers: answers.iter().map(answer).collect(), over: false }
}

fn members() -> Vec<String> {
    ["ML Lead <Lead@example.com>", "on-call@example.com", "third@example.com"].map(str::to_owned).to_vec()
}

fn answer(asked: &Asked, by: &str) -> Result<Answering, NoAnswer> {
    approval().answer(asked, &members(), by, true, at(10))
}

#[test]
fn an_address_is_the_same_however_it_is_written() {
    for written in
        ["lead@example.com", "Lead@Example.com ", "ML Lead <lead@example.com>", "\"L, M\" <LEAD@example.com>"]
    {
        assert_eq!(address(written), "lead@example.com");
    }
}

#[test]
fn a_quorum_is_of_different_people() {
    assert_eq!(answer(&asked(None, &[]), "lead@example.com"), Ok(Answering::Wants(1)));
    let one = asked(None, &[("Lead <lead@example.com>", true)]);
    let twice = answer(&one, "LEAD@example.com").expect_err("the same person");
    assert_eq!(twice.to_string(), "it was answered already: LEAD@example.com has agreed to it");
    assert_eq!(answer(&one, "on-call@example.com"), Ok(Answering::Released));
}

#[test]
fn who_asked_cannot_agree_and_a_stranger_neither() {
    let own = asked(Some("lead@example.com"), &[]);
    assert_eq!(
        answer(&own, "ML Lead <lead@example.com>"),
        Err(NoAnswer::OwnRequest("ML Lead <lead@example.com>".to_owned()))
    );
    let lenient = Approval { self_approval: true, ..approval() };
    assert_eq!(lenient.answer(&own, &members(), "lead@example.com", true, at(10)), Ok(Answering::Wants(1)));
    let stranger = answer(&own, "lead@example.org").expect_err("no member");
    assert_eq!(stranger.to_string(), "lead@example.org is not a member of ml-team, who have to agree");
    // A no is anybody's of the team.
    assert_eq!(approval().answer(&own, &members(), "lead@example.com", false, at(10)), Ok(Answering::Refused));
}

#[test]
fn what_is_over_refused_or_out_of_time_takes_no_answer() {
    let no = asked(None, &[("third@example.com", false)]);
    let late = |asked: &Asked| approval().answer(asked, &members(), "lead@example.com", true, at(3600));
    assert_eq!(
        answer(&no, "lead@example.com").expect_err("one no is enough").to_string(),
        "it was answered already: rejected by third@example.com: the labels are late"
    );
    assert!(
        matches!(late(&asked(None, &[])), Err(NoAnswer::AnsweredAlready(why)) if why == "ml-team did not agree in time")
    );
    let over = Asked { over: true, ..asked(None, &[]) };
    assert_eq!(answer(&over, "lead@example.com"), Err(NoAnswer::Over));
    let never = Asked { at: None, ..asked(None, &[]) };
    assert_eq!(answer(&never, "lead@example.com"), Err(NoAnswer::NotAsked));
}

#[test]
fn people_are_stopped_by_the_end_only_and_told_what_they_overrule() {
    let guard = Guard { per_target: Some(Budget { max: 1, per: Duration::from_secs(60) }), ..Guard::default() };
    let facts = GuardFacts { held: Some("migration".to_owned()), acts_on_target: 1, ..GuardFacts::default() };
    let reasons = vec![Withheld::Held("migration".to_owned()), Withheld::PerTarget(1)];
    assert_eq!(guard.permit(&facts, at(0)), Permission::Withheld(reasons[0].clone()));
    let people = GuardFacts { by_people: true, ..facts };
    assert_eq!(guard.permit(&people, at(0)), Permission::Overruled(reasons));
    let busy = GuardFacts { busy: Some(Busy::Target(name("other"))), ..people.clone() };
    assert!(matches!(guard.permit(&busy, at(0)), Permission::Busy(_)), "two acts at once are nobody's wish");
    let over = GuardFacts { over: true, ..people };
    assert_eq!(guard.permit(&over, at(0)), Permission::Withheld(Withheld::Over));
    assert_eq!(guard.permit(&GuardFacts::default(), at(0)), Permission::Granted);
}

#[test]
fn an_end_is_followed_by_another_attempt_only_where_it_is_known() {
    let ended = |outcome| StepStatus::Ended(outcome);
    for (status, resumes, again) in [
        (ended(Outcome::Withheld), true, true),
        (ended(Outcome::Done), false, true),
        (ended(Outcome::Failed), false, true),
        (ended(Outcome::Unknown), false, false),
        (StepStatus::Intent, false, false),
        (StepStatus::Planned, false, false),
        (StepStatus::Released, false, false),
    ] {
        assert_eq!(status.next(StepEvent::Resume).is_some(), resumes, "{status:?}");
        assert_eq!(status.next(StepEvent::Again).is_some(), again, "{status:?}");
        assert_eq!(status.next(StepEvent::AskAgain).is_some(), again, "{status:?}");
    }
}
