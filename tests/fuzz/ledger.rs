//! Exports of the ledger.

use watchkeeper_model::{LedgerEntry, Time, verify_chain};

use crate::fuzz;

const WORDS: &[&str] = &["\n", "\"seq\":1,", "{}", "null", "\"hash\":", "0000", "\\u0000", ","];

fn rows(text: &str) -> Option<Vec<LedgerEntry>> {
    text.lines().map(|line| serde_json::from_str(line).ok()).collect()
}

#[test]
fn exports() {
    let at = Time::from_timestamp(1_767_225_600, 0).expect("a time");
    let mut chain: Vec<LedgerEntry> = Vec::new();
    for number in 0..6 {
        let before = chain.last().map(|row| (row.seq, row.hash.as_str()));
        let body = serde_json::json!({ "by": "on-call", "number": number });
        let row = LedgerEntry::after(before, at, "gate.paused", "loans", &body);
        chain.push(row);
    }
    let lines: Vec<String> = chain.iter().map(|row| serde_json::to_string(row).expect("JSON")).collect();
    fuzz("ledger", &[lines.join("\n").into_bytes()], WORDS, |bytes| {
        let Some(read) = std::str::from_utf8(bytes).ok().and_then(rows) else { return };
        // What still holds together is what was written, or its beginning.
        if verify_chain(&read).is_ok() {
            assert!(chain.starts_with(&read), "a changed chain holds: {read:?}");
        }
    });
}
