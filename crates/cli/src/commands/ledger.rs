//! `ledger`: verifies or exports the hash-chained record.

use std::path::Path;

use serde_json::json;
use watchkeeper_store::{SqlStore, Verified, VerifyError};

use crate::{
    args::{LedgerArgs, LedgerCommand},
    commands::people::opened_to_read,
    exit::Exit,
    failure::Failure,
    render::{json, terminal::Terminal},
};

/// Rows read at once.
const PAGE: u32 = 1_000;

/// Verifies or exports.
pub(crate) async fn run(folder: &Path, args: &LedgerArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened_to_read(folder, terminal).await?.store;
    match &args.command {
        LedgerCommand::Verify { head, json } => {
            let verified = store.verify_ledger(head.as_deref()).await;
            tell(verified, *json, terminal)
        }
        LedgerCommand::Export => export(&store, terminal).await,
    }
}

/// A whole chain is fine, a bad one a finding.
fn tell(verified: Result<Verified, VerifyError>, as_json: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (exit, line, value) = match verified {
        Ok(Verified { rows, head }) => {
            let line = format!("the ledger is whole: {rows} rows, head {head}");
            (Exit::Fine, line, json!({ "ok": true, "rows": rows, "head": head, "fault": null }))
        }
        Err(VerifyError::Store(error)) => return Err(Failure::unreachable(error)),
        Err(fault) => {
            let fault = fault.to_string();
            let line = format!("the ledger is bad: {fault}");
            (Exit::Finding, line, json!({ "ok": false, "rows": null, "head": null, "fault": fault }))
        }
    };
    if as_json {
        json::print(terminal, &value)?;
    } else {
        terminal.line(line)?;
    }
    Ok(exit)
}

async fn export(store: &SqlStore, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut from = 1;
    loop {
        let rows = store.ledger(from, PAGE).await.map_err(Failure::unreachable)?;
        for row in &rows {
            json::print(terminal, row)?;
        }
        match rows.last() {
            Some(last) => from = last.seq + 1,
            None => return Ok(Exit::Fine),
        }
    }
}

#[cfg(test)]
mod tests {
    use watchkeeper_model::{GateState, LedgerEntry, LedgerFault, Name, Time};

    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn a_bad_row_is_a_finding_that_names_it() {
        let (mut terminal, out, _) = on_paper();
        let bad = Err(VerifyError::Fault(LedgerFault::Changed(7)));
        assert_eq!(tell(bad, false, &mut terminal).unwrap(), Exit::Finding);
        assert_eq!(out.text(), "the ledger is bad: row 7 was changed after it was written\n");
    }

    #[tokio::test]
    async fn the_export_is_a_chain_that_anybody_can_verify() {
        let store = SqlStore::in_memory().await.unwrap();
        let (gate, at) = (Name::parse("loans").unwrap(), Time::from_timestamp(1_767_225_600, 0).unwrap());
        for state in [GateState::Paused, GateState::Open] {
            store.set_gate(&gate, state, "on-call", "a test", at).await.unwrap();
        }
        let (mut terminal, out, _) = on_paper();
        export(&store, &mut terminal).await.unwrap();
        let rows: Vec<LedgerEntry> = out.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(rows.len(), 2);
        watchkeeper_model::verify_chain(&rows).unwrap();
    }
}
