//! Steps that follow from one another: which run after a failure, what they name of earlier ones, and what people take back.

use std::{collections::BTreeMap, time::Duration};

use watchkeeper_engine::ports::{
    checker::CheckOutcome,
    store::{StepRecord, Store as _, Verified},
};
use watchkeeper_model::{
    Action, ExecAction, GateAction, GateState, JiraAction, JiraApi, Name, OnFailure, OnResolve, Outcome, Remedy,
    Secret, Step, Template, Verify, VerifyBy, Workspace,
};
use watchkeeper_store::PeopleError;

use crate::{
    guards::act,
    stage::{FAILS, Said, Stage, auc, day, measurement, name, pause, restart, sample},
};

fn exec(command: &str, argument: Option<&str>) -> Action {
    Action::Exec(ExecAction {
        command: vec![command.to_owned()],
        env: BTreeMap::new(),
        stdin: argument.map(|text| Template::parse(text).unwrap()),
        directory: None,
        secrets: BTreeMap::new(),
    })
}

/// The sample with further steps after its first.
fn with_steps(first: Action, change: impl FnOnce(&mut Step, &mut Vec<Step>)) -> Workspace {
    let mut workspace = sample(first);
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    change(&mut runbook.first, &mut runbook.rest);
    workspace
}

fn step(id: &str, action: Action, like: &Step) -> Step {
    Step { id: name(id), action, on_failure: OnFailure::Continue, verify: None, ..like.clone() }
}

/// Breaches on day 1, and how each step stands afterwards.
async fn run(workspace: Workspace) -> (Stage, BTreeMap<String, (&'static str, String)>) {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    let standing = standing(&stage).await;
    (stage, standing)
}

async fn standing(stage: &Stage) -> BTreeMap<String, (&'static str, String)> {
    let incident = stage.store.handoffs().await.unwrap()[0].incident.clone();
    let steps = stage.store.incident(&incident).await.unwrap().steps;
    steps.into_iter().map(|step| (step.step.to_string(), (step.status, step.detail.unwrap_or_default()))).collect()
}

#[tokio::test]
async fn a_failure_stops_the_rest() {
    let (stage, standing) = run(with_steps(exec(FAILS, None), |first, rest| {
        first.on_failure = OnFailure::Stop;
        rest.push(step("ticket", restart(), first));
    }))
    .await;
    assert_eq!(standing["first"], ("failed", "exit code 1".to_owned()));
    let why = "step first failed or did not help, and stops those after it";
    assert_eq!(standing["ticket"], ("withheld", why.to_owned()));
    assert_eq!(stage.actions.count(), 1);
}

#[tokio::test]
async fn what_is_for_a_failure_runs_after_one_only() {
    let with = |first: Action| {
        with_steps(first, |first, rest| {
            first.on_failure = OnFailure::Step(name("rollback"));
            rest.push(step("ticket", restart(), first));
            rest.push(step("rollback", exec("/usr/bin/rollback", None), first));
        })
    };
    let (stage, standing) = run(with(exec(FAILS, None))).await;
    let statuses: Vec<_> = standing.iter().map(|(step, (status, _))| (step.as_str(), *status)).collect();
    assert_eq!(statuses, [("first", "failed"), ("rollback", "done"), ("ticket", "done")]);
    assert_eq!(stage.actions.count(), 3);

    let (stage, standing) = run(with(restart())).await;
    assert_eq!(standing["rollback"], ("withheld", "not needed: step first did not fail".to_owned()));
    assert_eq!((standing["ticket"].0, stage.actions.count()), ("done", 2));
}

#[tokio::test]
async fn a_step_that_did_not_help_counts_as_failed_once_that_is_known() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(with_steps(restart(), |first, rest| {
        first.verify = Some(Verify { by: VerifyBy::State, within: Duration::from_secs(24 * 3600) });
        first.on_failure = OnFailure::Step(name("rollback"));
        rest.push(step("ticket", restart(), first));
        rest.push(step("rollback", exec("/usr/bin/rollback", None), first));
    }));
    stage.tick(&engine, day(1)).await;
    let before = standing(&stage).await;
    assert_eq!((before["ticket"].0, before["rollback"].0), ("done", "planned"), "only what depends on it waits");
    let first = stage.store.to_verify().await.unwrap().remove(0);
    let told = &stage.notifier.sent()[0].1;
    assert_eq!(told.first_step.as_ref().unwrap().remedy, Some(Remedy::Verifying));
    // What waited for that is not late by it.
    stage.clock.advance_to(day(2));
    record(&stage, &first, Remedy::NotRemediated).await;
    assert_eq!(stage.store.to_verify().await.unwrap(), [], "it is known");
    engine.finish().await.unwrap();
    assert_eq!(standing(&stage).await["rollback"].0, "done");

    let rates = stage.store.remedy_rates(day(1)).await.unwrap();
    assert_eq!((rates[0].acted, rates[0].not_remediated, rates[0].rate()), (1, 1, Some(0.0)));
    let kinds: Vec<String> = stage.store.ledger(1, 100).await.unwrap().into_iter().map(|row| row.kind).collect();
    assert!(kinds.contains(&"step.verified".to_owned()), "{kinds:?}");
}

#[tokio::test]
async fn a_simulation_looks_at_the_data_of_the_end_of_the_time() {
    let other = CheckOutcome::Measured(vec![measurement("auc", &[("segment", "new")], 0.9)]);
    let cases = [
        (auc(0.9), "remediated", "auc is 0.9", "withheld"),
        (auc(0.5), "not_remediated", "auc is 0.5", "done"),
        // That another series is well says nothing of the one that was bad.
        (other, "not_remediated", "auc was not measured", "done"),
    ];
    for (later, remedy, shows, status) in cases {
        let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), later)).await;
        let engine = stage.engine(with_steps(restart(), |first, rest| {
            first.verify = Some(Verify { by: VerifyBy::Check, within: Duration::from_secs(24 * 3600) });
            first.on_failure = OnFailure::Step(name("rollback"));
            rest.push(step("rollback", exec("/usr/bin/rollback", None), first));
        }));
        stage.tick(&engine, day(1)).await;
        let incident = stage.store.handoffs().await.unwrap()[0].incident.clone();
        let detail = stage.store.incident(&incident).await.unwrap();
        assert_eq!(detail.incident.remedy.unwrap().as_str(), remedy);
        assert_eq!(detail.steps[0].verified.clone().unwrap(), format!("by check: {shows}"));
        assert_eq!(standing(&stage).await["rollback"].0, status);
    }
}

async fn record(stage: &Stage, step: &StepRecord, remedy: Remedy) {
    let verified = Verified { remedy, detail: "auc is 0.5".to_owned(), messages: Vec::new(), at: day(1) };
    assert!(stage.store.verified(step, &verified).await.unwrap());
    assert!(!stage.store.verified(step, &verified).await.unwrap(), "it is recorded once");
}

fn ticket() -> Action {
    Action::Jira(JiraAction {
        url: "https://jira.example.com".to_owned(),
        api: JiraApi::V3,
        user: None,
        token: Secret::Env("TOKEN".to_owned()),
        project: "OPS".to_owned(),
        issue_type: "Bug".to_owned(),
        summary: Template::literal("auc"),
        description: None,
        labels: Vec::new(),
        reopen_within: JiraAction::REOPEN_WITHIN,
        on_resolve: OnResolve::Nothing,
        create_when_unknown: false,
    })
}

#[tokio::test]
async fn a_step_names_what_an_earlier_one_gave() {
    let tell = |first: &Step| step("tell", exec("/usr/bin/tell", Some("{monitor}: {steps.first.key}")), first);
    let (stage, standing) = run(with_steps(ticket(), |first, rest| rest.push(tell(first)))).await;
    assert_eq!(standing["tell"].0, "done");
    let sent = stage.actions.calls.lock().unwrap()[1].clone();
    let Action::Exec(exec) = &sent.action else { panic!("a program") };
    assert_eq!(exec.stdin.as_ref().unwrap().text(), "loan-auc: OPS-1");
    let incident = stage.store.incident(&sent.incident).await.unwrap();
    assert_eq!(incident.steps[1].recorded.action, sent.action, "what was sent is what is recorded");

    // A step that gave nothing is named: nothing is guessed in its place.
    let (stage, standing) = run(with_steps(restart(), |first, rest| rest.push(tell(first)))).await;
    assert_eq!(standing["tell"], ("failed", "not sent: step first gave nothing to name".to_owned()));
    assert_eq!(stage.actions.count(), 1);
}

async fn undo(stage: &Stage, step: &str) -> Result<Name, PeopleError> {
    let run = stage.store.handoffs().await.unwrap()[0].id.clone();
    stage.store.undo_step(&run, &name(step), &"ana".into(), day(1)).await
}

#[tokio::test]
async fn a_gate_goes_back_to_what_it_was() {
    let (stage, _) = run(sample(pause())).await;
    let gate = name("loan-decisions");
    assert_eq!(stage.store.gate(&gate).await.unwrap().state, GateState::Paused);
    assert_eq!(undo(&stage, "first").await.unwrap(), name("first-undo"));
    act(&stage).await;
    assert_eq!(stage.store.gate(&gate).await.unwrap().state, GateState::Open);
    let refused = undo(&stage, "first").await.unwrap_err().to_string();
    assert!(refused.ends_with("has set gate loan-decisions since"), "{refused}");
    let undone = stage.store.ledger(1, 100).await.unwrap().into_iter().find(|row| row.kind == "step.undo").unwrap();
    assert!(undone.body.contains("\"by\":\"ana\"") && undone.body.contains("\"step\":\"first\""), "{}", undone.body);
}

#[tokio::test]
async fn what_somebody_has_moved_or_nothing_has_changed_is_not_taken_back() {
    let (stage, _) = run(sample(pause())).await;
    let gate = name("loan-decisions");
    stage.store.set_gate(&gate, GateState::Open, "ana", "it is safe", day(1)).await.unwrap();
    let refused = undo(&stage, "first").await.unwrap_err().to_string();
    assert!(refused.ends_with("cannot be undone: ana has set gate loan-decisions since"), "{refused}");

    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    stage.store.set_gate(&gate, GateState::Paused, "ana", "maintenance", day(1)).await.unwrap();
    let engine = stage.engine(sample(pause()));
    stage.tick(&engine, day(1)).await;
    let refused = undo(&stage, "first").await.unwrap_err().to_string();
    assert!(refused.ends_with("cannot be undone: it changed nothing"), "{refused}");

    let (stage, _) = run(sample(restart())).await;
    let refused = undo(&stage, "first").await.unwrap_err().to_string();
    assert!(refused.contains("nobody knows what a program has done"), "{refused}");
}

#[tokio::test]
async fn a_step_says_itself_what_takes_it_back() {
    let back = Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Paused });
    let (stage, _) = run(with_steps(restart(), |first, _| first.undo = Some(back))).await;
    undo(&stage, "first").await.unwrap();
    act(&stage).await;
    assert_eq!(stage.store.gate(&name("loan-decisions")).await.unwrap().state, GateState::Paused);
    let again = undo(&stage, "first").await.unwrap_err().to_string();
    assert!(again.ends_with("that was asked for before: step first-undo is done"), "{again}");
    let incident = stage.store.handoffs().await.unwrap()[0].incident.clone();
    let steps = stage.store.incident(&incident).await.unwrap().steps;
    assert_eq!(
        (steps[1].step.as_str(), steps[1].position, steps[1].asked_by.as_deref()),
        ("first-undo", 1, Some("ana"))
    );
    assert_eq!((steps[1].status, steps[0].undoable), (Outcome::Done.as_str(), false));
}

#[tokio::test]
async fn what_takes_a_step_back_is_filled_in_as_the_step_is() {
    let back = exec("/usr/bin/close", Some("{monitor}: {steps.first.key}"));
    let (stage, _) = run(with_steps(ticket(), |first, _| first.undo = Some(back))).await;
    undo(&stage, "first").await.unwrap();
    act(&stage).await;
    let incident = stage.store.handoffs().await.unwrap()[0].incident.clone();
    let undone = stage.store.incident(&incident).await.unwrap().steps[1].recorded.action.clone();
    assert_eq!(undone, exec("/usr/bin/close", Some("loan-auc: OPS-1")));
}

#[tokio::test]
async fn what_a_step_did_and_still_stands_is_told_when_the_incident_is_over() {
    let back = exec("/usr/bin/fill", None);
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let engine = stage.engine(with_steps(restart(), |first, _| first.undo = Some(back)));
    stage.tick(&engine, day(1)).await;
    let incident = stage.store.handoffs().await.unwrap()[0].incident.clone();
    stage.store.resolve(&incident, "ana", day(1)).await.unwrap();
    engine.finish().await.unwrap();
    let (_, over) = stage.notifier.sent().pop().unwrap();
    let command = over.next_steps[0].command.clone().unwrap();
    assert!(command.starts_with("watchkeeper undo ") && command.ends_with(" first"), "{command}");
    // What the incident being over needs no more is still taken back.
    undo(&stage, "first").await.unwrap();
    act(&stage).await;
    assert_eq!(stage.actions.count(), 1, "it is only recorded here");
    assert_eq!(standing(&stage).await["first-undo"].0, "done");
}
