//! An HTTP peer on loopback: it records what it is sent and answers as it was told, well or badly.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::Instant,
};
use watchkeeper_testkit::{Exchange, Notes, Vendor, Witness};

/// How the peer answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// With a status, headers and a JSON body.
    Says(u16, Vec<(&'static str, &'static str)>, String),
    /// The same, but nothing that the real peer would say.
    Strange(u16, Vec<(&'static str, &'static str)>, String),
    /// Never.
    Never,
}

/// One request as received.
#[derive(Clone)]
pub(crate) struct Recorded {
    pub(crate) method: Method,
    pub(crate) uri: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) at: Instant,
}

/// A running peer.
pub(crate) struct HttpPeer {
    pub(crate) url: String,
    recorded: Arc<Mutex<Vec<Recorded>>>,
    /// Compares what was sent and answered with the vendor's document, at the end of the test.
    _witness: Option<Witness>,
}

type Shared = (Answer, Arc<Mutex<Vec<Recorded>>>, Option<Notes>);

impl HttpPeer {
    pub(crate) async fn start(answer: Answer) -> Self {
        Self::witnessed(answer, None).await
    }

    /// As Slack: what it is sent and what it answers have to be as documented.
    pub(crate) async fn slack(answer: Answer) -> Self {
        Self::witnessed(answer, Some(Witness::of(Vendor::Slack))).await
    }

    /// As PagerDuty.
    pub(crate) async fn pagerduty(answer: Answer) -> Self {
        Self::witnessed(answer, Some(Witness::of(Vendor::Pagerduty))).await
    }

    async fn witnessed(answer: Answer, witness: Option<Witness>) -> Self {
        let notes = witness.as_ref().map(Witness::notes);
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(take).with_state((answer, recorded.clone(), notes));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, recorded, _witness: witness }
    }

    pub(crate) fn recorded(&self) -> Vec<Recorded> {
        self.recorded.lock().unwrap().clone()
    }
}

impl Recorded {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// For the witness.
    fn exchange(&self, answer: &Answer) -> Exchange {
        Exchange {
            method: self.method.to_string(),
            target: self.uri.to_string(),
            headers: self
                .headers
                .keys()
                .map(|name| (name.to_string(), self.header(name.as_str()).to_owned()))
                .collect(),
            body: String::from_utf8(self.body.to_vec()).unwrap(),
            answer: match answer {
                Answer::Says(status, _, body) => Some((*status, body.clone())),
                Answer::Strange(..) | Answer::Never => None,
            },
        }
    }
}

async fn take(State((answer, recorded, notes)): State<Shared>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let (method, uri, headers) = (parts.method, parts.uri, parts.headers);
    let answer = as_documented(answer, uri.path());
    let request = Recorded { method, uri, headers, body, at: Instant::now() };
    notes.iter().for_each(|notes| notes.add(&request.exchange(&answer)));
    recorded.lock().unwrap().push(request);
    match answer {
        Answer::Says(status, headers, body) | Answer::Strange(status, headers, body) => {
            let mut response = (StatusCode::from_u16(status).unwrap(), body).into_response();
            response.headers_mut().insert("content-type", "application/json".parse().unwrap());
            for (name, value) in headers {
                response.headers_mut().insert(name, value.parse().unwrap());
            }
            response
        }
        Answer::Never => std::future::pending().await,
    }
}

/// Slack answers an update with the message's text as well.
fn as_documented(answer: Answer, path: &str) -> Answer {
    match answer {
        Answer::Says(200, headers, body) if path.ends_with("/chat.update") => {
            let mut body: serde_json::Value = serde_json::from_str(&body).unwrap();
            body["text"] = "posted".into();
            Answer::Says(200, headers, body.to_string())
        }
        answer => answer,
    }
}

/// A peer that begins its answer and hangs up in the middle.
pub(crate) async fn half_answer(notes: Option<Notes>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = Vec::new();
            loop {
                assert!(stream.read_buf(&mut request).await.unwrap() > 0);
                if notes.as_ref().is_none_or(|notes| notes.add_when_whole(&request)) {
                    break;
                }
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").await.unwrap();
        }
    });
    url
}
