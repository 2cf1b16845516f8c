//! A runbook: the first step, the steps after it, and the limits around them.

mod follow;

use std::{collections::BTreeSet, time::Duration};

use watchkeeper_model::{
    Approval, Budget, CircuitBreaker, Daemon, Escalation, Guard, OnFailure, Runbook, Step, StepRun, Verify,
};

use super::{Context, action, names::Kind};
use crate::{
    place::{Place, Report},
    raw::{
        self,
        leaf::{DurationText, NameText},
        runbook::RunbookFile,
    },
};

/// Lowers a runbook; `None` when it has no step that could be lowered.
pub(crate) fn lower(
    raw: &RunbookFile,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Option<Runbook> {
    let mut ids = BTreeSet::new();
    for (index, step) in raw.step.iter().enumerate() {
        if !ids.insert(step.id.0.as_str()) {
            let message = format!("there is already a step `{}` in this runbook", step.id.0);
            place.key("step").index(index).key("id").mistake(report, message, None);
        }
    }
    check_first(raw, place, report);
    let escalation = raw.escalation.as_ref().map(|raw| escalation(raw, place.key("escalation"), context, report));
    let escalation = escalation.unwrap_or_default();
    let steps = raw.step.iter().enumerate();
    let lowered = steps.map(|(index, step)| lower_step(step, place.key("step").index(index), context, report));
    let lowered: Vec<Option<Step>> = lowered.collect();
    follow::check(&lowered, raw, place, report);
    let mut steps = lowered.into_iter().flatten();
    Some(Runbook {
        id: raw.runbook.id.0.clone(),
        description: raw.runbook.description.clone(),
        notify_deadline: raw.runbook.notify_deadline.as_ref().map_or(Duration::from_secs(60), |deadline| deadline.0),
        guard: raw.guard.as_ref().map_or_else(Guard::default, guard),
        first: steps.next()?,
        rest: steps.collect(),
        escalation,
    })
}

fn check_first(raw: &RunbookFile, place: Place<'_>, report: &mut Report) {
    let first = place.key("step").index(0);
    let Some(step) = raw.step.first() else {
        let help = Some("add a [[step]]: the first one runs by itself on a breach".to_owned());
        return place.key("runbook").mistake(report, format!("the runbook `{}` has no steps", raw.runbook.id.0), help);
    };
    let help = || Some("put a step that may run by itself before it".to_owned());
    if step.approval.is_some() {
        first.key("approval").mistake(
            report,
            "the first step runs by itself, so it cannot wait for an approval",
            help(),
        );
    }
    if step.run.as_ref().is_some_and(|run| run.0 == StepRun::Manual) {
        first.key("run").mistake(report, "the first step runs by itself, so it cannot be manual", help());
    }
}

/// How long a stopping daemon waits for what is in flight.
fn shutdown(context: &Context<'_>) -> Duration {
    let daemon = context.main.and_then(|(main, _)| main.daemon.as_ref());
    daemon.and_then(|daemon| daemon.shutdown.as_ref()).map_or(Daemon::SHUTDOWN, |shutdown| shutdown.0)
}

/// A program that may run longer than a stopping daemon waits.
fn warn_of_a_kill(raw: &raw::step::Step, shutdown: Duration, place: Place<'_>, report: &mut Report) {
    let at = if raw.timeout.is_some() { place.key("timeout") } else { place.key("exec") };
    let message = format!("a daemon that is stopped kills this program after {shutdown:?}, whatever its `timeout`");
    at.warn(report, message, Some("raise `shutdown` in [daemon], or shorten the `timeout`".to_owned()));
}

fn lower_step(raw: &raw::step::Step, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Option<Step> {
    let action = raw.action().and_then(|raw| action::lower(raw, place, context, report));
    let undo = raw.undo.as_ref().and_then(|undo| action::lower(undo.action()?, place.key("undo"), context, report));
    let approval = raw.approval.as_ref().map(|raw| approval(raw, place.key("approval"), context, report));
    let timeout = raw.timeout.as_ref().map_or(Duration::from_secs(30), |timeout| timeout.0);
    if raw.exec.is_some() && timeout > shutdown(context) {
        warn_of_a_kill(raw, shutdown(context), place, report);
    }
    Some(Step {
        id: raw.id.0.clone(),
        description: raw.description.clone(),
        timeout,
        action: action?,
        run: raw.run.as_ref().map_or(StepRun::Auto, |run| run.0),
        approval,
        after_resolve: raw.after_resolve,
        verify: verify(raw, place, report),
        on_failure: on_failure(raw),
        retries: raw.retries,
        undo,
    })
}

fn verify(raw: &raw::step::Step, place: Place<'_>, report: &mut Report) -> Option<Verify> {
    if raw.verify.is_none() && raw.verify_within.is_some() {
        let help = "say what is looked at: verify = \"check\" or \"state\"".to_owned();
        place.key("verify_within").mistake(report, "nobody looks whether this step helped", Some(help));
    }
    let within = raw.verify_within.as_ref().map_or(Verify::WITHIN, |within| within.0);
    raw.verify.as_ref().map(|by| Verify { by: by.0, within })
}

fn on_failure(raw: &raw::step::Step) -> OnFailure {
    match raw.on_failure.as_ref().map(|word| &word.0) {
        None => OnFailure::Continue,
        Some(word) if word.as_str() == "continue" => OnFailure::Continue,
        Some(word) if word.as_str() == "stop" => OnFailure::Stop,
        Some(step) => OnFailure::Step(step.clone()),
    }
}

fn approval(raw: &raw::runbook::Approval, place: Place<'_>, context: &Context<'_>, report: &mut Report) -> Approval {
    let team = raw.team.0.as_str();
    context.names.require(Kind::Team, team, place.key("team"), report);
    let quorum = raw.quorum.unwrap_or(1);
    let members = context.main.and_then(|(main, _)| main.team.get(team)).map(|team| team.members.len());
    if let Some(members) = members.filter(|members| (*members as u64) < u64::from(quorum)) {
        let message = format!("`{team}` has {members} members, so {quorum} of them can never agree");
        place.key("quorum").mistake(report, message, Some(format!("add members to [team.{team}]")));
    }
    Approval {
        team: raw.team.0.clone(),
        quorum,
        timeout: raw.timeout.as_ref().map_or(Duration::from_secs(86_400), |timeout| timeout.0),
        self_approval: raw.self_approval,
    }
}

/// The levels, in the order in which they are told.
fn escalation(
    raw: &raw::runbook::Escalation,
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Vec<Escalation> {
    let mut levels = vec![level((&raw.after, &raw.to), place, context, report)];
    for (index, next) in raw.then.iter().enumerate() {
        let at = place.key("then").index(index);
        let next = level((&next.after, &next.to), at, context, report);
        if levels.last().is_some_and(|before| next.after <= before.after) {
            let help = Some("times count from the handoff, and each level is told after the one before".to_owned());
            at.key("after").mistake(report, "this level is not later than the one before it", help);
        }
        levels.push(next);
    }
    levels
}

fn level(
    (after, to): (&DurationText, &[NameText]),
    place: Place<'_>,
    context: &Context<'_>,
    report: &mut Report,
) -> Escalation {
    for (index, team) in to.iter().enumerate() {
        context.names.require(Kind::Team, team.0.as_str(), place.key("to").index(index), report);
    }
    Escalation { after: after.0, to: to.iter().map(|team| team.0.clone()).collect() }
}

fn guard(raw: &raw::runbook::Guard) -> Guard {
    let budget = |raw: &Option<raw::runbook::Budget>| raw.as_ref().map(|raw| Budget { max: raw.max, per: raw.per.0 });
    let (breaker, usual) = (raw.circuit_breaker.as_ref(), Guard::default());
    Guard {
        per_incident: raw.per_incident.unwrap_or(usual.per_incident),
        per_target: budget(&raw.per_target).or(usual.per_target),
        global: budget(&raw.global).or(usual.global),
        flapping: budget(&raw.flapping),
        circuit_breaker: breaker.map(|raw| CircuitBreaker { failures: raw.failures, cooldown: raw.cooldown.0 }),
    }
}
