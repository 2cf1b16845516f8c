//! What peers and the store answer when they are asked; nothing is changed there.

use std::{path::Path, time::Duration};

use serde::Serialize;
use watchkeeper_action::ActionRunner;
use watchkeeper_model::Workspace;
use watchkeeper_notify::Channels;
use watchkeeper_secret::SecretReader;

use crate::{
    args::LintArgs,
    failure::Failure,
    render::table::{Cell, Table, Tone, cell},
    wiring,
};

/// How long a peer may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What one of them answered.
#[derive(Debug, Serialize)]
pub(super) struct Answered {
    /// `channel slack-ml`, `step model-degradation/ticket`, `store`.
    asked: String,
    /// Whether all is well there.
    pub(super) ok: bool,
    /// Its answer, or what is the matter.
    answer: String,
}

/// Asks whoever is to be asked.
pub(super) async fn ask(folder: &Path, workspace: &Workspace, args: &LintArgs) -> Result<Vec<Answered>, Failure> {
    let mut all = Vec::new();
    if args.store {
        all.push(store(folder, workspace).await);
    }
    if !args.live {
        return Ok(all);
    }
    let secrets = SecretReader::new(folder);
    let channels = Channels::new(folder, workspace.channels.clone(), secrets.clone(), std::io::sink());
    let channels = channels.map_err(Failure::usage)?.with_time_limit(PATIENCE);
    for name in workspace.channels.keys() {
        all.push(answered(format!("channel {name}"), channels.ask(name).await));
    }
    let runner = ActionRunner::new(folder, workspace.allow.clone(), secrets);
    for runbook in workspace.runbooks.values() {
        for step in std::iter::once(&runbook.first).chain(&runbook.rest) {
            if let Some(answer) = runner.ask(&step.action, PATIENCE).await {
                all.push(answered(format!("step {}/{}", runbook.id, step.id), answer));
            }
        }
    }
    Ok(all)
}

/// A store that is not there yet is made by the daemon.
async fn store(folder: &Path, workspace: &Workspace) -> Answered {
    let place = folder.join(&workspace.daemon.state);
    let answer = match wiring::open_to_read(&place).await {
        Ok(store) => {
            let gates = store.gates().await.map_err(|error| error.to_string());
            gates.map(|gates| format!("opens; {} of {} gates were ever set", gates.len(), workspace.gates.len()))
        }
        Err(failure) => Err(failure.message()),
    };
    answered("store".to_owned(), answer)
}

fn answered(asked: String, answer: Result<String, String>) -> Answered {
    let ok = answer.is_ok();
    Answered { asked, ok, answer: answer.unwrap_or_else(|why| why) }
}

pub(super) fn table(answered: &[Answered]) -> Table {
    let mut table = Table::new(&["ASKED", "", "ANSWER"]);
    for row in answered {
        let (word, tone) = if row.ok { ("fine", Tone::Good) } else { ("not fine", Tone::Bad) };
        table.row([cell(&row.asked), Cell::toned(word, tone), cell(&row.answer)]);
    }
    table
}
