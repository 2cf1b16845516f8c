//! A first step that takes too long: the owner hears of it in time, and of its end when it ends.

use std::{
    fs::{self, File},
    io::Write,
};

use mail_parser::MessageParser;

use crate::{bench::Bench, crash::wait_for, reload::breach_with_waiting_step};

/// Waits for a mail whose text or subject holds `words`; each look is a run of the binary.
fn told(bench: &Bench, words: &str) -> bool {
    (0..600).any(|_| {
        bench.json(&["handoffs"], 0);
        is_told(bench, words)
    })
}

fn is_told(bench: &Bench, words: &str) -> bool {
    let mails = fs::read_dir(bench.path().join("state/mail")).into_iter().flatten();
    mails.map(|mail| fs::read(mail.expect("an entry").path())).any(|raw| {
        let raw = raw.expect("a mail");
        let mail = MessageParser::default().parse(&raw);
        mail.is_some_and(|mail| {
            let said = mail.body_text(0).unwrap_or_default();
            said.contains(words) || mail.subject().is_some_and(|subject| subject.contains(words))
        })
    })
}

#[test]
fn the_owner_hears_of_a_step_that_hangs_while_it_hangs() {
    let bench = Bench::sample();
    let (begun, release) = breach_with_waiting_step(&bench);
    bench.edit("runbooks/model-degradation.toml", |text| text.replace("\"60s\"", "\"1s\""));
    let _daemon = bench.daemon();
    wait_for(&begun);
    assert!(told(&bench, "first step is overdue"), "{:#}", bench.json(&["status"], 0));
    assert!(!is_told(&bench, "The first step was done."));

    File::create(&release).expect("the pipe opens").write_all(b"ran\n").expect("the step goes on");
    assert!(told(&bench, "The first step was done."), "{:#}", bench.json(&["handoffs"], 0));
}
