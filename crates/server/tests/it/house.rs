//! A house that is served on loopback: a workspace, a store in memory, and hands that say what they were asked.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use reqwest::{Client, Response, StatusCode, redirect::Policy};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    sync::{Mutex, Notify, oneshot},
    task::JoinHandle,
};
use watchkeeper_engine::{Trouble, ports::clock::Clock};
use watchkeeper_model::{Action, Gate, GateAction, GateState, Name, Role, Time, Workspace};
use watchkeeper_server::{CONNECTIONS_MAX, Doing, Hands, House, Metrics, Parts, Pulse, new_token, router, serve};
use watchkeeper_store::{SqlStore, Token};

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub(crate) fn time(text: &str) -> Time {
    text.parse().unwrap()
}

/// When everything here happens.
pub(crate) const NOW: &str = "2026-11-02T06:10:00Z";

pub(crate) fn gate(on_unreachable: GateState) -> Gate {
    Gate { description: "Whether loans are decided".to_owned(), on_unreachable }
}

struct Still;

#[async_trait]
impl Clock for Still {
    fn now(&self) -> Time {
        time(NOW)
    }

    async fn sleep_until(&self, _: Time) {
        std::future::pending::<()>().await;
    }
}

/// Hands that say what they are asked. A check is noticed, and waits for whoever holds the lock.
#[derive(Default)]
pub(crate) struct Said {
    pub(crate) begun: Notify,
    pub(crate) lock: Arc<Mutex<()>>,
    checks: AtomicU32,
}

impl Hands for Said {
    fn check(&self, monitor: Name) -> Doing {
        let checks = self.checks.fetch_add(1, Ordering::SeqCst) + 1;
        self.begun.notify_one();
        let lock = Arc::clone(&self.lock);
        Box::pin(async move {
            let _waited = lock.lock().await;
            Ok(json!({ "monitor": monitor, "verdict": "ok", "checks": checks }))
        })
    }

    fn drill(&self, _: Name, _: String) -> Doing {
        Box::pin(async { Err("no drill here".to_owned()) })
    }

    fn refresh_baseline(&self, _: Name, _: String) -> Doing {
        Box::pin(async { Ok(json!({})) })
    }

    fn reload(&self) -> Doing {
        Box::pin(async { Ok(json!({ "config": "0123" })) })
    }
}

fn trouble() -> Trouble {
    let (part, message) = ("outbox".to_owned(), "disk is on fire".to_owned());
    Trouble { part, since: time("2026-11-02T06:00:10Z"), failures: 2, message }
}

pub(crate) struct Served {
    pub(crate) url: String,
    pub(crate) house: House,
    pub(crate) store: Arc<SqlStore>,
    pub(crate) workspace: Workspace,
    /// Stops the engine's beat.
    pub(crate) stalled: Arc<AtomicBool>,
    pub(crate) stop: oneshot::Sender<()>,
    pub(crate) server: JoinHandle<std::io::Result<()>>,
    pub(crate) client: Client,
    pub(crate) hands: Arc<Said>,
}

/// The sample's first step.
fn pause() -> Action {
    Action::Gate(GateAction { gate: Name::parse("loan-decisions").unwrap(), state: GateState::Paused })
}

/// The sample workspace with two gates.
pub(crate) fn workspace() -> Workspace {
    let known = [("loan-decisions", GateState::Paused), ("refunds", GateState::Open)];
    let gates: BTreeMap<Name, Gate> = known.into_iter().map(|(key, state)| (name(key), gate(state))).collect();
    Workspace {
        gates,
        ..watchkeeper_testkit::workspace(watchkeeper_testkit::monitor(), watchkeeper_testkit::runbook(pause()))
    }
}

impl Served {
    pub(crate) async fn start() -> Self {
        Self::with(workspace()).await
    }

    pub(crate) async fn with(workspace: Workspace) -> Self {
        let store = Arc::new(SqlStore::in_memory().await.unwrap());
        let since = time("2026-11-02T06:00:10Z");
        let (by, reason) = ("run 0a1b2c3d4e, step pause", "incident 0a1b2c3d4e of loan-auc");
        store.set_gate(&name("loan-decisions"), GateState::Paused, by, reason, since).await.unwrap();
        let stalled = Arc::new(AtomicBool::new(false));
        let is_stalled = stalled.clone();
        let hands = Arc::new(Said::default());
        let house = House::new(Parts {
            store: Arc::clone(&store),
            workspace: workspace.clone(),
            name: "loans".to_owned(),
            clock: Arc::new(Still),
            pulse: Box::new(move || Pulse {
                stalled: is_stalled.load(Ordering::SeqCst).then_some("steps").into_iter().collect(),
                troubles: is_stalled.load(Ordering::SeqCst).then(trouble).into_iter().collect(),
            }),
            hands: hands.clone(),
            metrics: Arc::new(Metrics::default()),
            secrets: Box::new(|_| Err("there is no secret here".to_owned())),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let server = tokio::spawn(serve(listener, router(&house), CONNECTIONS_MAX, async { stopped.await.unwrap() }));
        // Fails only when another test of this binary installed it first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().redirect(Policy::none()).build().unwrap();
        Self { url, house, store, workspace, stalled, stop, server, client, hands }
    }

    /// A token that was made for a role.
    pub(crate) async fn token(&self, role: Role) -> String {
        let (token, hash) = new_token().unwrap();
        let made = Token {
            name: format!("a-{role}"),
            role,
            since: time(NOW),
            by: "a test".to_owned(),
            until: None,
            used_at: None,
        };
        self.store.add_token(&made, &hash).await.unwrap();
        token
    }

    pub(crate) async fn get(&self, path: &str) -> (StatusCode, Value) {
        read(self.client.get(format!("{}{path}", self.url)).send().await.unwrap()).await
    }

    pub(crate) async fn text(&self, path: &str) -> (StatusCode, String) {
        let answer = self.client.get(format!("{}{path}", self.url)).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// A verb of the API.
    pub(crate) async fn act(&self, path: &str, body: Value) -> (StatusCode, Value) {
        read(self.client.post(format!("{}/v1{path}", self.url)).json(&body).send().await.unwrap()).await
    }
}

pub(crate) async fn read(response: Response) -> (StatusCode, Value) {
    let (status, text) = (response.status(), response.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

/// Fields as a form sends them.
pub(crate) fn form(fields: &[(&str, String)]) -> String {
    let escaped = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
    fields.iter().map(|(name, value)| format!("{name}={}", escaped(value))).collect::<Vec<_>>().join("&")
}

pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
