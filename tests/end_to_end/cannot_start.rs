//! What keeps a command from starting is told with what to do about it.

use std::{fs, net::TcpListener, process::Output};

use crate::bench::Bench;

fn unreachable(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(3));
    assert!(output.stdout.is_empty());
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_address_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it is bound").to_string();
    let bench = Bench::sample();
    bench.edit("config/watchkeeper.toml", |text| text.replace("127.0.0.1:0", &address));
    let said = unreachable(&bench.run(&["run"]));
    assert!(said.contains(&format!("cannot listen on {address}: ")), "{said}");
    assert!(said.contains("set another `listen`"), "{said}");
}

#[test]
fn a_damaged_store_is_left_as_it_is_and_the_way_on_is_told() {
    let bench = Bench::sample();
    assert_eq!(bench.run(&["hold"]).status.code(), Some(0));
    let state = bench.path().join("state");
    let file = state.join("watchkeeper.db");
    let mut malformed = fs::read(&file).expect("the store is made");
    malformed[100..].fill(0xff);
    let no_database = b"this was a database once".repeat(1000);
    for damaged in [no_database, malformed] {
        fs::remove_dir_all(&state).expect("the store goes, with its write-ahead log");
        fs::create_dir(&state).expect("its folder is made");
        fs::write(&file, &damaged).expect("it is written");
        for command in ["incidents", "run"] {
            let said = unreachable(&bench.run(&[command]));
            assert!(said.contains("state/watchkeeper.db"), "{command}: {said}");
            assert!(said.contains("put a backup in its place"), "{command}: {said}");
        }
        assert_eq!(fs::read(&file).expect("it is still there"), damaged);
    }
    fs::rename(&file, state.join("damaged.db")).expect("it is moved away");
    assert_eq!(bench.run(&["incidents"]).status.code(), Some(0));
}
