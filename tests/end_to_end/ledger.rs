//! The ledger, verified by who does not trust Watchkeeper: the script of the book, beside `ledger verify`.

use std::{
    path::Path,
    process::{Command, Output},
};

use serde_json::Value;

use crate::bench::Bench;

/// A workspace whose gate was switched some times.
fn switched() -> Bench {
    let bench = Bench::sample();
    for round in 0..3 {
        for verb in ["pause", "open"] {
            let reason = format!("round {round}: 100 % \"näher\"");
            let output = bench.run(&[verb, "loan-decisions", "--by", "ana", "--reason", &reason]);
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        }
    }
    bench
}

fn export(bench: &Bench) -> Vec<String> {
    let output = bench.run(&["ledger", "export"]);
    String::from_utf8(output.stdout).expect("text").lines().map(str::to_owned).collect()
}

/// What the script says of these rows, and of a head that somebody kept.
fn verified(bench: &Bench, rows: &[String], head: Option<&str>) -> Output {
    let file = bench.path().join("export.jsonl");
    std::fs::write(&file, rows.join("\n") + "\n").expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/verify_ledger.py");
    Command::new("python3").arg(script).arg(file).args(head).output().expect("python3; install the package python3")
}

fn said(output: &Output) -> String {
    let text = if output.status.success() { &output.stdout } else { &output.stderr };
    String::from_utf8_lossy(text).trim().to_owned()
}

fn head_of(row: &str) -> String {
    let row: Value = serde_json::from_str(row).expect("a row");
    row["hash"].as_str().expect("its hash").to_owned()
}

#[test]
fn the_script_of_the_book_and_the_command_say_the_same_of_a_whole_ledger() {
    let bench = switched();
    let rows = export(&bench);
    let output = verified(&bench, &rows, Some(&head_of(&rows[2])));
    let told = String::from_utf8(bench.run(&["ledger", "verify"]).stdout).expect("text");
    assert_eq!(said(&output), told.trim());
    assert!(output.status.success());
}

#[test]
fn the_script_of_the_book_finds_whatever_was_done_to_the_rows() {
    let bench = switched();
    let rows = export(&bench);
    let (kept, edit) = (head_of(&rows[5]), rows[2].replace("ana", "eve"));
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut changed = rows.clone();
        change(&mut changed);
        changed
    };
    let whole_but_other = export(&switched());
    for (what, changed, head, expected) in [
        ("edited", with(&|rows| rows[2] = edit.clone()), None, "row 3 was changed after it was written"),
        ("deleted", with(&|rows| drop(rows.remove(2))), None, "row 3 is missing"),
        ("put in another order", with(&|rows| rows.swap(2, 3)), None, "row 3 is missing"),
        ("put in between", with(&|rows| rows.insert(3, rows[2].clone())), None, "row 4 is missing"),
        ("cut at its end", with(&|rows| rows.truncate(4)), Some(&kept), "no row has the hash"),
        ("rewritten as a whole", whole_but_other, Some(&kept), "no row has the hash"),
    ] {
        let output = verified(&bench, &changed, head.map(String::as_str));
        assert!(!output.status.success() && said(&output).starts_with(expected), "{what}: {}", said(&output));
    }
}
