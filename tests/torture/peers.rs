//! The peers: one server on loopback that takes messages, requests and issues, writes down what it took, and now and then
//! answers badly or not at all.

use std::{
    collections::BTreeMap,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use fastrand::Rng;
use serde_json::{Value, json};

use crate::platforms::Platforms;

/// What the peers took.
#[derive(Default)]
pub(crate) struct Taken {
    /// By the message's id: what it is, of which incident, and how often it was taken and answered well.
    pub(crate) messages: BTreeMap<String, (String, String, usize)>,
    /// Requests that must not be repeated: the incidents.
    pub(crate) once: Vec<String>,
    /// Requests with a key: the incidents and their keys.
    pub(crate) guarded: Vec<(String, String)>,
    /// Issues: their labels.
    pub(crate) issues: Vec<Vec<String>>,
    /// What runs models and jobs.
    pub(crate) platforms: Platforms,
}

/// A running server.
pub(crate) struct Peers {
    pub(crate) address: SocketAddr,
    taken: Arc<Mutex<Taken>>,
}

/// How a request is answered.
enum Manners {
    Well,
    Slowly,
    /// Refused for now, and not carried out.
    Busy(&'static str),
    /// Carried out, and never answered.
    Silent,
}

impl Peers {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let address = listener.local_addr().expect("it is bound");
        let taken = Arc::new(Mutex::new(Taken::default()));
        let shared = Arc::clone(&taken);
        thread::spawn(move || {
            let mut dice = Rng::with_seed(u64::from(address.port()));
            for stream in listener.incoming().flatten() {
                let (shared, roll) = (Arc::clone(&shared), dice.usize(..40));
                // Whoever breaks off is no failure of the peer's.
                thread::spawn(move || drop(serve(stream, &shared, &manners(roll))));
            }
        });
        Self { address, taken }
    }

    pub(crate) fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn manners(roll: usize) -> Manners {
    match roll {
        0 => Manners::Busy("503 Service Unavailable"),
        1 => Manners::Busy("429 Too Many Requests\r\nRetry-After: 1"),
        2 => Manners::Silent,
        3 | 4 => Manners::Slowly,
        _ => Manners::Well,
    }
}

struct Request {
    line: String,
    key: String,
    body: Value,
}

fn read(stream: &TcpStream) -> std::io::Result<Request> {
    let mut reader = BufReader::new(stream);
    let (mut line, mut key, mut length) = (String::new(), String::new(), 0);
    reader.read_line(&mut line)?;
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 || header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or_default();
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().unwrap_or(0),
            "idempotency-key" => value.trim().clone_into(&mut key),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Ok(Request { line: line.trim().to_owned(), key, body })
}

fn serve(mut stream: TcpStream, taken: &Mutex<Taken>, manners: &Manners) -> std::io::Result<()> {
    let request = read(&stream)?;
    if let Manners::Busy(status) = manners {
        return write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    if matches!(manners, Manners::Slowly) {
        thread::sleep(Duration::from_millis(200));
    }
    let answer =
        take(&mut taken.lock().unwrap_or_else(PoisonError::into_inner), &request, !matches!(manners, Manners::Silent));
    if matches!(manners, Manners::Silent) {
        return Ok(());
    }
    let (status, value) = answer.unwrap_or((404, json!({})));
    let text = value.to_string();
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} Answered\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}

/// Carries a request out; `None` for what is not there.
fn take(taken: &mut Taken, request: &Request, answered: bool) -> Option<(u16, Value)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let body = &request.body;
    let mut line = request.line.split(' ');
    let (method, target) = (line.next()?, line.next()?);
    let well = match (method, target) {
        ("POST", "/hook") => {
            let fresh = || (text(&body["type"]), text(&body["subject"]), 0);
            taken.messages.entry(request.key.clone()).or_insert_with(fresh).2 += usize::from(answered);
            Some(json!({}))
        }
        ("POST", "/once") => {
            taken.once.push(text(&body["incident"]));
            Some(json!({}))
        }
        ("POST", "/guarded") => {
            taken.guarded.push((text(&body["incident"]), request.key.clone()));
            Some(json!({}))
        }
        ("POST", "/rest/api/3/issue") => {
            let labels = body["fields"]["labels"].as_array()?;
            taken.issues.push(labels.iter().map(text).collect());
            Some(json!({ "id": "1", "key": format!("T-{}", taken.issues.len()), "self": "http://localhost/" }))
        }
        ("POST", "/rest/api/3/search/jql") => {
            let query = text(&body["jql"]);
            let marks: Vec<&str> = query.split('"').skip(1).step_by(2).collect();
            let has = |labels: &Vec<String>| marks.iter().all(|mark| labels.iter().any(|label| label == mark));
            let found =
                taken.issues.iter().position(has).map(|at| json!({ "id": "1", "key": format!("T-{}", at + 1) }));
            Some(json!({ "issues": found.into_iter().collect::<Vec<_>>(), "isLast": true }))
        }
        _ => return taken.platforms.take(method, target, body),
    };
    well.map(|value: Value| (200, value))
}
