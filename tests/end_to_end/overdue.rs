//! A first step that takes too long: the owner hears of it in time, and of its end when it ends.

use std::{fs, fs::File, io::Write};

use crate::{
    bench::Bench,
    crash::{handoff_where, wait_for},
    reload::breach_with_waiting_step,
};

fn mail_with(bench: &Bench, text: &str) -> bool {
    let mails = fs::read_dir(bench.path().join("state/mail")).into_iter().flatten();
    let read = |mail: std::io::Result<fs::DirEntry>| fs::read_to_string(mail.expect("an entry").path());
    mails.map(read).any(|mail| mail.is_ok_and(|mail| mail.contains(text)))
}

#[test]
fn the_owner_hears_of_a_step_that_hangs_while_it_hangs() {
    let bench = Bench::sample();
    let (begun, release) = breach_with_waiting_step(&bench);
    bench.edit("runbooks/model-degradation.toml", |text| text.replace("\"60s\"", "\"1s\""));
    let _daemon = bench.daemon();
    wait_for(&begun);
    // Each look is a run of the binary.
    let told = (0..600).any(|_| {
        bench.json(&["handoffs"], 0);
        mail_with(&bench, "first step is overdue")
    });
    assert!(told, "{:#}", bench.json(&["status"], 0));
    assert!(!mail_with(&bench, "The first step was done."));

    File::create(&release).expect("the pipe opens").write_all(b"ran\n").expect("the step goes on");
    let ended = |handoff: &serde_json::Value| handoff["notifications"][0]["outcome"] == "sent";
    let handoff = handoff_where(&bench, ended);
    assert_eq!(handoff["first_step"]["outcome"], "done", "{handoff}");
    assert!(mail_with(&bench, "The first step was done."));
}
