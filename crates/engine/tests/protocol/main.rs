//! The protocol of ticks, steps and messages, explored: every order in which two owners, a peer, the network and people
//! may act, with crashes, hangs, late answers and commits whose answer is lost. The tables are those of the model that
//! the engine and the store work by.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

mod explore;
mod messages;
mod steps;
mod ticks;
mod world;

use std::{fmt::Write as _, io::Write as _};

use watchkeeper_model::Guarantee::{self, Guarded, Local, Once, Probe};

use crate::{
    explore::{Failure, explore},
    world::{Data, Protocol, World},
};

/// The data of two ticks, and of three.
const GOES_ON: Data = Data(&[true, true]);
const RECOVERS: Data = Data(&[true, false]);
const COMES_BACK: Data = Data(&[true, false, true]);

/// What the story of a broken protocol is told by.
fn told(failure: &Failure) -> String {
    let mut story = format!("{}:\n", failure.what);
    for (number, what) in (1..).zip(&failure.path) {
        writeln!(story, "  {number}. {what}").unwrap();
    }
    story
}

/// Says it whether or not the tests' output is captured.
fn say(line: &str) {
    // Nobody may be listening.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Explores the shipped protocol: data that recovers with a crash and a lost answer or request, data that stays in breach
/// with a crash, each with work taken from an owner that is only slow; data that comes back with none of these.
fn shipped(guarantee: Guarantee) {
    let mut states = 0;
    for (data, crashes, lost, taken_over) in [(RECOVERS, 1, 1, 1), (GOES_ON, 1, 0, 1), (COMES_BACK, 0, 0, 0)] {
        let world = World::new(Protocol::shipped(guarantee), data, crashes, lost);
        let explored = explore(World { taken_over, ..world });
        let explored = explored.unwrap_or_else(|failure| panic!("{}", told(&failure)));
        say(&format!(
            "{guarantee:?}, {data:?}, {crashes} crashes, {lost} lost: {} states, {} ends",
            explored.states, explored.ends
        ));
        states += explored.states;
    }
    say(&format!("{guarantee:?}: {states} states, 0 doubled, 0 stranded, 0 that cannot be told"));
    assert!(states >= 40_000, "{states}");
}

#[test]
fn a_local_step_is_done_once_never_stranded_and_always_told() {
    shipped(Local);
}

#[test]
fn a_step_that_was_withheld_for_a_time_is_done_once_when_it_is_not_any_more() {
    for guarantee in [Local, Once] {
        let world = World::new(Protocol::shipped(guarantee), GOES_ON, 1, 0);
        let explored = explore(World { held: true, ..world });
        let explored = explored.unwrap_or_else(|failure| panic!("{}", told(&failure)));
        say(&format!("{guarantee:?}, held and released: {} states, {} ends", explored.states, explored.ends));
        assert!(explored.states >= 10_000, "{}", explored.states);
    }
}

#[test]
fn a_guarded_step_takes_effect_once_is_never_stranded_and_always_told() {
    shipped(Guarded);
}

#[test]
fn a_step_whose_mark_is_looked_for_is_done_once_never_stranded_and_always_told() {
    shipped(Probe);
}

#[test]
fn a_step_that_is_never_repeated_is_done_once_never_stranded_and_always_told() {
    shipped(Once);
}

/// The shortest way to what goes wrong without a part of the protocol.
fn broken(protocol: Protocol, data: Data, wrong: &str) {
    let what = protocol.broken().to_owned();
    let failure = explore(World::new(protocol, data, 1, 1)).err().unwrap();
    say(&format!("{what}: {}", told(&failure)));
    assert_eq!(failure.what, wrong);
    assert!(failure.path.len() <= 16, "{} moves", failure.path.len());
}

#[test]
fn without_comparing_the_newest_tick_an_incident_opens_on_what_is_over() {
    let protocol = Protocol { compares_newest: false, ..Protocol::shipped(Local) };
    broken(protocol, RECOVERS, "an incident opened on data older than what was judged");
}

#[test]
fn without_one_open_incident_a_group_a_writer_that_does_not_compare_does_it_twice() {
    // As beside an earlier version, which does not compare: the index holds for it too.
    let beside = Protocol { compares_newest: false, may_be_stale: true, ..Protocol::shipped(Once) };
    explore(World::new(beside, GOES_ON, 0, 0)).unwrap_or_else(|failure| panic!("{}", told(&failure)));
    let protocol = Protocol { one_open_incident: false, ..beside };
    broken(protocol, GOES_ON, "one breach was acted on twice");
}

#[test]
fn without_a_reconciler_a_step_is_stranded() {
    broken(Protocol { reconciles: false, ..Protocol::shipped(Once) }, GOES_ON, "work is left that nobody will do");
}

#[test]
fn told_before_it_is_done_the_owner_may_be_told_what_never_was() {
    broken(
        Protocol { tells_after: false, ..Protocol::shipped(Once) },
        GOES_ON,
        "the owner was told of a step that had not ended",
    );
}

#[test]
fn an_intent_after_the_sending_is_sent_twice() {
    broken(Protocol { intends_before: false, ..Protocol::shipped(Once) }, GOES_ON, "one breach was acted on twice");
}

#[test]
fn a_reminder_sent_without_a_look_at_its_incident_reminds_of_what_is_over() {
    broken(
        Protocol { looks_before_reminding: false, ..Protocol::shipped(Local) },
        RECOVERS,
        "a reminder was sent of an incident that is over",
    );
}
