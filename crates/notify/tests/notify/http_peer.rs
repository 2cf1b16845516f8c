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

/// How the peer answers.
#[derive(Clone)]
pub(crate) enum Answer {
    /// With a status, headers and a JSON body.
    Says(u16, Vec<(&'static str, &'static str)>, String),
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
}

type Shared = (Answer, Arc<Mutex<Vec<Recorded>>>);

impl HttpPeer {
    pub(crate) async fn start(answer: Answer) -> Self {
        let recorded = Arc::new(Mutex::new(Vec::new()));
        let router = Router::new().fallback(take).with_state((answer, recorded.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, recorded }
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
}

async fn take(State((answer, recorded)): State<Shared>, request: Request<Body>) -> Response {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let (method, uri, headers) = (parts.method, parts.uri, parts.headers);
    recorded.lock().unwrap().push(Recorded { method, uri, headers, body, at: Instant::now() });
    match answer {
        Answer::Says(status, headers, body) => {
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

/// A peer that begins its answer and hangs up in the middle.
pub(crate) async fn half_answer() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut buffer = [0; 16 * 1024];
            assert!(stream.read(&mut buffer).await.unwrap() > 0);
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Le").await.unwrap();
        }
    });
    url
}
