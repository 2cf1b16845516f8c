//! What is said to the daemon's HTTP face.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, runtime::Runtime};
use watchkeeper_engine::SimulatedClock;
use watchkeeper_model::{Action, Gate, GateAction, GateState, Name, Workspace};
use watchkeeper_server::{CONNECTIONS_MAX, Doing, Hands, House, Metrics, Parts, Pulse, router, serve};
use watchkeeper_store::SqlStore;
use watchkeeper_testkit::{monitor, runbook, workspace};

use crate::fuzz;

const WORDS: &[&str] = &[
    "\r\n",
    "\r\n\r\n",
    "Content-Length: 99\r\n",
    "Transfer-Encoding: chunked\r\n",
    "{",
    "}",
    "[",
    "\"context\":",
    "%00",
    "/..",
    "\u{0}",
    "é",
];

fn request(path: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}").into()
}

/// The sample's first step.
fn pause() -> Action {
    Action::Gate(GateAction { gate: Name::parse("loan-decisions").expect("a name"), state: GateState::Paused })
}

/// A house whose hands do nothing.
fn house(runtime: &Runtime) -> House {
    let gate = Gate { description: "Loans".to_owned(), on_unreachable: GateState::Paused };
    let gates = BTreeMap::from([(Name::parse("loans").expect("a name"), gate)]);
    let now = "2026-11-02T06:10:00Z".parse().expect("a time");
    House::new(Parts {
        store: Arc::new(runtime.block_on(SqlStore::in_memory()).expect("a store")),
        workspace: Workspace { gates, ..workspace(monitor(), runbook(pause())) },
        name: "loans".to_owned(),
        clock: Arc::new(SimulatedClock::at(now)),
        pulse: Box::new(|| Pulse { stalled: Vec::new(), troubles: Vec::new() }),
        hands: Arc::new(Idle),
        metrics: Arc::new(Metrics::default()),
        secrets: Box::new(|_| Err("there is none".to_owned())),
    })
}

struct Idle;

impl Hands for Idle {
    fn check(&self, _: Name) -> Doing {
        Box::pin(async { Err("nothing is done here".to_owned()) })
    }

    fn drill(&self, monitor: Name, _: String) -> Doing {
        self.check(monitor)
    }

    fn refresh_baseline(&self, monitor: Name, _: String) -> Doing {
        self.check(monitor)
    }

    fn reload(&self) -> Doing {
        Box::pin(async { Err("nothing is done here".to_owned()) })
    }
}

#[test]
fn requests() {
    let runtime = Runtime::new().expect("a runtime");
    let house = house(&runtime);
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let serving = runtime.spawn(serve(listener, router(&house), CONNECTIONS_MAX, std::future::pending()));

    let ask = |bytes: &[u8]| {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
        // It may be refused before all of it is said.
        let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    };
    let inputs = [
        request("/ofrep/v1/evaluate/flags/loans", "{\"context\": {\"targetingKey\": \"a\"}}"),
        request("/ofrep/v1/evaluate/flags", "{\"context\": {}}"),
        request("/ofrep/v1/evaluate/flags/loans", ""),
        request("/v1/incidents/0a1b2c3d4e/ack", "{\"by\": \"me\"}"),
        request("/v1/silences", "{\"match\": [\"monitor=a\"], \"for\": \"2h\", \"reason\": \"x\", \"by\": \"me\"}"),
        b"GET /incidents?text=a&before=2026-01-01T00:00:00Z,ab&layer=data HTTP/1.1\r\nHost: localhost\r\n\r\n".to_vec(),
    ];
    fuzz("ofrep", &inputs, WORDS, |bytes| {
        let answer = ask(bytes);
        // An old client is answered as one.
        let said = ["HTTP/1.1 ", "HTTP/1.0 "].iter().find_map(|version| answer.strip_prefix(version));
        let status = said.and_then(|rest| rest.get(..3));
        // Silence is for what is no request at all; a failure of ours is for nothing.
        assert!(answer.is_empty() || status.is_some_and(|status| !status.starts_with('5')), "{answer}");
    });
    assert!(!serving.is_finished());
    assert!(ask(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").starts_with("HTTP/1.1 200"));
}
