//! What steps say of one another: which runs after which failure, what is named of an earlier one, what can be verified.

use watchkeeper_model::{Action, OnFailure, OnResolve, Step, StepRun, VerifyBy};

use crate::{
    nearest::suggestion,
    place::{Place, Report},
    raw::runbook::RunbookFile,
};

/// Checks every step against those before and after it. One that could not be lowered has been reported.
pub(super) fn check(steps: &[Option<Step>], raw: &RunbookFile, place: Place<'_>, report: &mut Report) {
    for (index, step) in steps.iter().enumerate() {
        let Some(step) = step else { continue };
        let at = place.key("step").index(index);
        check_verify(step, at, report);
        check_id(step, steps, at, report);
        if let OnFailure::Step(named) = &step.on_failure {
            let later = raw.step.get(index + 1..).unwrap_or_default();
            let found = later.iter().position(|later| later.id.0 == *named);
            match found.and_then(|found| steps.get(index + 1 + found)?.as_ref()) {
                Some(found) => check_fallback(found, at, report),
                None if found.is_some() => {}
                None => {
                    let ids = later.iter().map(|later| later.id.0.as_str()).chain(["stop", "continue"]);
                    let help = suggestion(named.as_str(), ids);
                    let message = format!("`{named}` is not a step after this one");
                    at.key("on_failure").mistake(report, message, help);
                }
            }
        }
        let earlier = steps.get(..index).unwrap_or_default();
        check_outputs(&step.action, earlier, raw, at.key(step.action.kind()), report);
        if let Some(undo) = &step.undo {
            // What takes it back may name what it gave itself.
            let earlier = steps.get(..=index).unwrap_or_default();
            check_outputs(undo, earlier, raw, at.key("undo").key(undo.kind()), report);
        }
    }
}

fn check_verify(step: &Step, at: Place<'_>, report: &mut Report) {
    let reads = step.verify.as_ref().is_some_and(|verify| verify.by == VerifyBy::State);
    if reads && !step.action.reads_back() {
        let message = format!("what a {} step did cannot be read back", step.action.kind());
        at.key("verify").mistake(report, message, Some("verify = \"check\" runs the monitor's check again".to_owned()));
    }
}

/// Steps that are made from others have names of their own, which no step that is written may have.
fn check_id(step: &Step, steps: &[Option<Step>], at: Place<'_>, report: &mut Report) {
    let told = matches!(&step.action, Action::Jira(jira) if jira.on_resolve != OnResolve::Nothing);
    if told && step.resolved_id().is_none() {
        let message = format!("this name is too long: what tells the issue the end is called `{}-resolved`", step.id);
        at.key("id").mistake(report, message, None);
    }
    let mut others = steps.iter().flatten();
    if let Some(other) = others.find(|other| [other.undo_id(), other.resolved_id()].contains(&Some(step.id.clone()))) {
        let message = format!("`{}` is the name of a step that is made from `{}`", step.id, other.id);
        let help = "what takes STEP back is called `STEP-undo`, what tells its issue the end `STEP-resolved`";
        at.key("id").mistake(report, message, Some(help.to_owned()));
    }
}

/// A step that is for the failure of another one has to run by itself.
fn check_fallback(fallback: &Step, at: Place<'_>, report: &mut Report) {
    if fallback.run == StepRun::Manual || fallback.approval.is_some() {
        let message = format!("step `{}` waits for people, so that it cannot run when this one fails", fallback.id);
        at.key("on_failure").mistake(report, message, None);
    }
}

/// A placeholder names a step before this one, and what its kind gives.
fn check_outputs(action: &Action, earlier: &[Option<Step>], raw: &RunbookFile, at: Place<'_>, report: &mut Report) {
    for (named, output) in action.named_outputs() {
        let found = earlier.iter().flatten().find(|before| before.id == named);
        match found.map(|before| (before, before.action.output())) {
            Some((_, Some(gives))) if gives == output => {}
            Some((before, Some(gives))) => {
                let help = format!("a {} step gives `{{steps.{named}.{gives}}}`", before.action.kind());
                at.mistake(report, format!("step `{named}` gives no `{output}`"), Some(help));
            }
            Some((before, None)) => {
                at.mistake(report, format!("step `{named}`, a {} step, gives nothing", before.action.kind()), None);
            }
            None if raw.step.iter().zip(earlier).any(|(raw, lowered)| raw.id.0 == named && lowered.is_none()) => {}
            None => {
                let ids = earlier.iter().flatten().map(|before| before.id.as_str());
                at.mistake(report, format!("`{named}` is not a step before this one"), suggestion(named.as_str(), ids));
            }
        }
    }
}
