//! A page's parameters and metrics are what the check says of itself.

use std::fmt::Write;

use watchkeeper_engine::ports::checker::{Checker, Manual, ManualMetric, ManualParam};
use watchkeeper_model::ParamValue;
use watchkeeper_plugin_host::{Compiler, Host, HostConfig};

use crate::book::{binary, checks, page, read, section};

const SECTIONS: [&str; 5] = ["Params", "Metrics", "Nulls and empty data", "Reference", "Example"];

fn params(manual: &Manual) -> String {
    if manual.params.is_empty() {
        return "None.".to_owned();
    }
    let mut table = "| param | kind | default | meaning |\n| --- | --- | --- | --- |".to_owned();
    for ManualParam { name, doc, kind, required, default } in &manual.params {
        let default = match default {
            Some(default) => format!("`{}`", toml(default)),
            None if *required => "must be given".to_owned(),
            None => "none".to_owned(),
        };
        row(&mut table, &[format!("`{name}`"), kind.clone(), default, doc.clone()]);
    }
    table
}

/// The table of the metrics, or nothing where a parameter names them.
fn metrics(manual: &Manual) -> Option<String> {
    let mut table = "| metric | unit | labels | meaning |\n| --- | --- | --- | --- |".to_owned();
    for ManualMetric { name, unit, doc, labels } in &manual.metrics {
        row(&mut table, &[format!("`{name}`"), unit.clone(), labels.join(", "), doc.clone()]);
    }
    (!manual.metrics.is_empty()).then_some(table)
}

fn row(table: &mut String, cells: &[String]) {
    let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
    write!(table, "\n| {} |", cells.join(" | ")).expect("a text takes every row");
}

/// A default as a monitor would write it.
fn toml(value: &ParamValue) -> String {
    match value {
        ParamValue::Text(text) => format!("{text:?}"),
        ParamValue::Number(number) => format!("{number:?}"),
        ParamValue::Integer(integer) => integer.to_string(),
        ParamValue::Flag(flag) => flag.to_string(),
        ParamValue::Texts(texts) => format!("{texts:?}"),
        ParamValue::Numbers(numbers) => format!("{numbers:?}"),
    }
}

/// `UPDATE_EXPECTED=1` writes the tables anew; read the difference before it is committed.
fn hold(check: &str, heading: &str, expected: &str) {
    let path = page(check);
    let text = read(&path);
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        let (before, after) = text.split_once(&format!("\n## {heading}\n")).expect("the page has the section");
        let after = after.split_once("\n## ").map(|(_, after)| after).expect("another section follows");
        let text = format!("{before}\n## {heading}\n\n{expected}\n\n## {after}");
        std::fs::write(&path, text).expect("the page is written");
        return;
    }
    let found = section(&text, heading);
    assert_eq!(found, expected, "{check}, {heading}: the page is not what the check says of itself");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_lists_what_its_check_says_of_itself() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let host = Host::new(HostConfig {
        cache_dir: Some(folder.path().join("cache")),
        compiler: Compiler { program: binary(), args: vec!["compile-plugin".into()] },
        workspace: folder.path().to_owned(),
    });
    let host = host.expect("a host");
    let standard: Vec<&str> = Host::standard_names().collect();
    assert_eq!(standard, checks(), "every standard check has a page, and no other");
    for check in standard {
        let manual = host.manual(check).await.expect(check);
        hold(check, "Params", &params(&manual));
        match metrics(&manual) {
            Some(metrics) => hold(check, "Metrics", &metrics),
            None => assert!(!section(&read(&page(check)), "Metrics").contains("| `"), "{check} names no metrics"),
        }
    }
}

#[test]
fn every_page_has_the_same_sections() {
    for check in checks() {
        let page = read(&page(&check));
        assert!(page.starts_with(&format!("# {check}\n")), "{check} is the title");
        let headings: Vec<&str> = page.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, SECTIONS, "{check}");
        for heading in SECTIONS {
            assert!(!section(&page, heading).is_empty(), "{check}: {heading} says nothing");
        }
    }
}
