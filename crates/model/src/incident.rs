//! From verdicts to incidents: streaks and hysteresis a series, one incident a group.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Counted, Judged, Labels, Layer, Name, SeriesReport, Severity, Subject, Time, Verdict};

/// Where one subject stands between ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Not in breach; so many breaches in a row.
    Quiet(u32),
    /// In breach; so many recoveries in a row.
    Breaching(u32),
}

/// What is remembered of a group between ticks.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct GroupState {
    /// Every subject ever in breach or on its way there; quiet ones are forgotten.
    #[serde(with = "pairs")]
    pub standings: BTreeMap<Subject, Standing>,
    /// Whether the owner has been warned since the last time all was well.
    pub warned: bool,
}

/// What a tick changes for a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing worth telling.
    None,
    /// The owner is to be warned.
    Warn,
    /// An incident opens.
    Open,
    /// The open incident goes on.
    Continue,
    /// The open incident resolves.
    Resolve,
}

/// One continuous breach of one group of series.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Ten hex digits.
    pub id: String,
    /// The monitor.
    pub monitor: Name,
    /// The labels that name the group; empty without `group_by`.
    pub group: Labels,
    /// The monitor's layer.
    pub layer: Layer,
    /// The monitor's severity.
    pub severity: Severity,
    /// The owning team.
    pub owner: Name,
    /// The runbook.
    pub runbook: Name,
    /// The tick that opened it.
    pub opened_at: Time,
    /// Where it stands.
    pub state: IncidentState,
    /// The series as last judged.
    pub series: Vec<SeriesReport>,
    /// Whether it is a drill.
    pub drill: bool,
}

/// Where an incident stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Nobody has taken it.
    Open,
    /// Somebody has.
    Acknowledged {
        /// Who.
        by: String,
        /// When.
        at: Time,
    },
    /// It is over.
    Resolved {
        /// Who resolved it; absent when the series recovered.
        by: Option<String>,
        /// When.
        at: Time,
    },
}

/// Moves one subject by one judgement.
fn step(standing: Standing, Counted { judgement, streaks }: Counted) -> Standing {
    match (standing, judgement.verdict, judgement.clears) {
        (Standing::Quiet(streak), Verdict::Breach, _) if streak + 1 >= streaks.consecutive => Standing::Breaching(0),
        (Standing::Quiet(streak), Verdict::Breach, _) => Standing::Quiet(streak + 1),
        (Standing::Quiet(streak), Verdict::Error | Verdict::NoData, _) => Standing::Quiet(streak),
        (Standing::Quiet(_), Verdict::Ok | Verdict::Warn, _) => Standing::Quiet(0),
        (Standing::Breaching(streak), _, true) if streak + 1 >= streaks.recover => Standing::Quiet(0),
        (Standing::Breaching(streak), _, true) => Standing::Breaching(streak + 1),
        (Standing::Breaching(streak), Verdict::Error | Verdict::NoData, false) => Standing::Breaching(streak),
        (Standing::Breaching(_), _, false) => Standing::Breaching(0),
    }
}

/// Moves a group by one tick. A subject that is not judged this time keeps its standing. `open`: whether the group's
/// incident is open.
pub fn advance(state: &GroupState, judged: &[Judged], open: bool) -> (GroupState, Change) {
    let mut standings = state.standings.clone();
    let counted = || judged.iter().filter_map(|judged| Some((&judged.subject, judged.counted?)));
    for (subject, counted) in counted() {
        let before = standings.get(subject).copied().unwrap_or(Standing::Quiet(0));
        standings.insert(subject.clone(), step(before, counted));
    }
    standings.retain(|_, standing| *standing != Standing::Quiet(0));
    let breaching = standings.values().any(|standing| matches!(standing, Standing::Breaching(_)));
    let worst = counted().map(|(_, counted)| counted.judgement.verdict).max().unwrap_or(Verdict::Ok);
    let change = match (open, breaching, worst) {
        (false, true, _) => Change::Open,
        (true, true, _) => Change::Continue,
        (true, false, _) => Change::Resolve,
        (false, false, Verdict::Ok) => Change::None,
        (false, false, _) if state.warned => Change::None,
        (false, false, _) => Change::Warn,
    };
    let warned = worst != Verdict::Ok && !matches!(change, Change::Resolve);
    (GroupState { standings, warned }, change)
}

impl GroupState {
    /// Whether a subject is in breach now and was not before.
    pub fn gone_bad_since(&self, before: &Self, subject: &Subject) -> bool {
        let is_bad = |state: &Self| matches!(state.standings.get(subject), Some(Standing::Breaching(_)));
        is_bad(self) && !is_bad(before)
    }
}

impl Incident {
    /// Whether it is not resolved.
    pub fn is_open(&self) -> bool {
        !matches!(self.state, IncidentState::Resolved { .. })
    }
}

impl IncidentState {
    /// The word used in JSON and tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Resolved { .. } => "resolved",
        }
    }
}

/// JSON has no keys but strings, so the standings are kept as a list of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::{Standing, Subject};

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<Subject, Standing>, to: S) -> Result<S::Ok, S::Error> {
        map.iter().collect::<Vec<_>>().serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<BTreeMap<Subject, Standing>, D::Error> {
        Ok(Vec::deserialize(from)?.into_iter().collect())
    }
}
