//! What is done to the daemon in one turn.

use std::fmt;

use fastrand::Rng;

use crate::place::Place;

/// The kind of the first step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Gate,
    Exec,
    Once,
    Guarded,
    Jira,
    Sql,
    Mlflow,
    Kubernetes,
    Airflow,
    Systemd,
}

impl Kind {
    pub(crate) const ALL: [Self; 10] = [
        Self::Gate,
        Self::Exec,
        Self::Once,
        Self::Guarded,
        Self::Jira,
        Self::Sql,
        Self::Mlflow,
        Self::Kubernetes,
        Self::Airflow,
        Self::Systemd,
    ];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Gate => "gate",
            Self::Exec => "exec",
            Self::Once => "http-once",
            Self::Guarded => "http-guarded",
            Self::Jira => "jira",
            Self::Sql => "sql",
            Self::Mlflow => "mlflow",
            Self::Kubernetes => "kubernetes",
            Self::Airflow => "airflow",
            Self::Systemd => "systemd",
        }
    }

    /// Whether a step of it is looked for at its peer.
    fn is_probed(self) -> bool {
        matches!(self, Self::Jira | Self::Systemd)
    }
}

/// What happens at a fault point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Injection {
    /// `kill -9`, and a new start.
    Kill,
    /// SIGSTOP, ten minutes or an hour by the clock, SIGCONT.
    Stop,
    /// Stopped there, the disk is filled; it goes on, and only then is the disk freed.
    Full,
    /// Stopped there, the store is locked by somebody else; it goes on, and only then is the lock let go of.
    Locked,
    /// Stopped there, it is cut off from the store for a while, and goes on.
    Cut,
    /// Stopped there, the server that holds the store is ended at once and started again; the daemon goes on.
    Restarted,
    /// Twenty SIGHUPs while it works.
    Reloads,
}

impl Injection {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Kill => "kill -9",
            Self::Stop => "SIGSTOP",
            Self::Full => "disk full",
            Self::Locked => "locked",
            Self::Cut => "cut off",
            Self::Restarted => "server crash",
            Self::Reloads => "SIGHUPs",
        }
    }
}

/// An injection at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) injection: Injection,
    /// `step.intent.before`.
    pub(crate) at: &'static str,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.injection.as_str(), self.at)
    }
}

/// Places that every tick comes to.
const TICK: [&str; 4] = ["tick.claim.before", "tick.claim.after", "tick.record.before", "tick.record.after"];
/// Places that every step comes to.
const STEP: [&str; 6] = [
    "step.take.before",
    "step.take.after",
    "step.intent.before",
    "step.intent.after",
    "step.end.before",
    "step.end.after",
];
/// Places that a step with a peer comes to.
const SEND: [&str; 2] = ["step.send.before", "step.send.after"];
/// Places that every message comes to.
const MESSAGE: [&str; 6] = [
    "message.take.before",
    "message.take.after",
    "message.send.before",
    "message.send.after",
    "message.mark.before",
    "message.mark.after",
];
/// Places that are come to after a kill only: that kill's place, and theirs.
const AFTER_A_KILL: [(&[&str], &[&str]); 3] = [
    (&["tick.claim.before"], &["tick.pass.before", "tick.pass.after"]),
    (&["tick.claim.after", "tick.record.before"], &["tick.take.before", "tick.take.after"]),
    (&["message.take.after", "message.mark.before"], &["message.put-back.before", "message.put-back.after"]),
];
/// The same for a step whose mark is looked for.
const PROBE: (&[&str], &[&str]) =
    (&["step.intent.after", "step.send.after"], &["step.probe.before", "step.probe.after"]);

/// One of these.
pub(crate) fn one_of<T: Copy>(dice: &mut Rng, choices: &[T]) -> T {
    choices[dice.usize(..choices.len())]
}

/// The faults of one turn, one after another.
pub(crate) fn faults(dice: &mut Rng, kind: Kind, breaches: bool, place: &Place) -> Vec<Fault> {
    let mut injections = vec![Injection::Kill, Injection::Kill, Injection::Kill, Injection::Stop];
    injections.extend(place.can_fill.then_some(Injection::Full));
    injections.extend(match place.server {
        Some(_) => vec![Injection::Restarted, Injection::Cut],
        None => vec![Injection::Locked],
    });
    if dice.usize(..12) == 0 {
        return vec![Fault { injection: Injection::Reloads, at: "any" }];
    }
    if dice.usize(..4) == 0 {
        let mut pairs = AFTER_A_KILL.to_vec();
        pairs.extend((breaches && kind.is_probed()).then_some([PROBE; 3]).into_iter().flatten());
        let (first, second) = one_of(dice, &pairs);
        let first = Fault { injection: Injection::Kill, at: one_of(dice, first) };
        return vec![first, Fault { injection: one_of(dice, &injections), at: one_of(dice, second) }];
    }
    let mut places = [&TICK[..], &MESSAGE[..]].concat();
    if breaches {
        places.extend([&STEP[..], &STEP[..]].concat());
        places.extend(if kind == Kind::Gate { &[][..] } else { &SEND[..] });
    }
    vec![Fault { injection: one_of(dice, &injections), at: one_of(dice, &places) }]
}
