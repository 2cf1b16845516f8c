//! Guards: whether a step may act now. Facts are read from the store; the decision is made here.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{Name, Time, Turn};

/// The limits of a runbook's automatic steps.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Guard {
    /// Acts of one step in one incident.
    pub per_incident: u32,
    /// Acts on one target.
    pub per_target: Option<Budget>,
    /// Acts of every runbook together.
    pub global: Option<Budget>,
    /// Stops acting after failures.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Incidents of one group; past it they are told and not acted on.
    pub flapping: Option<Budget>,
}

/// At most `max` acts in any `per`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Budget {
    /// Acts allowed.
    pub max: u32,
    /// The length of the sliding window.
    pub per: Duration,
}

/// After `failures` in a row, no act for `cooldown`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CircuitBreaker {
    /// Failures (or unknown outcomes) in a row that open it.
    pub failures: u32,
    /// How long it stays open.
    pub cooldown: Duration,
}

/// What the store knows, read in the transaction that records the intent.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct GuardFacts {
    /// Whether people started it or agreed to it.
    pub by_people: bool,
    /// The hold in force, and why it was set.
    pub held: Option<String>,
    /// The silence in force that stops acting as well.
    pub silenced: Option<String>,
    /// Whether the incident is no longer open, and the step not one for afterwards.
    pub over: bool,
    /// What the steps before it say; it is only asked of steps that run by themselves.
    pub turn: Turn,
    /// What has to end first.
    pub busy: Option<Busy>,
    /// The latest time at which the step may begin by itself.
    pub not_after: Option<Time>,
    /// The first open incident of an inhibiting monitor.
    pub inhibited_by: Option<Inhibitor>,
    /// Incidents of this monitor and group in the budget's window, this one included.
    pub incidents: u32,
    /// Acts of this step in this incident.
    pub acts_in_incident: u32,
    /// Acts on this target in the budget's window.
    pub acts_on_target: u32,
    /// Acts of all runbooks in the budget's window.
    pub acts_overall: u32,
    /// The newest unbroken row of failures of this runbook.
    pub failures: BreakerState,
}

/// An open incident that keeps a monitor from acting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inhibitor {
    /// Its monitor.
    pub monitor: Name,
    /// Its id.
    pub incident: String,
}

/// What is under way and has to end before a step may begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Busy {
    /// Another monitor acts on the same target.
    Target(Name),
    /// An inhibiting monitor is being checked: its verdict is waited for.
    Inhibitor(Name),
    /// An earlier step of the run has to end first.
    Step(Name),
}

/// Failures in a row, newest last.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BreakerState {
    /// How many.
    pub in_a_row: u32,
    /// When the newest ended.
    pub newest: Option<Time>,
}

/// Whether a step may act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// It may.
    Granted,
    /// It may, although these would hold an automatic step back: people have decided.
    Overruled(Vec<Withheld>),
    /// Not yet.
    Busy(Busy),
    /// It may not, and why.
    Withheld(Withheld),
}

/// Why a step did not act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// People hold all automatic steps.
    Held(String),
    /// A silence or a maintenance window is in force.
    Silenced(String),
    /// The incident resolved before the step began.
    Over,
    /// The reason for it is too old: it could not begin before this time.
    Late(Time),
    /// An inhibiting monitor's incident is open.
    Inhibited(Inhibitor),
    /// The group's incidents come too often.
    Flapping(Budget),
    /// The step's budget in this incident is used up.
    PerIncident(u32),
    /// The target's budget is used up.
    PerTarget(u32),
    /// The overall budget is used up.
    Global(u32),
    /// The circuit breaker is open until this time.
    CircuitOpen(Time),
    /// An earlier step failed, and stops those after it.
    Stopped(Name),
    /// It is for the failure of a step that did not fail.
    NotNeeded(Name),
}

impl Guard {
    /// Decides whether a step may act at `now`. Of an automatic step the first reason that holds is given; people are
    /// stopped by the end of the incident only, and told what they overrule.
    pub fn permit(&self, facts: &GuardFacts, now: Time) -> Permission {
        if facts.over {
            return Permission::Withheld(Withheld::Over);
        }
        match (&facts.turn, facts.by_people) {
            (Turn::Stopped(step), false) => return Permission::Withheld(Withheld::Stopped(step.clone())),
            (Turn::NotNeeded(step), false) => return Permission::Withheld(Withheld::NotNeeded(step.clone())),
            (Turn::Waits(step), false) => return Permission::Busy(Busy::Step(step.clone())),
            (Turn::Now, _) | (_, true) => {}
        }
        let mut reasons = self.reasons(facts, now);
        match (facts.by_people, &facts.busy, reasons.is_empty()) {
            (false, _, false) => Permission::Withheld(reasons.swap_remove(0)),
            (_, Some(busy), _) => Permission::Busy(busy.clone()),
            (_, None, true) => Permission::Granted,
            (true, None, false) => Permission::Overruled(reasons),
        }
    }

    /// Everything that keeps an automatic step back, the most telling first.
    fn reasons(&self, facts: &GuardFacts, now: Time) -> Vec<Withheld> {
        let used_up = |budget: &Option<Budget>, acts: u32| budget.as_ref().filter(|b| acts >= b.max).map(|b| b.max);
        let flaps = self.flapping.clone().filter(|budget| facts.incidents > budget.max);
        let spent = facts.acts_in_incident >= self.per_incident;
        let open_until = self.circuit_open_until(&facts.failures).filter(|until| now < *until);
        [
            facts.held.clone().map(Withheld::Held),
            facts.silenced.clone().map(Withheld::Silenced),
            facts.not_after.filter(|latest| *latest < now).map(Withheld::Late),
            facts.inhibited_by.clone().map(Withheld::Inhibited),
            flaps.map(Withheld::Flapping),
            spent.then_some(Withheld::PerIncident(self.per_incident)),
            used_up(&self.per_target, facts.acts_on_target).map(Withheld::PerTarget),
            used_up(&self.global, facts.acts_overall).map(Withheld::Global),
            open_until.map(Withheld::CircuitOpen),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    fn circuit_open_until(&self, failures: &BreakerState) -> Option<Time> {
        let breaker = self.circuit_breaker.as_ref().filter(|breaker| failures.in_a_row >= breaker.failures)?;
        failures.newest.map(|newest| newest + breaker.cooldown)
    }
}

impl Withheld {
    /// Whether the reason may end while the breach goes on, so that the step is not withheld for good.
    pub fn may_end(&self) -> bool {
        matches!(self, Self::Held(_) | Self::Silenced(_) | Self::Inhibited(_))
    }

    /// Whether the next in line are told at once: nobody else will act.
    pub fn escalates(&self) -> bool {
        matches!(self, Self::Flapping(_) | Self::PerTarget(_) | Self::Global(_) | Self::CircuitOpen(_))
    }
}

impl fmt::Display for Withheld {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(reason) => write!(f, "automatic steps are on hold: {reason}"),
            Self::Silenced(silence) => write!(f, "{silence}"),
            Self::Over => f.write_str("the incident resolved before the step began"),
            Self::Late(latest) => write!(
                f,
                "it could not begin by {}: what was measured then is too old to act on",
                latest.format("%F %T UTC")
            ),
            Self::Inhibited(Inhibitor { monitor, incident }) => {
                write!(f, "incident {incident} of {monitor} is open, which inhibits this monitor")
            }
            Self::Flapping(Budget { max, per }) => write!(
                f,
                "the monitor flaps: more than {max} incidents within {} are told and not acted on",
                in_words(*per)
            ),
            Self::PerIncident(max) => write!(f, "the step has acted {max} times in this incident, its limit"),
            Self::PerTarget(max) => write!(f, "the target's budget of {max} acts is used up"),
            Self::Global(max) => write!(f, "the overall budget of {max} acts is used up"),
            Self::Stopped(step) => write!(f, "step {step} failed or did not help, and stops those after it"),
            Self::NotNeeded(step) => write!(f, "not needed: step {step} did not fail"),
            Self::CircuitOpen(until) => write!(f, "the circuit breaker is open until {}", until.format("%F %T UTC")),
        }
    }
}

impl Budget {
    /// Acts on one target that a runbook may do without saying so.
    pub const PER_TARGET: Self = Self { max: 3, per: Duration::from_secs(3600) };
    /// Acts of every runbook together, where none says otherwise.
    pub const GLOBAL: Self = Self { max: 20, per: Duration::from_secs(3600) };
}

impl fmt::Display for Budget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.max, in_words(self.per))
    }
}

/// `90 s`, `5 min`, `6 h` or `14 d`: the largest unit that has no remainder.
fn in_words(length: Duration) -> String {
    let seconds = length.as_secs();
    let units = [(86_400, "d"), (3600, "h"), (60, "min")];
    let whole = units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit));
    whole.map_or_else(|| format!("{} s", length.as_secs_f64()), |(unit, word)| format!("{} {word}", seconds / unit))
}

impl Default for Guard {
    /// One act of a step in an incident, and cautious budgets; no breaker.
    fn default() -> Self {
        Self {
            per_incident: 1,
            per_target: Some(Budget::PER_TARGET),
            global: Some(Budget::GLOBAL),
            circuit_breaker: None,
            flapping: None,
        }
    }
}
