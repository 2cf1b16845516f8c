//! Whoever says nothing, and whatever cannot be read, keeps nobody else waiting.

use std::{
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::Command,
    time::Duration,
};

use crate::{bench::Bench, minutely::monitor, reload::pipe};

/// A visitor's own process may have as few files open as the daemon.
fn connect(address: &str, said: &[u8]) -> Option<TcpStream> {
    let address = address.parse().expect("the daemon says where it listens");
    let mut stream = TcpStream::connect_timeout(&address, Duration::from_millis(200)).ok()?;
    stream.write_all(said).ok()?;
    Some(stream)
}

#[test]
fn a_thousand_silent_connections_take_no_files_from_checks_and_end() {
    let bench = Bench::sample();
    let mut command = Command::new("sh");
    let shown = bench.command(&["run"]);
    let quoted: Vec<String> = shown.get_args().map(|part| format!("'{}'", part.to_string_lossy())).collect();
    let run = format!("ulimit -n 1024; exec '{}' {}", shown.get_program().to_string_lossy(), quoted.join(" "));
    command.arg("-c").arg(run).env("NO_COLOR", "1");
    let daemon = bench.daemon_by(command);

    let held: Vec<TcpStream> = (0..1_000)
        .filter_map(|i| connect(&daemon.address, if i % 2 == 0 { b"" } else { b"GET /healthz HT" }))
        .collect();
    assert!(held.len() >= 256, "{}", held.len());
    let open = fs::read_dir(format!("/proc/{}/fd", daemon.pid())).expect("it runs").count();
    assert!(open < 256 + 128, "{open} files are open");
    // Each is ended in its turn, so whoever comes after them is answered.
    let mut first = held.into_iter().next().expect("some are held");
    first.set_read_timeout(Some(Duration::from_secs(30))).expect("a limit");
    let mut rest = Vec::new();
    first.read_to_end(&mut rest).expect("it is ended by the daemon");
    let mut asking = (0..100).find_map(|_| {
        connect(&daemon.address, b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    });
    let mut answer = String::new();
    asking.as_mut().expect("there is room").read_to_string(&mut answer).expect("an answer");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[test]
fn a_pipe_among_the_configuration_is_told_and_the_daemon_obeys_every_signal() {
    let bench = Bench::sample();
    let mut daemon = bench.daemon();
    let monitor = bench.path().join("config/monitors/x.toml");
    pipe(&monitor);
    daemon.signal("HUP");
    daemon.says("cannot read config/monitors/x.toml: it is not a plain file");
    daemon.says("not reloaded: the old configuration is still watched");
    fs::remove_file(&monitor).expect("it goes");
    for _ in 0..20 {
        daemon.signal("HUP");
    }
    daemon.says("reloaded: the new configuration is watched");
    daemon.signal("TERM");
    assert_eq!(daemon.ends(), Some(0));
}

#[test]
fn a_pipe_in_the_place_of_a_plugin_is_told_at_once() {
    let bench = Bench::sample();
    fs::create_dir(bench.path().join("checks")).expect("a folder for plugins");
    pipe(&bench.path().join("checks/mine.wasm"));
    monitor(&bench, "mine", "plugin = \"checks/mine.wasm\"\n");
    let told = bench.json(&["lint"], 1);
    assert!(told.to_string().contains("it is not a plain file"), "{told:#}");
}

#[test]
fn a_pipe_in_the_place_of_the_main_file_is_told_at_once() {
    let bench = Bench::sample();
    let main = bench.path().join("config/watchkeeper.toml");
    fs::remove_file(&main).expect("it goes");
    pipe(&main);
    let output = bench.run(&["lint"]);
    assert_eq!(output.status.code(), Some(1));
    let told = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(told.contains("cannot read config/watchkeeper.toml: it is not a plain file"), "{told}");
}
