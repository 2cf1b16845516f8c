//! Monitors of many series, through the binary: an incident a column, the worst first, charts.

use std::{collections::BTreeSet, fs};

use mail_parser::{MessageParser, MimeHeaders};
use roxmltree::Document;

use crate::bench::Bench;

#[test]
fn every_critical_column_has_its_own_limit_incident_and_mail() {
    let bench = Bench::sample();
    bench.edit("config/monitors/loan-drift.toml", |text| {
        let columns = r#"["MedInc", "HouseAge", "AveOccup", "y_pred_proba"]"#;
        let limits = r#"
[[threshold]]
metric = "psi"
labels = { column = ["Latitude", "Longitude"] }
breach = { above = 0.25 }
[[threshold]]
metric = "psi"
warn = { above = 0.05 }
[alert]
group_by = ["column"]
"#;
        let text = text.replace(columns, r#"["MedInc", "Latitude", "Longitude"]"#);
        let (head, _) = text.split_once("[[threshold]]").expect("the sample has a threshold");
        format!("{head}{limits}")
    });
    fs::remove_file(bench.path().join("config/monitors/loan-auc.toml")).expect("only one monitor is looked at");
    let period = ["--from", "2021-07-05T00:00:00Z", "--to", "2021-08-30T00:00:00Z"];
    let output = bench.run(&[&["simulate", "--execute"], &period[..]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let incidents = bench.json(&["incidents", "--all"], 0);
    let groups = incidents.as_array().expect("a list").iter().map(|one| one["group"]["column"].to_string());
    let groups: BTreeSet<String> = groups.collect();
    assert!(groups.is_subset(&BTreeSet::from(["\"Latitude\"".to_owned(), "\"Longitude\"".to_owned()])), "{groups:?}");
    assert!(!groups.is_empty());

    let mails: Vec<_> = fs::read_dir(bench.path().join("state/mail")).expect("mail has landed").collect();
    let told: Vec<Vec<u8>> =
        mails.into_iter().map(|mail| fs::read(mail.expect("an entry").path()).expect("a mail")).collect();
    let breaches: Vec<_> = told.iter().filter_map(|raw| MessageParser::default().parse(raw)).collect();
    let breaches: Vec<_> = breaches.iter().filter(|mail| mail.subject().unwrap_or("").contains("in breach")).collect();
    assert_eq!(breaches.len(), incidents.as_array().map_or(0, Vec::len));
    for mail in &breaches {
        let text = mail.body_text(0).expect("a text part");
        assert!(text.contains("limit: above 0.25, past it by "), "{text}");
        assert!(!text.contains("MedInc"), "an incident tells of its own column: {text}");
    }
}

#[test]
fn a_backtest_is_drawn_with_its_breaches() {
    let bench = Bench::sample();
    let file = bench.path().join("auc.svg");
    let path = file.display().to_string();
    let period = ["--from", "2021-06-15T00:00:00Z", "--to", "2022-05-10T00:00:00Z"];
    let output = bench.run(&[&["backtest", "loan-auc", "--chart", &path], &period[..]].concat());
    assert_eq!(output.status.code(), Some(1), "eight breaches are a finding");
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 of 1 series drawn"));

    let drawn = fs::read_to_string(&file).expect("the chart is written");
    let document = Document::parse(&drawn).expect("an independent parser reads it");
    let red = |node: &roxmltree::Node<'_, '_>| node.has_tag_name("circle") && node.attribute("fill") == Some("#DC2626");
    let in_the_legend = 1;
    assert_eq!(document.descendants().filter(red).count(), 8 + in_the_legend);
    let texts = document.descendants().filter(|node| node.has_tag_name("text")).filter_map(|node| node.text());
    let texts: Vec<&str> = texts.map(str::trim).collect();
    for words in
        ["loan-auc, 15 Jun 2021 to 10 May 2022", "loan-auc: auc", "of 330 ticks 8 in breach", "breach below 0.6"]
    {
        assert!(texts.contains(&words), "`{words}` is missing in {texts:?}");
    }
}

#[test]
fn a_mail_shows_how_it_came_to_the_breach() {
    let bench = Bench::sample();
    let period = ["--from", "2021-08-25T00:00:00Z", "--to", "2021-09-04T00:00:00Z"];
    assert!(bench.run(&[&["simulate", "--execute"], &period[..]].concat()).status.success());
    let mails: Vec<_> = fs::read_dir(bench.path().join("state/mail")).expect("mail has landed").collect();
    let raws: Vec<Vec<u8>> =
        mails.into_iter().map(|mail| fs::read(mail.expect("an entry").path()).expect("a mail")).collect();
    let mails = raws.iter().filter_map(|raw| MessageParser::default().parse(raw));
    let handoff = mails.into_iter().find(|mail| mail.subject().unwrap_or("").contains("loan-auc in breach"));
    let handoff = handoff.expect("the breach of 3 September is told");
    let picture = handoff.parts.iter().find(|part| part.content_type().is_some_and(|kind| kind.ctype() == "image"));
    let picture = picture.expect("a chart comes along");
    assert!(picture.contents().starts_with(b"\x89PNG"));
    let html = handoff.body_html(0).expect("a page");
    assert!(html.contains(&format!("cid:{}", picture.content_id().expect("an id"))), "{html}");
    assert!(html.contains("Chart of loan-auc: auc over the last 10 ticks"), "{html}");
}
