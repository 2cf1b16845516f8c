//! Every page is in the table of contents, and every link leads to a file.

use std::{collections::BTreeSet, path::Path};

use crate::book::{markdown, pages, read};

/// What the links of a page point at, without the web and without anchors.
fn links(page: &Path) -> Vec<String> {
    let text = read(page);
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target));
    let local = targets.filter(|target| !target.contains("://") && !target.starts_with('#'));
    local.map(|target| target.split('#').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn the_table_of_contents_lists_every_page() {
    let listed: BTreeSet<_> = links(&pages().join("SUMMARY.md")).iter().map(|link| pages().join(link)).collect();
    let there: BTreeSet<_> = markdown(&pages()).into_iter().filter(|page| !page.ends_with("SUMMARY.md")).collect();
    assert_eq!(listed, there);
}

#[test]
fn every_link_leads_somewhere() {
    for page in markdown(&pages()) {
        for link in links(&page) {
            let target = page.parent().expect("a page lies in a folder").join(&link);
            assert!(target.exists(), "{}: {link} leads nowhere", page.display());
        }
    }
}
