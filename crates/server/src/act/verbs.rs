//! The verbs: path, role, words and fields of each in one place.

use watchkeeper_model::{GateState, Outcome, Role};

use super::{Act, Answer, AskMonitor, Change, Given, Verb};
use crate::{
    problem::Problem,
    routes::{Field, Kind},
};

const SEEN: Field = Field::optional(
    "seen",
    Kind::Text,
    "What you saw, as the thing's own `seen` says: where it moved, nothing is done",
);
const REASON: Field = Field::optional("reason", Kind::Text, "Why, for the record");
const MONITOR: Field = Field::optional("monitor", Kind::Text, "Only this monitor; every monitor when absent");

/// Every verb.
pub(crate) static VERBS: [Verb; 21] = [
    Verb {
        word: "ack",
        path: "/incidents/{incident}/ack",
        role: Role::Responder,
        about: "Take an incident: its reminders and escalations stop",
        fields: &[SEEN],
        read: |given| change(given, Change::Acknowledge),
    },
    Verb {
        word: "unack",
        path: "/incidents/{incident}/unack",
        role: Role::Responder,
        about: "Give an acknowledged incident back: its reminders and escalations go on",
        fields: &[SEEN],
        read: |given| change(given, Change::GiveBack),
    },
    Verb {
        word: "assign",
        path: "/incidents/{incident}/assign",
        role: Role::Responder,
        about: "Make another team the owner of an incident, and tell it so",
        fields: &[Field::required("team", Kind::Text, "The team that answers for it from now on"), SEEN],
        read: |given| change(given, Change::Assign(given.required("team")?.to_owned())),
    },
    Verb {
        word: "comment",
        path: "/incidents/{incident}/comment",
        role: Role::Responder,
        about: "Say something about an incident, for the record",
        fields: &[Field::required("text", Kind::Text, "The words")],
        read: |given| change(given, Change::Comment(given.required("text")?.to_owned())),
    },
    Verb {
        word: "resolve",
        path: "/incidents/{incident}/resolve",
        role: Role::Responder,
        about: "Close an incident by hand",
        fields: &[SEEN],
        read: |given| change(given, Change::Resolve),
    },
    Verb {
        word: "start",
        path: "/runs/{run}/steps/{step}/start",
        role: Role::Responder,
        about: "Start a step of a run that waits for people or was withheld, or make another attempt at one",
        fields: &[Field::optional("again", Kind::Flag, "Make another attempt at a step that has ended"), SEEN],
        read: |given| answer(given, Answer::Start { again: given.flag("again")? }),
    },
    Verb {
        word: "approve",
        path: "/runs/{run}/steps/{step}/approve",
        role: Role::Responder,
        about: "Agree to a step that waits for your team",
        fields: &[SEEN],
        read: |given| answer(given, Answer::Approve),
    },
    Verb {
        word: "reject",
        path: "/runs/{run}/steps/{step}/reject",
        role: Role::Responder,
        about: "Say no to a step that waits for your team",
        fields: &[Field::required("reason", Kind::Text, "Why, for the record and for the owner"), SEEN],
        read: |given| answer(given, Answer::Reject(given.required("reason")?.to_owned())),
    },
    Verb {
        word: "settle",
        path: "/runs/{run}/steps/{step}/settle",
        role: Role::Responder,
        about: "Say how a step with an unknown outcome ended",
        fields: &[
            Field::required("outcome", Kind::Words(&["done", "failed"]), "How it ended, as far as people found out"),
            SEEN,
        ],
        read: |given| {
            let outcome = given.word("outcome", &[("done", Outcome::Done), ("failed", Outcome::Failed)])?;
            answer(given, Answer::Settle(outcome))
        },
    },
    Verb {
        word: "undo",
        path: "/runs/{run}/steps/{step}/undo",
        role: Role::Responder,
        about: "Take back what a step did, unless somebody has changed its target since",
        fields: &[SEEN],
        read: |given| answer(given, Answer::Undo),
    },
    Verb {
        word: "pause",
        path: "/gates/{gate}/pause",
        role: Role::Responder,
        about: "Pause a gate: its decisions must wait",
        fields: &[REASON, SEEN],
        read: |given| gate(given, GateState::Paused),
    },
    Verb {
        word: "open",
        path: "/gates/{gate}/open",
        role: Role::Responder,
        about: "Open a gate: its decisions may be made",
        fields: &[REASON, SEEN],
        read: |given| gate(given, GateState::Open),
    },
    Verb {
        word: "hold",
        path: "/holds",
        role: Role::Responder,
        about: "Stop all automatic steps, or those of one monitor; checks and messages go on",
        fields: &[MONITOR, Field::optional("for", Kind::Text, "End it by itself after this long, as in 2h"), REASON],
        read: |given| {
            let reason = given.text("reason").unwrap_or("no reason given").to_owned();
            Ok(Act::Hold { monitor: given.owned("monitor"), length: given.duration("for")?, reason })
        },
    },
    Verb {
        word: "release",
        path: "/holds/release",
        role: Role::Responder,
        about: "Let automatic steps run again",
        fields: &[MONITOR],
        read: |given| Ok(Act::Release { monitor: given.owned("monitor") }),
    },
    Verb {
        word: "silence",
        path: "/silences",
        role: Role::Responder,
        about: "Silence what matchers fit for a time: nobody is told, and nothing acts unless it says so",
        fields: &[
            Field::required("match", Kind::Texts, "What it is about; all of these have to fit, as in monitor=loan-*"),
            Field::required("for", Kind::Text, "How long it lasts, as in 2h"),
            Field::required("reason", Kind::Text, "Why, for the record"),
            Field::optional("keep_acting", Kind::Flag, "Let first steps run all the same"),
        ],
        read: |given| {
            let length = given.duration("for")?.ok_or_else(|| Problem::field("for", "`for` is missing"))?;
            let reason = given.required("reason")?.to_owned();
            Ok(Act::Silence { matchers: given.matchers("match")?, length, reason, acts: given.flag("keep_acting")? })
        },
    },
    Verb {
        word: "end",
        path: "/silences/{silence}/end",
        role: Role::Responder,
        about: "End a silence before its time",
        fields: &[],
        read: |given| Ok(Act::EndSilence { id: given.required("silence")?.to_owned() }),
    },
    Verb {
        word: "check",
        path: "/monitors/{monitor}/check",
        role: Role::Responder,
        about: "Evaluate a monitor now and act on nothing",
        fields: &[],
        read: |given| monitor(given, AskMonitor::Check),
    },
    Verb {
        word: "drill",
        path: "/monitors/{monitor}/drill",
        role: Role::Admin,
        about: "Pretend a breach through runbook, messages and handoff, marked as a drill everywhere",
        fields: &[],
        read: |given| monitor(given, AskMonitor::Drill),
    },
    Verb {
        word: "refresh",
        path: "/monitors/{monitor}/baseline/refresh",
        role: Role::Admin,
        about: "Compute a monitor's baseline from its data as it is now, and freeze it",
        fields: &[],
        read: |given| monitor(given, AskMonitor::RefreshBaseline),
    },
    Verb {
        word: "reload",
        path: "/reload",
        role: Role::Admin,
        about: "Read the configuration again; a bad one leaves the old one running",
        fields: &[],
        read: |_| Ok(Act::Reload),
    },
    Verb {
        word: "take",
        path: "/handover/take",
        role: Role::Responder,
        about: "Take the watch: the ledger notes who relieved whom, and what was open",
        fields: &[Field::optional("team", Kind::Text, "Of this team; of all when absent")],
        read: |given| Ok(Act::TakeWatch { team: given.owned("team") }),
    },
];

/// The verb of a word.
pub(crate) fn verb(word: &str) -> Option<&'static Verb> {
    VERBS.iter().find(|verb| verb.word == word)
}

fn change(given: &Given, change: Change) -> Result<Act, Problem> {
    Ok(Act::Incident { id: given.required("incident")?.to_owned(), change, seen: given.owned("seen") })
}

fn answer(given: &Given, answer: Answer) -> Result<Act, Problem> {
    let (run, step) = (given.required("run")?.to_owned(), given.name("step")?);
    Ok(Act::Step { run, step, answer, seen: given.owned("seen") })
}

fn gate(given: &Given, state: GateState) -> Result<Act, Problem> {
    let reason = given.text("reason").unwrap_or("by hand").to_owned();
    Ok(Act::Gate { gate: given.required("gate")?.to_owned(), state, reason, seen: given.owned("seen") })
}

fn monitor(given: &Given, ask: AskMonitor) -> Result<Act, Problem> {
    Ok(Act::Monitor { monitor: given.required("monitor")?.to_owned(), ask })
}
