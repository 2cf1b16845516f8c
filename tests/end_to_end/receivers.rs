//! Each receiver of a mail is followed for itself: one that is gone, one that is grey-listed and one that is fine are three
//! outcomes.

use std::time::{Duration, Instant};

use crate::{bench::Bench, mail_server::MailServer};

#[test]
#[expect(clippy::disallowed_methods, reason = "it waits for a real daemon, with a limit")]
fn one_refused_one_grey_listed_and_one_fine_are_three_outcomes() {
    let (bench, server) = (Bench::sample(), MailServer::start());
    bench.edit("config/watchkeeper.toml", |text| {
        let smtp = format!("smtp = {{ host = \"127.0.0.1\", port = {}, tls = \"none\" }}", server.port);
        let to = "to = [\"gone@example.com\", \"Grey <grey@example.com>\", \"fine@example.com\"]";
        text.replace("file = { folder = \"state/mail\" }", &smtp).replace("to = [\"ML Team <ml@example.com>\"]", to)
    });
    assert!(bench.run(&["drill", "loan-auc", "--execute"]).status.success());
    let daemon = bench.daemon();
    let until = Instant::now() + Duration::from_secs(60);
    let undelivered = || bench.json(&["status"], 0)["undelivered"].as_array().cloned().unwrap_or_default();
    while undelivered().len() > 1 {
        assert!(Instant::now() < until, "the grey-listed one is tried again");
    }
    drop(daemon);
    let took: Vec<String> = server.taken().into_iter().map(|(to, _)| to).collect();
    assert_eq!(took, ["fine@example.com", "grey@example.com"]);
    assert_eq!(undelivered()[0]["receiver"], "gone@example.com");
    let letters: Vec<String> = server.taken().into_iter().map(|(_, letter)| letter).collect();
    assert!(letters.iter().all(|letter| letter.contains("[drill]") && letter.contains("gone@example.com")));

    let handoff = bench.json(&["handoffs"], 0)[0].clone();
    let outcomes = |receiver: &str| -> Vec<String> {
        let all = handoff["notifications"].as_array().expect("a list").iter();
        let theirs = all.filter(|sent| sent["receiver"] == receiver);
        theirs.map(|sent| sent["outcome"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert_eq!(outcomes("fine@example.com"), ["sent"]);
    let [gone] = &outcomes("gone@example.com")[..] else { panic!("{handoff}") };
    assert!(gone.starts_with("failed: ") && gone.contains("5.1.1 no such user"), "{gone}");
    let grey = outcomes("Grey <grey@example.com>");
    assert!(grey[0].starts_with("retry: ") && grey[0].contains("greylisted"), "{grey:?}");
}
