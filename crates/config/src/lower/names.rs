//! The names that a workspace defines, and references to them.

use std::{
    cell::Cell,
    collections::{BTreeMap, BTreeSet},
};

use super::{Files, Parsed};
use crate::{
    nearest::suggestion,
    place::{Place, Report},
};

/// The most suggestions of one reading.
const SUGGESTIONS_MAX: u32 = 500;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Team,
    Channel,
    Gate,
    Hours,
    Source,
    Monitor,
    Runbook,
}

impl Kind {
    /// The word in TOML and messages.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Team => "team",
            Self::Channel => "channel",
            Self::Gate => "gate",
            Self::Hours => "hours",
            Self::Source => "source",
            Self::Monitor => "monitor",
            Self::Runbook => "runbook",
        }
    }
}

/// Every name, by kind.
pub(crate) struct Names {
    known: BTreeMap<Kind, BTreeSet<String>>,
    /// Kinds of which a file could not be read whole: a missing name says nothing there.
    uncertain: BTreeSet<Kind>,
    suggestions_left: Cell<u32>,
}

impl Names {
    pub(crate) fn of(files: &Files) -> Self {
        let suggestions_left = Cell::new(SUGGESTIONS_MAX);
        let mut names = Self { known: BTreeMap::new(), uncertain: BTreeSet::new(), suggestions_left };
        names.uncertain.extend(
            [Kind::Team, Kind::Channel, Kind::Gate, Kind::Hours].into_iter().filter(|_| files.watchkeeper.is_empty()),
        );
        for kind in [Kind::Team, Kind::Channel, Kind::Gate, Kind::Hours] {
            files.watchkeeper.iter().for_each(|parsed| names.learn_keys(kind, parsed));
        }
        files.sources.iter().for_each(|parsed| names.learn_keys(Kind::Source, parsed));
        files.monitors.iter().for_each(|parsed| names.learn_id(Kind::Monitor, parsed));
        files.runbooks.iter().for_each(|parsed| names.learn_id(Kind::Runbook, parsed));
        names
    }

    fn learn_keys<T>(&mut self, kind: Kind, parsed: &Parsed<T>) {
        let table = parsed.node.get(kind.word()).map(|(_, table)| table.entries()).unwrap_or_default();
        self.known.entry(kind).or_default().extend(table.iter().map(|(key, _)| key.text.clone()));
        self.note_broken(kind, parsed);
    }

    fn learn_id<T>(&mut self, kind: Kind, parsed: &Parsed<T>) {
        let id = parsed.node.get(kind.word()).and_then(|(_, head)| head.get("id"));
        self.known.entry(kind).or_default().extend(id.and_then(|(_, id)| id.text()).map(str::to_owned));
        self.note_broken(kind, parsed);
    }

    fn note_broken<T>(&mut self, kind: Kind, parsed: &Parsed<T>) {
        if parsed.raw.is_none() {
            self.uncertain.insert(kind);
        }
    }

    pub(crate) fn all(&self, kind: Kind) -> impl Iterator<Item = &str> + Clone {
        self.known.get(&kind).into_iter().flatten().map(String::as_str)
    }

    pub(crate) fn has(&self, kind: Kind, name: &str) -> bool {
        self.known.get(&kind).is_some_and(|known| known.contains(name))
    }

    /// Whether a name that is not known may yet be there, in a file that cannot be read.
    pub(crate) fn uncertain(&self, kind: Kind) -> bool {
        self.uncertain.contains(&kind)
    }

    /// What was probably meant. It takes long where there are many names, so it is said of so many only as are told.
    pub(crate) fn suggest(&self, kind: Kind, name: &str) -> Option<String> {
        let left = self.suggestions_left.get().checked_sub(1)?;
        self.suggestions_left.set(left);
        suggestion(name, self.all(kind))
    }

    /// Reports a name that nothing has.
    pub(crate) fn require(&self, kind: Kind, name: &str, place: Place<'_>, report: &mut Report) {
        if !self.has(kind, name) && !self.uncertain(kind) {
            let help = self.suggest(kind, name);
            let none = if kind == Kind::Hours { "there are no" } else { "there is no" };
            place.mistake(report, format!("{none} {} `{name}`", kind.word()), help);
        }
    }
}
