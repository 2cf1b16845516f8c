//! What peers and the store answer when they are asked; nothing is changed there.

use std::{path::Path, time::Duration};

use serde::Serialize;
use watchkeeper_action::ActionRunner;
use watchkeeper_engine::with_causes;
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
    /// Whether it works, and may not hold what it promises.
    warns: bool,
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
            steps.flat_map(move |step| {
                let name = format!("step {}/{}", runbook.id, step.id);
                let undo = step.undo.as_ref().map(|undo| (format!("undo of {name}"), undo));
                std::iter::once((name, &step.action)).chain(undo)
            })
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
    let asked = async {
        let store = StoreAt::of(folder, workspace).open_to_read().await.map_err(|failure| failure.message())?;
        let gates = store.gates().await.map_err(|error| with_causes(&error))?;
        let opens = format!("opens; {} of {} gates were ever set", gates.len(), workspace.gates.len());
        let risks = store.risks().await.map_err(|error| with_causes(&error))?;
        Ok::<_, String>((opens, risks))
    };
    match asked.await {
        Ok((opens, risks)) if risks.is_empty() => answered("store".to_owned(), Ok(opens)),
        Ok((opens, risks)) => {
            let answer = format!("{opens}; {}", risks.join("; "));
            Answered { warns: true, ..answered("store".to_owned(), Ok(answer)) }
        }
        Err(why) => answered("store".to_owned(), Err(why)),
    }
}

fn answered(asked: String, answer: Result<String, String>) -> Answered {
    let ok = answer.is_ok();
    Answered { asked, ok, warns: false, answer: answer.unwrap_or_else(|why| why) }
}

pub(super) fn table(answered: &[Answered]) -> Table {
    let mut table = Table::new(&["ASKED", "", "ANSWER"]);
    for row in answered {
        let (word, tone) = match (row.ok, row.warns) {
            (true, false) => ("fine", Tone::Good),
            (true, true) => ("warns", Tone::Attention),
            (false, _) => ("not fine", Tone::Bad),
        };
        table.row([cell(&row.asked), Cell::toned(word, tone), cell(&row.answer)]);
    }
    table
}
