//! A webhook that answers 503 with `Retry-After: 0` for two minutes gets the handoff all the same, and no flood.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread,
};

use crate::{bench::Bench, clock::set_clock};

/// A peer that is busy until it is told otherwise, and counts who asks.
struct Hook {
    port: u16,
    asked: Arc<AtomicUsize>,
    well: Arc<AtomicBool>,
}

impl Hook {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let (asked, well) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let (counted, state) = (Arc::clone(&asked), Arc::clone(&well));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                // Whoever breaks off is no failure of the peer's.
                drop(answer(stream, state.load(Ordering::SeqCst)));
            }
        });
        Self { port, asked, well }
    }
}

fn answer(stream: TcpStream, well: bool) -> std::io::Result<()> {
    let (mut reader, mut writer) = (BufReader::new(stream.try_clone()?), stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line)? <= 2 {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let head = if well { "200 OK" } else { "503 Service Unavailable\r\nRetry-After: 0" };
    write!(writer, "HTTP/1.1 {head}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
}

/// What became of the handoff on the webhook, oldest first.
fn outcomes(bench: &Bench) -> Vec<String> {
    let handoff = bench.json(&["handoffs"], 0)[0].clone();
    let sent = handoff["notifications"].as_array().cloned().unwrap_or_default();
    let sent = sent.iter().filter(|sent| sent["channel"] == "hook");
    sent.map(|sent| sent["outcome"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn a_peer_that_is_busy_for_two_minutes_and_asks_for_no_patience_gets_the_handoff() {
    let (bench, hook) = (Bench::sample(), Hook::start());
    bench.edit("config/watchkeeper.toml", |text| {
        let channel = format!("\n[channel.hook.webhook]\nurl = \"http://127.0.0.1:{}/\"\n", hook.port);
        text.replace("notify = [\"mail-ml\"]", "notify = [\"hook\"]") + &channel
    });
    let clocked = |arguments: &[&str]| {
        let mut command = bench.command(arguments);
        command.env("WATCHKEEPER_CLOCK", bench.path().join("clock"));
        command
    };
    set_clock(&bench, 1_000_000);
    let mut drill = clocked(&["drill", "loan-auc", "--execute"]);
    assert!(drill.output().expect("it runs").status.success());
    let daemon = bench.daemon_by(clocked(&["run"]));
    for second in (10..120).step_by(10) {
        set_clock(&bench, 1_000_000 + second * 1_000);
        bench.run(&["status"]);
    }
    assert!(outcomes(&bench).iter().all(|outcome| outcome.starts_with("retry: the peer answered 503")));
    hook.well.store(true, Ordering::SeqCst);
    for minute in 3..200 {
        set_clock(&bench, 1_000_000 + minute * 60_000);
        if outcomes(&bench).last().is_some_and(|outcome| outcome == "sent") {
            break;
        }
    }
    daemon.kill();
    assert_eq!(outcomes(&bench).last().map(String::as_str), Some("sent"));
    let asked = hook.asked.load(Ordering::SeqCst);
    assert!((2..=8).contains(&asked), "{asked} requests");
}
