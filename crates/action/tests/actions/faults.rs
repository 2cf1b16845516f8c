//! One table of faults that every kind has to answer: what it says of a wrong credential, of a peer that is away, slow,
//! breaks off, is busy, fails after it has acted, or leads elsewhere. A kind without a row does not compile.

use std::collections::BTreeMap;

use serde_json::json;
use watchkeeper_engine::ports::action::ActionCall;
use watchkeeper_model::{
    Action, AirflowAction, BodyEncoding, Bus, Connection, DagAct, ExecAction, Field, Fields, GateAction, GateState,
    HttpAction, JiraAction, JiraApi, JiraResolve, KubernetesAction, MlflowAction, ModelVersion, Name, ObjectChange,
    OnResolve, Outcome, Secret, SqlAction, SqlEngine, SystemdAction, Template, UnitJob,
};

use crate::{
    Bench, call,
    peer::{Peer, Reply, breaking_off},
    seconds,
};

/// What becomes of a step whose peer does this when it is asked to act.
struct Row {
    wrong_credential: Outcome,
    away: Outcome,
    slow: Outcome,
    half_an_answer: Outcome,
    busy: Outcome,
    failing: Outcome,
    redirecting: Outcome,
}

/// Each kind's row; `None` for one whose peer does not speak HTTP, with the test that shows its faults instead.
fn row(action: &Action) -> Result<Row, &'static str> {
    use Outcome::{Failed, Unknown};
    // Nothing is known once a request is out, but for an answer that says no; a peer that keeps saying that it is busy
    // has done nothing.
    let creates = Row {
        wrong_credential: Failed,
        away: Failed,
        slow: Unknown,
        half_an_answer: Unknown,
        busy: Failed,
        failing: Unknown,
        redirecting: Unknown,
    };
    // It reads before it writes: as long as it could not read, nothing was done.
    let reads_first = || Row {
        wrong_credential: Failed,
        away: Failed,
        slow: Failed,
        half_an_answer: Failed,
        busy: Failed,
        failing: Failed,
        redirecting: Failed,
    };
    match action {
        Action::Gate(_) => Err("the store's own tests"),
        Action::Exec(_) => Err("exec.rs"),
        Action::Sql(_) => Err("real/sql.rs: PostgreSQL and MariaDB, cut off and refusing"),
        Action::Systemd(_) => Err("real/systemd.rs: a manager that refuses, a job that fails"),
        Action::Http(_) | Action::Jira(_) | Action::JiraResolve(_) => Ok(creates),
        Action::Mlflow(_) | Action::Kubernetes(_) => Ok(reads_first()),
        // Without a user there is no token to fetch first.
        Action::Airflow(_) => Ok(creates),
    }
}

fn connection(url: &str) -> Connection {
    Connection { url: url.to_owned(), user: None, token: Some(Secret::File("token".into())), ca: None }
}

/// One action of every kind.
fn all(url: &str) -> Vec<Action> {
    let peer = || connection(url);
    let jira = JiraAction {
        url: url.to_owned(),
        api: JiraApi::V3,
        user: None,
        token: Secret::File("token".into()),
        project: "MLOPS".to_owned(),
        issue_type: "Bug".to_owned(),
        summary: Template::literal("auc"),
        description: None,
        labels: Vec::new(),
        reopen_within: JiraAction::REOPEN_WITHIN,
        on_resolve: OnResolve::Comment,
        create_when_unknown: false,
    };
    let http = HttpAction {
        method: "POST".to_owned(),
        url: format!("{url}/act"),
        headers: BTreeMap::new(),
        body: Fields::from([("a".to_owned(), Field::Flag(true))]),
        encoding: BodyEncoding::Json,
        token: Some(Secret::File("token".into())),
        secrets: BTreeMap::new(),
        idempotent: false,
        follow: None,
    };
    vec![
        Action::Gate(GateAction { gate: Name::parse("loans").unwrap(), state: GateState::Paused }),
        Action::Exec(ExecAction {
            command: vec!["/bin/sh".to_owned()],
            env: BTreeMap::new(),
            stdin: None,
            directory: None,
            secrets: BTreeMap::new(),
        }),
        Action::Http(http),
        Action::Jira(jira.clone()),
        Action::JiraResolve(JiraResolve(jira)),
        Action::Sql(SqlAction {
            engine: SqlEngine::Postgres,
            url: Secret::File("token".into()),
            statement: "select 1".to_owned(),
            parameters: Vec::new(),
            rows: (0, 1),
        }),
        Action::Mlflow(MlflowAction {
            peer: peer(),
            model: "loan".to_owned(),
            alias: "champion".to_owned(),
            to: ModelVersion::Number("7".to_owned()),
            only_if: None,
        }),
        Action::Systemd(SystemdAction {
            unit: "scoring.service".to_owned(),
            job: UnitJob::Restart,
            bus: Bus::User,
            only_if_up: None,
        }),
        Action::Kubernetes(KubernetesAction {
            peer: peer(),
            api_version: "apps/v1".to_owned(),
            resource: "deployments".to_owned(),
            namespace: "loans".to_owned(),
            name: "scoring".to_owned(),
            change: ObjectChange::Scale(0),
            only_if: None,
        }),
        Action::Airflow(AirflowAction {
            peer: peer(),
            dag: "retrain_loan".to_owned(),
            act: DagAct::Trigger(Fields::new()),
            only_if_paused: None,
        }),
    ]
}

/// What was read before, and the issue that is told of the end.
fn begun(action: Action) -> ActionCall {
    let before = match &action {
        Action::Mlflow(_) => Some(json!({ "version": "9", "to": "7" })),
        Action::Airflow(_) => Some(json!({ "is_paused": false })),
        Action::Kubernetes(_) => Some(json!({ "was": { "spec": { "replicas": 3 } } })),
        _ => None,
    };
    let reopen = matches!(action, Action::JiraResolve(_)).then(|| "MLOPS-1".to_owned());
    ActionCall { before, reopen, ..call(action, seconds(2)) }
}

async fn outcomes(fault: &str, expected: fn(&Row) -> Outcome, peer: impl AsyncFn() -> (String, Option<Peer>)) {
    for index in 0..all("http://127.0.0.1:9").len() {
        let (url, _peer) = peer().await;
        let call = begun(all(&url).swap_remove(index));
        let Ok(row) = row(&call.action) else { continue };
        let end = Bench::new().perform_call(&call).await;
        assert_eq!(end.outcome, expected(&row), "{fault}, {}: {end:?}", call.action.kind());
        assert!(!end.detail.is_empty());
    }
}

async fn replying(reply: Reply) -> (String, Option<Peer>) {
    let peer = Peer::replying(std::iter::repeat_n(reply, 100)).await;
    (peer.url(), Some(peer))
}

#[tokio::test]
async fn a_wrong_credential() {
    let refused = || replying(Reply::json(401, json!({ "message": "no" })));
    outcomes("401", |row| row.wrong_credential, async || refused().await).await;
    let refused = || replying(Reply::json(403, json!({ "message": "no" })));
    outcomes("403", |row| row.wrong_credential, async || refused().await).await;
}

#[tokio::test]
async fn a_peer_that_is_away() {
    outcomes("away", |row| row.away, async || ("http://127.0.0.1:9".to_owned(), None)).await;
}

#[tokio::test]
async fn a_peer_that_is_slow() {
    outcomes("slow", |row| row.slow, async || replying(Reply::Silence).await).await;
}

#[tokio::test]
async fn half_an_answer() {
    const HALF: &str = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{\"key\": ";
    outcomes("half", |row| row.half_an_answer, async || (breaking_off(HALF, None).await, None)).await;
}

#[tokio::test]
async fn a_peer_that_is_busy() {
    outcomes("429", |row| row.busy, async || replying(Reply::busy("0")).await).await;
}

#[tokio::test]
async fn a_peer_that_fails_after_it_acted() {
    outcomes("503", |row| row.failing, async || replying(Reply::json(503, json!({ "message": "ah" }))).await).await;
}

#[tokio::test]
async fn a_peer_that_leads_elsewhere() {
    let elsewhere = Reply::Answer(302, vec![("location", "http://169.254.169.254/".to_owned())], String::new());
    outcomes("302", |row| row.redirecting, async || replying(elsewhere.clone()).await).await;
}
