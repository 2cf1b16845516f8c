//! Approvals: who may agree to a step, and what an answer means for it. Facts are read from the store; the decision is
//! made here.

use std::{collections::BTreeSet, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Name, Time};

/// Who has to agree before a step runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The team whose members may approve.
    pub team: Name,
    /// How many of them, each another person.
    pub quorum: u32,
    /// Running out rejects.
    pub timeout: Duration,
    /// Whether the one who asked may approve.
    pub self_approval: bool,
}

/// One answer to a waiting step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Who gave it.
    pub by: String,
    /// When.
    pub at: Time,
    /// Whether they agree.
    pub agrees: bool,
    /// Why not.
    pub reason: Option<String>,
}

/// A step that waits for an agreement.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Asked {
    /// Who wants it to run; absent where the runbook itself does.
    pub by: Option<String>,
    /// Since when it is asked for; absent where nobody has.
    pub at: Option<Time>,
    /// What was answered so far.
    pub answers: Vec<Answer>,
    /// Whether its incident is over, and the step not one for afterwards.
    pub over: bool,
}

/// What becomes of a step by an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// It runs as soon as the daemon sees it.
    Released,
    /// So many have to agree still.
    Wants(u32),
    /// It will not run.
    Refused,
}

/// Why an answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The incident is over.
    #[error("its incident is over, so it is not needed any more")]
    Over,
    /// Nobody has asked for the step.
    #[error("nobody has asked for it yet")]
    NotAsked,
    /// Others decide.
    #[error("{by} is not a member of {team}, who have to agree")]
    NotAMember {
        /// Who answered.
        by: String,
        /// Who would have to.
        team: Name,
    },
    /// The one who asked cannot agree.
    #[error("{0} asked for this step: somebody else has to agree (`self_approval` is false)")]
    OwnRequest(String),
    /// An answer stands already.
    #[error("it was answered already: {0}")]
    AnsweredAlready(String),
}

impl Approval {
    /// What one answer of `by` at `now` means; `members` are the mailboxes of the team.
    pub fn answer(
        &self,
        asked: &Asked,
        members: &[String],
        by: &str,
        agrees: bool,
        now: Time,
    ) -> Result<Answering, NoAnswer> {
        let own = address(by);
        if asked.over {
            return Err(NoAnswer::Over);
        }
        if asked.at.is_none() {
            return Err(NoAnswer::NotAsked);
        }
        if !members.iter().any(|member| address(member) == own) {
            return Err(NoAnswer::NotAMember { by: by.to_owned(), team: self.team.clone() });
        }
        if let Some(reason) = self.refusal(asked, now) {
            return Err(NoAnswer::AnsweredAlready(reason));
        }
        if asked.answers.iter().any(|answer| address(&answer.by) == own) {
            return Err(NoAnswer::AnsweredAlready(format!("{by} has agreed to it")));
        }
        if !agrees {
            return Ok(Answering::Refused);
        }
        if !self.self_approval && asked.by.as_deref().is_some_and(|asker| address(asker) == own) {
            return Err(NoAnswer::OwnRequest(by.to_owned()));
        }
        let agreed = asked.answers.iter().filter(|answer| answer.agrees).map(|answer| address(&answer.by));
        let agreed: BTreeSet<String> = agreed.chain([own]).collect();
        Ok(match self.quorum.saturating_sub(u32::try_from(agreed.len()).unwrap_or(u32::MAX)) {
            0 => Answering::Released,
            left => Answering::Wants(left),
        })
    }

    /// Why nobody will agree to it any more.
    pub fn refusal(&self, asked: &Asked, now: Time) -> Option<String> {
        if let Some(no) = asked.answers.iter().find(|answer| !answer.agrees) {
            let reason = no.reason.as_deref().map(|reason| format!(": {reason}")).unwrap_or_default();
            return Some(format!("rejected by {}{reason}", no.by));
        }
        let ran_out = asked.at.is_some_and(|at| at + self.timeout <= now);
        ran_out.then(|| format!("{} did not agree in time", self.team))
    }
}

/// The address of a mailbox, however it is written: `ML Lead <Lead@Example.com>` is `lead@example.com`.
pub fn address(mailbox: &str) -> String {
    let inner = mailbox.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>')).map_or(mailbox, |(inner, _)| inner);
    inner.trim().to_lowercase()
}

/// Somebody who acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Who they say they are.
    pub name: String,
    /// The account of the operating system that they act with.
    pub account: String,
}

impl From<&str> for Person {
    /// Somebody who is known by their account.
    fn from(name: &str) -> Self {
        Self { name: name.to_owned(), account: name.to_owned() }
    }
}
