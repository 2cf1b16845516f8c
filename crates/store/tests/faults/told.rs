//! Told rightly: once, with today's numbers, and what an incident leaves behind when it is over.

use std::time::Duration;

use watchkeeper_engine::{assigned, ports::checker::CheckOutcome};
use watchkeeper_model::{
    Action, Approval, Channel, Escalation, GateAction, GateState, MessageKind, Name, Route, Severity, Step, StepRun,
    Team, Workspace,
};
use watchkeeper_store::{IncidentFilter, PeopleError};

use crate::stage::{Said, Stage, auc, by_column, day, measurement, name, null_rates, pause, restart, sample};

fn kinds(stage: &Stage) -> Vec<MessageKind> {
    stage.notifier.sent().iter().map(|(_, message)| message.kind).collect()
}

async fn incident(stage: &Stage) -> String {
    stage.store.incidents(&IncidentFilter::default()).await.unwrap().remove(0).id
}

/// The sample with another team, which has a channel of its own.
fn two_teams(mut workspace: Workspace) -> Workspace {
    let team = workspace.teams[&name("ml-team")].clone();
    workspace.teams.insert(name("platform"), Team { notify: vec![name("pager")], ..team });
    workspace.channels.insert(name("pager"), Channel::Console);
    workspace
}

#[tokio::test]
async fn a_second_series_that_goes_bad_is_told_once() {
    let said = Said::default()
        .at(day(1), null_rates(&[("a", 0.2), ("b", 0.0)]))
        .at(day(2), null_rates(&[("a", 0.2), ("b", 0.3)]))
        .at(day(3), null_rates(&[("a", 0.2), ("b", 0.3)]));
    let stage = Stage::new(said).await;
    let mut workspace = by_column(restart());
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.group_by.clear();
    let engine = stage.engine(workspace);
    for at in 1..=3 {
        stage.tick(&engine, day(at)).await;
    }
    assert_eq!(kinds(&stage), [MessageKind::Handoff, MessageKind::Spread]);
    let spread = stage.notifier.sent().pop().unwrap().1;
    assert_eq!(
        spread.facts.series.iter().map(|report| report.subject.to_string()).collect::<Vec<_>>(),
        ["null_rate{column=\"b\"}"]
    );
    assert_eq!(stage.actions.count(), 1, "one incident, one first step");
}

#[tokio::test]
async fn an_incident_that_is_over_says_what_it_left_paused_and_ends_what_still_waited() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.7))).await;
    let mut workspace = sample(pause());
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    let open = Action::Gate(GateAction { gate: name("loan-decisions"), state: GateState::Open });
    let manual = |id: &str, after_resolve| Step {
        id: name(id),
        action: open.clone(),
        run: StepRun::Manual,
        after_resolve,
        ..runbook.first.clone()
    };
    runbook.rest = vec![manual("look", false), manual("reopen", true)];
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    stage.tick(&engine, day(2)).await;
    let resolved = stage.notifier.sent().pop().unwrap().1;
    assert_eq!(resolved.kind, MessageKind::Resolved);
    let commands: Vec<&str> = resolved.next_steps.iter().filter_map(|next| next.command.as_deref()).collect();
    let run = resolved.facts.run.clone().unwrap();
    assert_eq!(commands, ["watchkeeper open loan-decisions".to_owned(), format!("watchkeeper step {run} reopen")]);
    assert_eq!(stage.store.left_paused().await.unwrap()[0].gate, name("loan-decisions"));
    let steps = stage.store.incident(&incident(&stage).await).await.unwrap().steps;
    let status: Vec<(&str, &str)> = steps.iter().map(|step| (step.step.as_str(), step.status)).collect();
    assert_eq!(status, [("first", "done"), ("look", "withheld"), ("reopen", "waiting")]);
    assert_eq!(steps[1].detail.as_deref(), Some("not needed: the incident is over"));
    let late = stage.store.start_step(&run, &name("look"), &"ana".into(), false, day(2)).await;
    assert!(matches!(late, Err(PeopleError::Over(..))), "{late:?}");
    stage.store.start_step(&run, &name("reopen"), &"ana".into(), false, day(2)).await.unwrap();
}

#[tokio::test]
async fn reminders_show_the_numbers_of_today() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.4)).at(day(3), auc(0.3))).await;
    let mut workspace = sample(restart());
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.repeat = Some(Duration::from_secs(25 * 3600));
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    stage.tick(&engine, day(2)).await;
    stage.tick(&engine, day(3)).await;
    let reminder =
        stage.notifier.sent().into_iter().find(|(_, message)| message.kind == MessageKind::Reminder).unwrap().1;
    assert_eq!((reminder.facts.series[0].value, reminder.facts.at), (Some(0.4), day(2)));
}

#[tokio::test]
async fn each_level_of_an_escalation_is_told_in_its_time_and_all_of_them_that_it_is_over() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.5))).await;
    let mut workspace = two_teams(sample(restart()));
    let level =
        |minutes: u64, team: &str| Escalation { after: Duration::from_secs(60 * minutes), to: vec![name(team)] };
    workspace.runbooks.get_mut(&name("model-degradation")).unwrap().escalation =
        vec![level(15, "platform"), level(60, "platform")];
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    let at = |minutes: u64| day(1) + Duration::from_secs(60 * minutes);
    engine.simulate_until(&stage.clock, at(20)).await.unwrap();
    assert_eq!(kinds(&stage), [MessageKind::Handoff, MessageKind::Escalation]);
    engine.simulate_until(&stage.clock, at(61)).await.unwrap();
    assert_eq!(kinds(&stage).len(), 3);
    stage.store.resolve(&incident(&stage).await, "ana", at(62)).await.unwrap();
    engine.simulate_until(&stage.clock, at(70)).await.unwrap();
    let over: Vec<Name> = stage.notifier.sent().into_iter().skip(3).map(|(channel, _)| channel).collect();
    assert_eq!(over, [name("console"), name("pager")]);
    assert_eq!(stage.notifier.sent().pop().unwrap().1.note.as_deref(), Some("It was resolved by ana."));
}

#[tokio::test]
async fn what_is_given_back_is_reminded_of_again_and_a_new_owner_is_told() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let mut workspace = two_teams(sample(restart()));
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().alert.repeat = Some(Duration::from_secs(3600));
    let engine = stage.engine(workspace.clone());
    stage.tick(&engine, day(1)).await;
    let id = incident(&stage).await;
    let at = |minutes: u64| day(1) + Duration::from_secs(60 * minutes);
    stage.store.acknowledge(&id, "ana", at(1)).await.unwrap();
    engine.simulate_until(&stage.clock, at(90)).await.unwrap();
    assert_eq!(kinds(&stage), [MessageKind::Handoff]);
    stage.store.give_back(&id, "ana", at(90)).await.unwrap();
    let twice = stage.store.give_back(&id, "ana", at(90)).await;
    assert!(matches!(twice, Err(PeopleError::NotAcknowledged { .. })), "{twice:?}");
    engine.simulate_until(&stage.clock, at(151)).await.unwrap();
    assert_eq!(kinds(&stage), [MessageKind::Handoff, MessageKind::Reminder]);

    let team = name("platform");
    let assign = stage.store.assign(
        &id,
        &team,
        "ana",
        |incident, facts, first| assigned(&workspace, &incident.runbook, facts, first, "ana", at(151)),
        at(151),
    );
    assert_eq!(assign.await.unwrap().owner, team);
    engine.simulate_until(&stage.clock, at(300)).await.unwrap();
    let told: Vec<(Name, MessageKind)> =
        stage.notifier.sent().into_iter().skip(2).map(|(channel, message)| (channel, message.kind)).collect();
    assert_eq!(
        told,
        [
            (name("pager"), MessageKind::Handoff),
            (name("pager"), MessageKind::Reminder),
            (name("pager"), MessageKind::Reminder)
        ]
    );
}

#[tokio::test]
async fn many_groups_at_once_are_one_message_with_the_worst_first() {
    let rates = [("a", 0.06), ("b", 0.9), ("c", 0.2), ("d", 0.3), ("e", 0.1)];
    let stage = Stage::new(Said::default().at(day(1), null_rates(&rates))).await;
    let mut stage = stage;
    stage.actions = crate::stage::Meeting::of(3);
    let engine = stage.engine(by_column(restart()));
    tokio::time::timeout(Duration::from_secs(20), stage.tick(&engine, day(1))).await.expect("nobody waits");
    let sent = stage.notifier.sent();
    assert_eq!(sent.len(), 1, "{:?}", kinds(&stage));
    let digest = &sent[0].1;
    assert_eq!((digest.kind, digest.digest.len()), (MessageKind::Digest, 5));
    assert_eq!(digest.digest[0].facts.group["column"], "b");
    let handoffs = stage.store.handoffs().await.unwrap();
    assert!(handoffs.iter().all(|handoff| handoff.notifications[0].arrived()), "each has its own outcome");
}

#[tokio::test]
async fn severity_and_labels_route_to_other_channels_and_one_listed_twice_is_told_once() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    let mut workspace = two_teams(sample(restart()));
    let team = workspace.teams.get_mut(&name("ml-team")).unwrap();
    let route = |severity, channel: &str| Route {
        severities: [severity].into(),
        labels: [("env".to_owned(), "prod".to_owned())].into(),
        notify: vec![name(channel), name(channel)],
    };
    team.routes = vec![route(Severity::Info, "console"), route(Severity::Critical, "pager")];
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().labels = [("env".to_owned(), "prod".to_owned())].into();
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    let channels: Vec<Name> = stage.notifier.sent().into_iter().map(|(channel, _)| channel).collect();
    assert_eq!(channels, [name("pager")]);
}

#[tokio::test]
async fn warnings_of_several_groups_have_ids_of_their_own() {
    let warn = |columns: &[&str]| {
        let rate = |column: &&str| measurement("null_rate", &[("column", column)], 0.03);
        CheckOutcome::Measured(columns.iter().map(rate).collect())
    };
    let stage = Stage::new(Said::default().at(day(1), warn(&["a", "b", "c"]))).await;
    let mut workspace = by_column(restart());
    workspace.monitors.get_mut(&name("loan-auc")).unwrap().thresholds[0].warn =
        Some(watchkeeper_model::Comparison::Above(0.01));
    let engine = stage.engine(workspace);
    stage.tick(&engine, day(1)).await;
    let ids: std::collections::BTreeSet<String> =
        stage.notifier.sent().into_iter().map(|(_, message)| message.id).collect();
    assert_eq!(ids.len(), 3, "{ids:?}");
}

#[tokio::test]
async fn refused_answers_stand_in_the_record_with_the_account_behind_the_name() {
    let stage = Stage::new(Said::default().at(day(1), auc(0.5)).at(day(2), auc(0.7))).await;
    let mut workspace = sample(restart());
    let (team, quorum, timeout) = (name("ml-team"), 1, Duration::from_secs(48 * 3600));
    let runbook = workspace.runbooks.get_mut(&name("model-degradation")).unwrap();
    let approval = Some(Approval { team, quorum, timeout, self_approval: false });
    runbook.rest = vec![Step { id: name("retrain"), approval, ..runbook.first.clone() }];
    let (teams, engine) = (workspace.teams.clone(), stage.engine(workspace));
    stage.tick(&engine, day(1)).await;
    let run = stage.store.handoffs().await.unwrap().remove(0).id;
    let stranger = watchkeeper_model::Person { name: "ml-lead@example.org".to_owned(), account: "mallory".to_owned() };
    let answer = |by: watchkeeper_model::Person, at| {
        let (store, run, teams) = (stage.store.clone(), run.clone(), teams.clone());
        async move { store.answer(&run, &name("retrain"), &by, watchkeeper_store::Reply::Yes, &teams, at).await }
    };
    assert!(answer(stranger, day(1)).await.is_err());
    let rows = stage.store.ledger(1, 100).await.unwrap();
    let refused = rows.iter().find(|row| row.kind == "step.answer_refused").expect("it is recorded");
    assert!(refused.body.contains("\"account\":\"mallory\"") && refused.body.contains("is not a member of ml-team"));
    stage.tick(&engine, day(2)).await;
    let late = answer("ML Lead <ml-lead@example.com>".into(), day(2)).await;
    assert!(matches!(late, Err(PeopleError::NotWaiting { status: "withheld", .. })), "{late:?}");
}

/// The sample, whose first step opens a Jira issue that is told of the end.
fn with_ticket(reopen_within: Duration) -> Workspace {
    sample(Action::Jira(watchkeeper_model::JiraAction {
        url: "https://jira.example.com".to_owned(),
        api: watchkeeper_model::JiraApi::V3,
        user: None,
        token: watchkeeper_model::Secret::Env("TOKEN".to_owned()),
        project: "OPS".to_owned(),
        issue_type: "Task".to_owned(),
        summary: watchkeeper_model::Template::literal("x"),
        description: None,
        labels: Vec::new(),
        reopen_within,
        on_resolve: watchkeeper_model::OnResolve::Close,
        create_when_unknown: false,
    }))
}

#[tokio::test]
async fn an_issue_hears_of_the_end_and_is_taken_up_again_within_its_time_and_project_only() {
    let said = (1..=7).fold(Said::default(), |said, at| said.at(day(at), auc(if at % 2 == 1 { 0.5 } else { 0.7 })));
    let stage = Stage::new(said).await;
    let days = |count: u64| Duration::from_secs(count * 86_400 + 3600);
    let engine = stage.engine(with_ticket(days(3)));
    for at in 1..=3 {
        stage.tick(&engine, day(at)).await;
    }
    let calls = || -> Vec<(&'static str, Option<String>)> {
        let calls = stage.actions.calls.lock().unwrap();
        let kind = |action: &watchkeeper_model::Action| match action {
            Action::Jira(_) => "open",
            _ => "tell",
        };
        calls.iter().map(|call| (kind(&call.action), call.reopen.clone())).collect()
    };
    let first = Some("OPS-1".to_owned());
    assert_eq!(calls(), [("open", None), ("tell", first.clone()), ("open", first.clone())]);

    stage.tick(&engine, day(4)).await;
    let engine = stage.engine(with_ticket(days(1)));
    stage.tick(&engine, day(5)).await;
    stage.tick(&engine, day(6)).await;
    let mut elsewhere = with_ticket(days(9));
    let runbook = elsewhere.runbooks.get_mut(&name("model-degradation")).unwrap();
    let Action::Jira(jira) = &mut runbook.first.action else { panic!("a ticket") };
    jira.project = "MLOPS".to_owned();
    let engine = stage.engine(elsewhere);
    stage.tick(&engine, day(7)).await;
    assert_eq!(calls().last(), Some(&("open", None)), "an issue of another project is another one");
}

#[tokio::test]
async fn an_issue_that_is_opened_while_its_incident_ends_hears_of_the_end() {
    let mut stage = Stage::new(Said::default().at(day(1), auc(0.5))).await;
    stage.actions = crate::stage::Meeting::of(2);
    let engine = stage.engine(with_ticket(Duration::from_secs(86_400)));
    let (actions, store) = (stage.actions.clone(), stage.store.clone());
    let person = tokio::spawn(async move {
        while actions.count() == 0 {
            tokio::task::yield_now().await;
        }
        let incident = store.incidents(&IncidentFilter::default()).await.unwrap().remove(0);
        store.resolve(&incident.id, "on-call", day(1)).await.unwrap();
        // The issue is there now, and then it hears of the end.
        actions.barrier.wait().await;
        actions.barrier.wait().await;
    });
    stage.tick(&engine, day(1)).await;
    engine.finish().await.unwrap();
    person.abort();
    let calls = stage.actions.calls.lock().unwrap();
    let told = calls.iter().map(|call| (&call.action, call.reopen.as_deref())).collect::<Vec<_>>();
    let issue = Some("OPS-1");
    assert!(
        matches!(told[..], [(Action::Jira(_), None), (Action::JiraResolve(_), found)] if found == issue),
        "{told:?}"
    );
}
