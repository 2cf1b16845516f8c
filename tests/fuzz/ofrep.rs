//! What is said to the daemon's HTTP face.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    time::Duration,
};

use tokio::{net::TcpListener, runtime::Runtime};
use watchkeeper_model::{Gate, GateState, Name};
use watchkeeper_server::{CONNECTIONS_MAX, Gates, Pulse, router, serve};

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

#[test]
fn requests() {
    let runtime = Runtime::new().expect("a runtime");
    let gate = Gate { description: "Loans".to_owned(), on_unreachable: GateState::Paused };
    let gates = BTreeMap::from([(Name::parse("loans").expect("a name"), gate)]);
    let gates = Gates::new(gates, || Box::pin(async { Ok(Vec::new()) }));
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    let address = listener.local_addr().expect("it is bound");
    let pulse = || Pulse { stalled: Vec::new(), troubles: Vec::new() };
    let serving = runtime.spawn(serve(listener, router(gates, pulse), CONNECTIONS_MAX, std::future::pending()));

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
