//! A peer on loopback that records what it is asked and answers as it is told.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response},
};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use watchkeeper_testkit::{Exchange, Notes, Vendor, Witness};

/// The header of a body in JSON.
const JSON: (&str, &str) = ("content-type", "application/json");

/// What the peer was asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// For example `POST /rest/api/3/issue`.
    pub(crate) line: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }
}

/// How the peer answers one request.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// With a status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, String),
    /// Never, although it has read the request.
    Silence,
}

impl Reply {
    pub(crate) fn json(status: u16, body: Value) -> Self {
        Self::Answer(status, vec![(JSON.0, JSON.1.to_owned())], body.to_string())
    }

    pub(crate) fn busy(retry_after: &str) -> Self {
        Self::Answer(429, vec![("retry-after", retry_after.to_owned())], String::new())
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self::Answer(status, Vec::new(), String::new())
    }
}

#[derive(Clone, Default)]
struct Script {
    replies: Arc<Mutex<VecDeque<Reply>>>,
    asked: Arc<Mutex<Vec<Asked>>>,
    notes: Option<Notes>,
}

/// A running peer; it goes with its test's runtime.
pub(crate) struct Peer {
    address: SocketAddr,
    script: Script,
    /// Compares what was asked and answered with the vendor's document, at the end of the test.
    _witness: Option<Witness>,
}

impl Peer {
    /// A peer that gives these replies in order; a request too many is answered 599.
    pub(crate) async fn replying(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(replies.into_iter().collect(), None).await
    }

    /// The same, as Jira Cloud: what it is asked and what it answers have to be as documented.
    pub(crate) async fn jira_cloud(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(replies.into_iter().collect(), Some(Witness::of(Vendor::Jira))).await
    }

    async fn start(replies: VecDeque<Reply>, witness: Option<Witness>) -> Self {
        let notes = witness.as_ref().map(Witness::notes);
        let script = Script { replies: Arc::new(Mutex::new(replies)), notes, ..Script::default() };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let app = Router::new().fallback(answer).with_state(script.clone());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, script, _witness: witness }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.script.asked.lock().unwrap().clone()
    }

    /// The requests as `METHOD path` lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.line).collect()
    }
}

async fn answer(State(script): State<Script>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let body = String::from_utf8(to_bytes(body, usize::MAX).await.unwrap().to_vec()).unwrap();
    let line = format!("{} {}", head.method, head.uri);
    let asked = Asked { line, headers: head.headers, body };
    let reply = script.replies.lock().unwrap().pop_front().unwrap_or_else(|| Reply::empty(599));
    script.notes.iter().for_each(|notes| notes.add(&exchange(&asked, &reply)));
    script.asked.lock().unwrap().push(asked);
    match reply {
        Reply::Silence => std::future::pending().await,
        Reply::Answer(status, headers, body) => {
            let start = Response::builder().status(status);
            let response = headers.into_iter().fold(start, |response, (name, value)| response.header(name, value));
            response.body(Body::from(body)).unwrap()
        }
    }
}

/// For the witness; only JSON is the peer's own answer, a page comes from something on the way.
fn exchange(asked: &Asked, reply: &Reply) -> Exchange {
    let (method, target) = asked.line.split_once(' ').unwrap();
    let headers = asked.headers.keys().map(|name| (name.to_string(), asked.header(name.as_str()).to_owned()));
    let answer = match reply {
        Reply::Answer(status, headers, body) if headers.iter().any(|(name, value)| (*name, value.as_str()) == JSON) => {
            Some((*status, body.clone()))
        }
        _ => None,
    };
    let [method, target] = [method, target].map(str::to_owned);
    Exchange { method, target, headers: headers.collect(), body: asked.body.clone(), answer }
}

/// A peer that reads one whole request, writes these bytes and closes the connection. Returns its URL.
pub(crate) async fn breaking_off(answer: &'static str, notes: Option<Notes>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = Vec::new();
        while !is_whole(&request) {
            stream.read_buf(&mut request).await.unwrap();
        }
        notes.iter().for_each(|notes| assert!(notes.add_when_whole(&request)));
        stream.write_all(answer.as_bytes()).await.unwrap();
    });
    format!("http://{address}")
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}
