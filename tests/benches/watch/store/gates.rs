//! Gates under load: how many evaluations a second one daemon answers while its checks run, how long each takes, and how
//! soon a pause is seen.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::Command,
    thread,
    time::{Duration, Instant},
};

use watchkeeper_testkit::Postgres;

use super::GROUP;
use crate::{
    data,
    engine::{
        daemon::Daemon,
        lag::{every_minute, null_rate},
    },
    options::Options,
    report::{Figure, median, quantile},
    workspace::Workspace,
};

const CLIENTS: usize = 8;
const MONITORS: usize = 1_000;
const PAUSES: usize = 20;

/// A client that keeps its connection.
struct Client(BufReader<TcpStream>);

impl Client {
    fn of(address: &str) -> Self {
        let stream = TcpStream::connect(address).expect("the daemon accepts");
        stream.set_nodelay(true).expect("it is set");
        Self(BufReader::new(stream))
    }

    /// Asks for the gate; whether it is open.
    fn ask(&mut self) -> bool {
        let question = "POST /ofrep/v1/evaluate/flags/decisions HTTP/1.1\r\nHost: localhost\r\n\
                        Content-Type: application/json\r\nContent-Length: 14\r\n\r\n{\"context\":{}}";
        self.0.get_mut().write_all(question.as_bytes()).expect("asked");
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            self.0.read_line(&mut line).expect("an answer");
            if line.trim().is_empty() {
                break;
            }
            let header = line.to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse().expect("a length");
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).expect("a body");
        let body = String::from_utf8_lossy(&body);
        assert!(body.contains("\"value\":"), "{body}");
        body.contains("\"value\":true")
    }
}

pub(super) fn run(options: &Options) {
    let server = Postgres::durable();
    let rows = data::parquet(&options.folder, "small", 168, 3);
    let folder = tempfile::tempdir_in(&options.folder).expect("a folder");
    let workspace = Workspace::new(&folder.path().join("workspace"));
    workspace.configure("[store]\nurl = { file = \"store-url\" }\n");
    workspace.write("store-url", &server.url());
    workspace.write("config/sources.toml", &format!("[source.rows.files]\npath = \"{}\"\n", rows.display()));
    for number in 0..MONITORS {
        workspace.monitor(&format!("m{number}"), &every_minute(50), "source = \"rows\"", &null_rate("above = 0.5"));
    }
    let one = Daemon::start_at(options, &workspace.folder, "one.log");
    let other = Daemon::start_at(options, &workspace.folder, "other.log");
    let (one, other) = (one.address(), other.address());
    let length = Duration::from_secs(if options.quick { 3 } else { 20 });
    let clients = (0..CLIENTS).map(|_| {
        let address = one.clone();
        thread::spawn(move || {
            let (mut client, mut took, start) = (Client::of(&address), Vec::new(), Instant::now());
            while start.elapsed() < length {
                let asked = Instant::now();
                client.ask();
                took.push(asked.elapsed().as_secs_f64() * 1e3);
            }
            took
        })
    });
    let clients: Vec<_> = clients.collect();
    let mut took: Vec<f64> = clients.into_iter().flat_map(|client| client.join().expect("it ends")).collect();
    took.sort_by(f64::total_cmp);
    let print = |work: &str, unit: &str, ours: f64, more_is_better: bool| {
        Figure { group: GROUP, work, unit, ours, beside: None, more_is_better }.print();
    };
    print("gates by OFREP while 1,000 monitors run", "asks/s", took.len() as f64 / length.as_secs_f64(), true);
    print("gates by OFREP, median", "ms", quantile(&took, 0.5), false);
    print("gates by OFREP, 99th of 100", "ms", quantile(&took, 0.99), false);
    let seen: Vec<f64> = (0..PAUSES).map(|number| switch(options, &workspace, &[&one, &other], number)).collect();
    print("a pause is seen on both daemons, median", "ms", median(seen.clone()), false);
    print("a pause is seen on both daemons, worst of 20", "ms", seen.into_iter().fold(0.0, f64::max), false);
}

/// Switches the gate by a command, and gives how long after its end both daemons have answered so.
fn switch(options: &Options, workspace: &Workspace, daemons: &[&String], number: usize) -> f64 {
    let (verb, open) = if number.is_multiple_of(2) { ("pause", false) } else { ("open", true) };
    let mut clients: Vec<Client> = daemons.iter().map(|address| Client::of(address)).collect();
    let mut command = Command::new(&options.binary);
    command.args([verb, "decisions", "--by", "ana", "--reason", "a benchmark", "--workspace"]).arg(&workspace.folder);
    let switched = command.output().expect("it starts");
    assert!(switched.status.success(), "{}", String::from_utf8_lossy(&switched.stderr));
    let start = Instant::now();
    while !clients.iter_mut().all(|client| client.ask() == open) {}
    start.elapsed().as_secs_f64() * 1e3
}
