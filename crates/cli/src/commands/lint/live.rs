//! What peers and the store answer when they are asked; nothing is changed there.

use std::{path::Path, time::Duration};

use serde::Serialize;
use watchkeeper_action::ActionRunner;
use watchkeeper_model::Workspace;
use watchkeeper_notify::Channels;
use watchkeeper_secret::SecretReader;

use crate::{
    args::LintArgs,
    render::table::{Cell, Table, Tone, cell},
    stored::StoreAt,
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

/// Says what the parts that send would refuse before they asked anybody, and asks whoever is to be asked.
pub(super) async fn ask(folder: &Path, workspace: &Workspace, args: &LintArgs) -> Vec<Answered> {
    let mut all = Vec::new();
    let secrets = SecretReader::new(folder);
    let runner = ActionRunner::new(folder, workspace.allow.clone(), secrets.clone());
    let steps = || {
        let runbooks = workspace.runbooks.values();
        runbooks.flat_map(|runbook| {
            let steps = std::iter::once(&runbook.first).chain(&runbook.rest);
            steps.map(move |step| (format!("step {}/{}", runbook.id, step.id), &step.action))
        })
    };
    let refused = steps().filter_map(|(step, action)| Some(answered(step, Err(runner.refusal(action)?))));
    all.extend(refused);
    if args.store {
        all.push(store(folder, workspace).await);
    }
    match Channels::new(folder, workspace.channels.clone(), secrets, std::io::sink()) {
        Err(error) => all.push(answered(format!("channel {}", error.channel), Err(error.reason))),
        Ok(channels) if args.live => {
            let channels = channels.with_time_limit(PATIENCE);
            for name in workspace.channels.keys() {
                all.push(answered(format!("channel {name}"), channels.ask(name).await));
            }
        }
        Ok(_) => {}
    }
    if args.live {
        for (step, action) in steps() {
            all.extend(runner.ask(action, PATIENCE).await.map(|answer| answered(step, answer)));
        }
    }
    all
}

/// A store that is not there yet is made by the daemon.
async fn store(folder: &Path, workspace: &Workspace) -> Answered {
    let answer = match StoreAt::of(folder, workspace).open_to_read().await {
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
