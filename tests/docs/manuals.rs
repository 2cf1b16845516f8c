//! A page's parameters and metrics are what the check says of itself, as `plugin doc` prints it.

use std::process::Command;

use watchkeeper_plugin_host::Host;

use crate::book::{binary, checks, page, read, section};

const SECTIONS: [&str; 5] = ["Params", "Metrics", "Nulls and empty data", "Reference", "Example"];

/// The page that is made of a check's manual.
fn manual(check: &str) -> String {
    let output = Command::new(binary()).args(["plugin", "doc", check]).output().expect("the binary starts");
    assert!(output.status.success(), "{check}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("a text")
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

#[test]
fn every_page_lists_what_its_check_says_of_itself() {
    let standard: Vec<&str> = Host::standard_names().collect();
    assert_eq!(standard, checks(), "every standard check has a page, and no other");
    for check in standard {
        let manual = manual(check);
        hold(check, "Params", section(&manual, "Params"));
        match section(&manual, "Metrics") {
            table if table.starts_with('|') => hold(check, "Metrics", table),
            _ => assert!(!section(&read(&page(check)), "Metrics").contains("| `"), "{check} names no metrics"),
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
