//! One night as a timeline: a breach is acted on and told, silenced, approved, taken and over.

use std::time::Duration;

use watchkeeper_engine::{Engine, ports::store::Store as _};
use watchkeeper_model::{
    Action, Approval, Escalation, GateAction, GateState, Matcher, Person, Step, StepRun, Time, Workspace,
};
use watchkeeper_store::{IncidentFilter, NewSilence, Reply};

use crate::stage::{Said, Stage, auc, day, name, pause, restart, sample};

/// A minute of the night.
fn minute(count: u64) -> Time {
    day(1) + Duration::from_secs(60 * count)
}

/// The loan model's runbook: pause decisions by itself, retrain once the team agrees, open again when it is over.
fn workspace() -> Workspace {
    let mut workspace = sample(pause());
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.repeat = Some(Duration::from_secs(3600));
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    let (team, timeout) = (name("ml-team"), Duration::from_secs(86_400));
    let retrain = Step {
        id: name("retrain"),
        action: restart(),
        approval: Some(Approval { team, quorum: 1, timeout, self_approval: false }),
        ..runbook.first.clone()
    };
    let open = Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Open });
    let reopen =
        Step { id: name("reopen"), action: open, run: StepRun::Manual, after_resolve: true, ..runbook.first.clone() };
    runbook.rest = vec![retrain, reopen];
    runbook.escalation = vec![Escalation { after: Duration::from_secs(30 * 60), to: vec![name("ml-team")] }];
    workspace
}

/// What was told up to this minute, as `kind` words, from the message after the last one asked for.
async fn told_until(stage: &Stage, engine: &Engine, until: u64, seen: &mut usize) -> String {
    engine.simulate_until(&stage.clock, minute(until)).await.unwrap();
    let sent = stage.notifier.sent();
    let words: Vec<&str> = sent[*seen..].iter().map(|(_, message)| message.kind.as_str()).collect();
    *seen = sent.len();
    words.join(" ")
}

#[tokio::test]
async fn a_night_is_told_as_it_goes() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.7))).await;
    let (workspace, mut seen) = (workspace(), 0);
    let (teams, engine) = (workspace.teams.clone(), stage.engine(workspace));
    let lead: Person = "ML Lead <ml-lead@example.com>".into();

    // 06:00: the breach. The gate is paused before anybody is told.
    stage.tick(&engine, day(1)).await;
    assert_eq!(stage.store.gate(&name("loan-decisions")).await.unwrap().state, GateState::Paused);
    assert_eq!(told_until(&stage, &engine, 1, &mut seen).await, "handoff");
    let incident = stage.store.incidents(&IncidentFilter::default()).await.unwrap().remove(0).id;
    let run = stage.store.handoffs().await.unwrap().remove(0).id;

    // 06:10: somebody silences it for an hour; the escalation of 06:30 waits, and so does the reminder of 07:00.
    let matchers = [Matcher::parse("monitor=loan-auc").unwrap()];
    let (reason, by, until) = ("looking at it", "on-call", minute(70));
    stage
        .store
        .add_silence(NewSilence { matchers: &matchers, reason, by, until, acts: false }, minute(10))
        .await
        .unwrap();
    assert_eq!(told_until(&stage, &engine, 65, &mut seen).await, "");

    // 07:10: the silence is over, the incident is not.
    assert_eq!(told_until(&stage, &engine, 71, &mut seen).await, "reminder escalation");

    // 07:15: the lead agrees to the retraining; nobody agrees twice.
    let agreed = stage.store.answer(&run, &name("retrain"), &lead, Reply::Yes, &teams, minute(75)).await;
    assert_eq!(agreed.unwrap(), watchkeeper_model::Answering::Released);
    let again = stage.store.answer(&run, &name("retrain"), &lead, Reply::Yes, &teams, minute(75)).await;
    assert!(again.is_err(), "it waits for nobody any more");

    // 07:20: taken. Nothing reminds any more.
    stage.store.acknowledge(&incident, "on-call", minute(80)).await.unwrap();
    assert_eq!(told_until(&stage, &engine, 400, &mut seen).await, "");

    // The next morning all is well: the team hears what is left to do.
    stage.tick(&engine, day(2)).await;
    assert_eq!(told_until(&stage, &engine, 1450, &mut seen).await, "resolved");
    let resolved = stage.notifier.sent().pop().unwrap().1;
    let commands: Vec<&str> = resolved.next_steps.iter().filter_map(|next| next.command.as_deref()).collect();
    assert_eq!(commands, ["watchkeeper open loan-decisions".to_owned(), format!("watchkeeper step {run} reopen")]);

    // Whoever reads the ledger reads the night.
    let rows = stage.store.ledger(1, 200).await.unwrap();
    let kinds: Vec<&str> = rows.iter().map(|row| row.kind.as_str()).collect();
    let story = [
        "incident.opened",
        "step.intent",
        "gate.paused",
        "step.ended",
        "notification.sent",
        "silence.added",
        "notification.silenced",
        "notification.sent",
        "step.approved",
        "step.answer_refused",
        "incident.acknowledged",
        "incident.resolved",
        "notification.sent",
    ];
    let mut rest = kinds.iter();
    for kind in story {
        assert!(rest.any(|found| *found == kind), "{kind} does not follow in {kinds:?}");
    }
    assert_eq!(stage.store.left_paused().await.unwrap().len(), 1, "and `status` shows the gate");
    assert!(stage.store.unreadable().await.unwrap().is_empty());
}
