//! An HTTP server of the test's own, on loopback, that behaves as the test says.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What is answered.
#[derive(Debug, Clone)]
pub(crate) enum Reply {
    /// A status and a JSON body.
    Json(u16, String),
    /// To another address.
    Elsewhere,
    /// A body that ends before its length says so.
    CutShort,
    /// What is not HTTP.
    Garbage,
    /// Nothing, while the connection stays open.
    Silence,
}

/// A server; it answers as long as the test's runtime runs.
pub(crate) struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// Starts a server that answers each request, given by its first line and headers.
    pub(crate) async fn start(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&asked), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&answer), Arc::clone(&seen)));
            }
        });
        Self { port, asked }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The requests so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("no panic").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    answer: Arc<impl Fn(&str) -> Reply>,
    asked: Arc<Mutex<Vec<String>>>,
) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await?);
    }
    let request = String::from_utf8_lossy(&request).into_owned();
    asked.lock().expect("no panic").push(request.clone());
    let json = |status: u16, body: &str, length: usize| {
        format!("HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}")
    };
    let text = match answer(&request) {
        Reply::Json(status, body) => json(status, &body, body.len()),
        Reply::Elsewhere => {
            "HTTP/1.1 302 Found\r\nlocation: http://elsewhere.example.com/\r\ncontent-length: 0\r\n\r\n".to_owned()
        }
        Reply::CutShort => json(200, "[{\"a\": 1}, ", 500),
        Reply::Garbage => "hello?\r\n\r\n".to_owned(),
        Reply::Silence => return std::future::pending().await,
    };
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}
