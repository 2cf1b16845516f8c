//! The pages of the kinds of steps: every example lints, those of `init --with` are what it writes, and every preset does
//! what it says against a server that answers in the real one's shapes.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    http::Response,
};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use watchkeeper_action::ActionRunner;
use watchkeeper_config::{Surroundings, load};
use watchkeeper_engine::ports::action::{ActionCall, Actions as _, After};
use watchkeeper_model::{Action, Outcome, Step, Workspace};
use watchkeeper_secret::SecretReader;

use crate::book::{binary, pages, read, repository, section};

const MAIN: &str = r#"
[allow]
exec = ["/bin/true"]
units = ["scoring.service"]
hosts = ["127.0.0.1", "example.atlassian.net", "jobs.example.com", "mlflow.example.com", "airflow.example.com",
    "kubernetes.example.com"]
[mlflow]
url = "https://mlflow.example.com"
[kubernetes]
url = "https://kubernetes.example.com"
[airflow]
url = "https://airflow.example.com"
[team.data-team]
layers = ["data"]
members = ["data-on-call@example.com"]
notify = ["screen"]
[channel.screen.console]
[gate.loan-decisions]
"#;

/// A workspace of one runbook.
fn workspace(runbook: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |file: &str, text: &str| {
        let path = folder.path().join(file);
        fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is made");
        fs::write(path, text).expect("the file is written");
    };
    write("config/watchkeeper.toml", MAIN);
    write("secrets/token", "a-secret");
    let head = if runbook.contains("[runbook]") { "" } else { "[runbook]\nid = \"example\"\n" };
    write("runbooks/example.toml", &format!("{head}{runbook}"));
    folder
}

fn loaded(folder: &Path) -> Workspace {
    let mut none = |plugin: &str| unreachable!("no monitor runs {plugin}");
    let mut surroundings = Surroundings { manual: &mut none, environment: &|_| None };
    let loaded = load(folder, &mut surroundings).unwrap_or_else(|found| panic!("{found:#?}"));
    // No monitor is there that could name it.
    let found = loaded.findings.iter().map(ToString::to_string);
    let found: Vec<String> = found.filter(|line| !line.contains("nothing can start the runbook")).collect();
    assert!(found.is_empty(), "{found:#?}");
    loaded.workspace
}

fn examples(page: &str) -> Vec<String> {
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

#[test]
fn every_kind_has_a_page_that_says_what_there_is_to_say_and_its_example_lints() {
    let kinds = ["gate", "exec", "jira", "http", "sql", "mlflow", "systemd", "kubernetes", "airflow"];
    for kind in kinds {
        let page = read(&pages().join(format!("steps/{kind}.md")));
        for heading in ["Guarantee", "Least rights", "Undo", "Example"] {
            assert!(!section(&page, heading).is_empty(), "{kind} says nothing of {heading}");
        }
        let example = examples(section(&page, "Example")).remove(0);
        assert!(example.contains(&format!("[step.{kind}]")), "the example of {kind} is one");
        let example = example.replace("runbooks/scripts/restart-scoring.sh", "/bin/true");
        let workspace = loaded(workspace(&example).path());
        assert_eq!(workspace.runbooks.len(), 1);
    }
}

#[test]
fn what_init_writes_is_what_the_pages_show() {
    for with in ["systemd", "kubernetes", "airflow", "mlflow"] {
        let sample = read(&repository().join("crates/cli/sample/with").join(format!("{with}.toml")));
        let page = read(&pages().join(format!("steps/{with}.md")));
        assert!(page.contains(&sample), "the page of {with} shows another runbook");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut init = Command::new(binary());
    init.arg("init").arg(folder.path());
    init.args(["--with", "systemd", "--with", "kubernetes", "--with", "airflow", "--with", "mlflow"]);
    let wrote = init.output().expect("the binary starts");
    assert!(wrote.status.success(), "{}", String::from_utf8_lossy(&wrote.stderr));
    let mut lint = Command::new(binary());
    let output = lint.arg("--workspace").arg(folder.path()).args(["lint", "--json"]).output();
    let found: Value = serde_json::from_slice(&output.expect("the binary starts").stdout).expect("JSON");
    assert_eq!((&found["errors"], found["steps"].as_array().map(Vec::len)), (&json!(0), Some(10)), "{found:#}");
}

#[test]
fn what_the_book_says_of_remedies_lints() {
    let page = read(&pages().join("runbooks.md"));
    let helped = examples(section(&page, "Whether it helped")).remove(0);
    let helped = format!(
        "{helped}[step.gate]\ngate = \"loan-decisions\"\nstate = \"paused\"\n\
                          [[step]]\nid = \"pause\"\n[step.gate]\ngate = \"loan-decisions\"\nstate = \"paused\"\n"
    );
    loaded(workspace(&helped).path());
    let back = examples(section(&page, "Taking it back")).remove(0);
    let back = back.replace("/srv/jobs/drain", "/bin/true").replace("/srv/jobs/fill", "/bin/true");
    loaded(workspace(&back).path());
}

/// A server that starts something: how it says so, and how that stands while it runs, when it is done, when it failed.
struct Server {
    started: (u16, Option<&'static str>, Value),
    running: Value,
    done: Value,
    failed: Value,
    asked: [&'static str; 2],
    body: &'static str,
}

/// Every preset, in the shapes of the real server's answers.
fn server(preset: &str) -> Server {
    let state = |status: &str| json!({ "id": 42, "status": status });
    match preset {
        "rundeck" => Server {
            started: (200, None, state("running")),
            running: state("running"),
            done: state("succeeded"),
            failed: state("aborted"),
            asked: ["POST /api/41/job/b7b1e1b6/run", "GET /api/41/execution/42"],
            body: r#"{"options":{"incident":"0a1b2c3d4e"}}"#,
        },
        "stackstorm" => Server {
            started: (201, None, json!({ "id": "5f1e", "status": "requested" })),
            running: state("running"),
            done: state("succeeded"),
            failed: state("timeout"),
            asked: ["POST /api/v1/executions", "GET /api/v1/executions/5f1e"],
            body: r#"{"action":"ops.restart_scoring","parameters":{"incident":"0a1b2c3d4e"}}"#,
        },
        "kestra" => {
            let state = |current: &str| json!({ "id": "7aB", "state": { "current": current } });
            Server {
                started: (200, None, state("CREATED")),
                running: state("RUNNING"),
                done: state("SUCCESS"),
                failed: state("KILLED"),
                asked: ["POST /api/v1/main/executions/ops/restart-scoring", "GET /api/v1/main/executions/7aB"],
                body: "incident=0a1b2c3d4e",
            }
        }
        "jenkins" => Server {
            started: (201, Some("https://jenkins.example.com/queue/item/17/"), Value::Null),
            running: json!({ "_class": "hudson.model.Queue$WaitingItem" }),
            done: json!({ "_class": "hudson.model.Queue$LeftItem", "executable": { "number": 8 } }),
            failed: Value::Null,
            asked: ["POST /job/retrain-loan/buildWithParameters", "GET /queue/item/17/api/json"],
            body: "INCIDENT=0a1b2c3d4e",
        },
        "gitlab" => Server {
            started: (201, None, state("created")),
            running: state("running"),
            done: state("success"),
            failed: state("canceled"),
            asked: ["POST /api/v4/projects/17/pipeline", "GET /api/v4/projects/17/pipelines/42"],
            body: r#"{"ref":"main","variables":[{"key":"INCIDENT","value":"0a1b2c3d4e"}]}"#,
        },
        "argo" => {
            let phase = |phase: &str| json!({ "metadata": { "name": "retrain-x7" }, "status": { "phase": phase } });
            Server {
                started: (200, None, json!({ "metadata": { "name": "retrain-x7" }, "status": {} })),
                running: phase("Running"),
                done: phase("Succeeded"),
                failed: phase("Error"),
                asked: ["POST /api/v1/workflows/ops/submit", "GET /api/v1/workflows/ops/retrain-x7"],
                body: r#"{"resourceKind":"WorkflowTemplate","resourceName":"retrain","submitOptions":{"parameters":["incident=0a1b2c3d4e"]}}"#,
            }
        }
        other => panic!("there is a preset {other} that no test runs"),
    }
}

/// Answers what it is told, and notes what it is asked.
#[derive(Default)]
struct Talk {
    answers: Vec<(u16, Option<&'static str>, Value)>,
    asked: Vec<(String, String, BTreeMap<String, String>)>,
}

async fn listen(talk: Arc<Mutex<Talk>>) -> String {
    let answer = move |request: Request| {
        let talk = Arc::clone(&talk);
        async move {
            let line = format!("{} {}", request.method(), request.uri());
            let text = |value: &axum::http::HeaderValue| value.to_str().unwrap_or("-").to_owned();
            let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value))).collect();
            let body = to_bytes(request.into_body(), 1 << 20).await.expect("a body");
            let mut talk = talk.lock().expect("no test fails while it holds this");
            talk.asked.push((line, String::from_utf8_lossy(&body).into_owned(), headers));
            let (status, location, body) = talk.answers.remove(0);
            let answer = Response::builder().status(status);
            let answer = location.into_iter().fold(answer, |answer, to| answer.header("location", to));
            let body = if body.is_null() { String::new() } else { body.to_string() };
            answer.body(Body::from(body)).expect("an answer")
        }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let app = Router::new().fallback(answer);
    tokio::spawn(async move { axum::serve(listener, app).await });
    url
}

fn call(step: &Step, reference: Option<String>) -> ActionCall {
    let Action::Http(http) = &step.action else { panic!("a preset is an http step") };
    // What the incident fills in.
    let text = serde_json::to_string(&http).expect("JSON").replace("{incident}", "0a1b2c3d4e");
    ActionCall {
        run: "0123456789".to_owned(),
        idempotency_key: "ab".repeat(32),
        incident: "0a1b2c3d4e".to_owned(),
        action: Action::Http(serde_json::from_str(&text).expect("an action")),
        timeout: step.timeout,
        reopen: None,
        before: None,
        reference,
        retries: None,
        attempt: 1,
        drill: false,
    }
}

#[tokio::test]
async fn every_preset_starts_what_it_says_and_follows_it_to_its_end() {
    let presets: Vec<_> = fs::read_dir(pages().join("presets")).expect("presets").flatten().collect();
    assert!(presets.len() >= 6);
    let page = read(&pages().join("steps/http.md"));
    for preset in presets {
        let name = preset.path().file_stem().expect("a name").to_string_lossy().into_owned();
        assert!(page.contains(&format!("../presets/{name}.toml")), "no page names the preset {name}");
        run(&name, &read(&preset.path())).await;
    }
}

async fn run(name: &str, preset: &str) {
    let server = server(name);
    let talk = Arc::new(Mutex::new(Talk::default()));
    let url = listen(Arc::clone(&talk)).await;
    let folder = workspace(&preset.replace(&format!("https://{name}.example.com"), &url));
    let workspace = loaded(folder.path());
    let step = &workspace.runbooks.values().next().expect("a runbook").first;
    let runner = ActionRunner::new(folder.path(), workspace.allow.clone(), SecretReader::new(folder.path()));
    let stands = |body: &Value| (200, None, body.clone());
    talk.lock().expect("free").answers =
        vec![server.started.clone(), stands(&server.running), stands(&server.done), stands(&server.failed)];

    let end = runner.perform(&call(step, None)).await;
    assert_eq!(end.outcome, Outcome::Done, "{name}: {end:?}");
    let started = call(step, end.reference.clone());
    let after = runner.after(&started).await;
    assert!(matches!(after, After::NotYet(_)), "{name}: {after:?}");
    let after = runner.after(&started).await;
    assert!(matches!(after, After::AsWanted(_)), "{name}: {after:?}");
    if !server.failed.is_null() {
        let after = runner.after(&started).await;
        assert!(matches!(after, After::Failed(_)), "{name}: {after:?}");
    }
    let talk = talk.lock().expect("free");
    let lines: Vec<&str> = talk.asked.iter().map(|(line, ..)| line.as_str()).collect();
    assert_eq!(lines[..3], [server.asked[0], server.asked[1], server.asked[1]], "{name}");
    assert_eq!(talk.asked[0].1, server.body, "{name}");
    assert!(
        talk.asked.iter().all(|(_, _, headers)| headers.values().any(|value| value.contains("a-secret"))),
        "{name}"
    );
}
