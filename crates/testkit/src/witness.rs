//! Notes what goes over the wire to and from a peer, and has it validated when the test ends: against the facts that are
//! kept here always, against the vendors' documents where `WATCHKEEPER_PEERS` names their folder, see this crate's README.

use std::{
    collections::BTreeMap,
    env,
    fs::OpenOptions,
    io::Write,
    path::Path,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::{Value, json};

use crate::facts;

/// Names the folder with the vendors' documents.
const DOCUMENTS: &str = "WATCHKEEPER_PEERS";
/// Names the file to which a line is added for everything validated.
const COUNTED: &str = "WATCHKEEPER_PEERS_COUNTED";

/// Whose document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Vendor {
    /// Jira Cloud.
    Jira,
    /// The Slack Web API.
    Slack,
    /// PagerDuty's Events API v2.
    Pagerduty,
    /// OpenFeature's Remote Evaluation Protocol, which our own server speaks.
    Ofrep,
}

/// A request and its answer, as they went over the wire.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// For example `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// By name; the last of a name counts.
    pub headers: BTreeMap<String, String>,
    /// Empty when there is none.
    pub body: String,
    /// Status and body; absent when there is none, or one that is wrong on purpose.
    pub answer: Option<(u16, String)>,
}

/// Fails the test at its end when something noted is not as the vendor documents it.
#[derive(Debug)]
pub struct Witness(Notes);

/// What the witness goes by; a peer's task holds a clone.
#[derive(Debug, Clone)]
pub struct Notes {
    vendor: Vendor,
    noted: Arc<Mutex<Vec<Value>>>,
    /// What was not as it is known to have to be.
    wrong: Arc<Mutex<Vec<String>>>,
}

impl Witness {
    /// A witness for one peer. It has to live in the test itself, not in a task of it.
    pub fn of(vendor: Vendor) -> Self {
        Self(Notes { vendor, noted: Arc::default(), wrong: Arc::default() })
    }

    /// Where the peer notes.
    pub fn notes(&self) -> Notes {
        self.0.clone()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        let wrong = std::mem::take(&mut *self.0.wrong.lock().expect("no test fails while it notes"));
        if !wrong.is_empty() && !thread::panicking() {
            not_as_known(&wrong);
        }
        let noted = std::mem::take(&mut *self.0.noted.lock().expect("no test fails while it notes"));
        if let (Some(folder), false, false) = (env::var_os(DOCUMENTS), noted.is_empty(), thread::panicking()) {
            validate(Path::new(&folder), &noted);
        }
    }
}

impl Notes {
    /// Notes an exchange.
    pub fn add(&self, exchange: &Exchange) {
        let mut wrong = self.wrong.lock().expect("no test fails while it notes");
        wrong.extend(facts::violations(self.vendor, exchange));
        let vendor = match self.vendor {
            Vendor::Jira => "jira",
            Vendor::Slack => "slack",
            Vendor::Pagerduty => "pagerduty",
            Vendor::Ofrep => "ofrep",
        };
        let Exchange { method, target, headers, body, answer } = exchange;
        let answer = answer.as_ref().map(|(status, body)| json!({ "status": status, "body": body }));
        self.noted.lock().expect("no test fails while it notes").push(json!({
            "vendor": vendor, "method": method, "target": target, "headers": headers, "body": body, "answer": answer,
        }));
    }

    /// Notes a request in the bytes of HTTP/1.1 once all of it is there; says whether it is.
    pub fn add_when_whole(&self, bytes: &[u8]) -> bool {
        let text = String::from_utf8_lossy(bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
        let mut lines = head.lines();
        let line = lines.next().unwrap_or_default();
        let headers = lines.filter_map(|line| line.split_once(": "));
        let headers: BTreeMap<_, _> =
            headers.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect();
        let length = headers.get("content-length").map_or(0, |length| length.parse().expect("a length is a number"));
        let is_whole = body.len() >= length;
        if let (true, [method, target, _]) = (is_whole, line.split(' ').collect::<Vec<_>>().as_slice()) {
            let [method, target, body] = [method, target, body].map(str::to_owned);
            self.add(&Exchange { method, target, headers, body, answer: None });
        }
        is_whole
    }
}

#[expect(clippy::panic, reason = "a violation fails the test")]
fn not_as_known(wrong: &[String]) {
    panic!("not as the vendor takes it:\n{}", wrong.join("\n"));
}

/// Runs the validator over what was noted.
#[expect(clippy::panic, reason = "a violation fails the test")]
fn validate(folder: &Path, noted: &[Value]) {
    let validator = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/target/debug/watchkeeper-peers");
    let mut command = Command::new(&validator);
    command.arg(folder).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut running = command.spawn().unwrap_or_else(|error| {
        panic!("cannot start {}: {error}; `cargo xtask peers FOLDER` builds it", validator.display())
    });
    let lines: String = noted.iter().map(|exchange| format!("{exchange}\n")).collect();
    // Dropped at once, so that the validator sees the end. One that stops early says why below.
    let _ = running.stdin.take().expect("its input is ours").write_all(lines.as_bytes());
    let ended = running.wait_with_output().expect("the validator ends");
    if !ended.status.success() {
        panic!("not as documented:\n{}", String::from_utf8_lossy(&ended.stderr));
    }
    if let Some(counted) = env::var_os(COUNTED) {
        let file = OpenOptions::new().create(true).append(true).open(counted);
        // One write a process, so that the lines of several do not mix.
        file.and_then(|mut file| file.write_all(&ended.stdout)).expect("the counts can be written");
    }
}
