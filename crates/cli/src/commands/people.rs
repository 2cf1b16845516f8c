//! What the people's commands share: what can be read of the workspace, its store, and how a refusal is told.
//!
//! They serve at night: a configuration that does not load, or a plugin that does not compile, must not keep anybody
//! from taking an incident or pausing a gate.

use std::path::Path;

use watchkeeper_config::{Outline, outline};
use watchkeeper_engine::ports::clock::Clock as _;
use watchkeeper_model::Name;
use watchkeeper_store::{HoldScope, PeopleError, SqlStore};

use crate::{
    clock::SystemClock,
    failure::Failure,
    render::{diagnostics, terminal::Terminal, text::harmless},
    stored::StoreAt,
};

/// What can be read of a workspace, and its store.
pub(crate) struct Opened {
    pub(crate) outline: Outline,
    pub(crate) store: SqlStore,
}

/// Opens the store to change it.
pub(crate) async fn opened(folder: &Path, terminal: &mut Terminal) -> Result<Opened, Failure> {
    let (outline, place) = outlined(folder, terminal)?;
    Ok(Opened { outline, store: place.open().await? })
}

/// Opens the store to read it only.
pub(crate) async fn opened_to_read(folder: &Path, terminal: &mut Terminal) -> Result<Opened, Failure> {
    let (outline, place) = outlined(folder, terminal)?;
    Ok(Opened { outline, store: place.open_to_read().await? })
}

/// What can be read of a workspace, and its store's folder. A configuration with mistakes is told in one line, as long as
/// it leads to a store that is there.
pub(crate) fn outlined(folder: &Path, terminal: &mut Terminal) -> Result<(Outline, StoreAt), Failure> {
    let outline = outline(folder);
    let place = StoreAt::outlined(folder, &outline);
    if !outline.mistakes.is_empty() {
        if !place.may_hold_one() {
            return Err(Failure::configuration(diagnostics::report(&outline.mistakes, terminal.styled_err)));
        }
        let place = harmless(&place.shown());
        terminal.note(format_args!(
            "warning: the configuration has mistakes (`watchkeeper lint` tells them); going on with the store in {place}"
        ))?;
    }
    Ok((outline, place))
}

impl Opened {
    /// The gate of this name, which is configured or was set before.
    pub(crate) async fn gate(&self, given: &str, terminal: &mut Terminal) -> Result<Name, Failure> {
        let set = self.store.gates().await.map_err(Failure::unreachable)?;
        let known = self.outline.gates.keys().chain(set.iter().map(|set| &set.name));
        named("gate", given, known, self.outline.gates_are_certain, terminal)
    }

    /// The monitor of this name, which is configured, has run or is on hold.
    pub(crate) async fn monitor(&self, given: &str, terminal: &mut Terminal) -> Result<Name, Failure> {
        let ran = self.store.last_verdicts().await.map_err(Failure::unreachable)?;
        let held = self.store.holds(SystemClock.now()).await.map_err(Failure::unreachable)?;
        let held = held.iter().filter_map(|hold| match &hold.scope {
            HoldScope::All => None,
            HoldScope::Monitor(monitor) => Some(monitor),
        });
        let known = self.outline.monitors.keys().chain(ran.iter().map(|last| &last.monitor)).chain(held);
        named("monitor", given, known, self.outline.monitors_are_certain, terminal)
    }
}

/// The known name; where not all names could be read, an unknown one is taken on trust, with a warning.
fn named<'a>(
    what: &str,
    given: &str,
    known: impl Iterator<Item = &'a Name> + Clone,
    certain: bool,
    terminal: &mut Terminal,
) -> Result<Name, Failure> {
    match configured(what, given, known.clone()) {
        Err(_) if !certain => {
            let name = Name::parse(given).map_err(Failure::usage)?;
            let nearest = watchkeeper_config::nearest(given, known.map(Name::as_str));
            let meant = nearest.map(|name| format!(" (did you mean `{name}`?)")).unwrap_or_default();
            terminal.note(format_args!("warning: no {what} `{name}` can be read{meant}; it is taken as written"))?;
            Ok(name)
        }
        found => found,
    }
}

/// The name that is known, or a failure that says which ones are.
pub(crate) fn configured<'a>(
    what: &str,
    given: &str,
    known: impl IntoIterator<Item = &'a Name>,
) -> Result<Name, Failure> {
    let known: std::collections::BTreeSet<&Name> = known.into_iter().collect();
    if let Some(name) = known.iter().find(|name| name.as_str() == given) {
        return Ok((*name).clone());
    }
    let failure = Failure::usage(format!("there is no {what} `{given}`"));
    let nearest = watchkeeper_config::nearest(given, known.iter().map(|name| name.as_str()));
    let all = || known.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
    match nearest {
        Some(name) => Err(failure.hint(format!("did you mean `{name}`?"))),
        None if known.is_empty() => Err(failure),
        None => Err(failure.hint(format!("there are: {}", all()))),
    }
}

/// A store that fails is unreachable; everything else is what people asked for.
pub(crate) fn refused(error: PeopleError) -> Failure {
    match error {
        PeopleError::Store(error) => Failure::unreachable(error),
        error @ PeopleError::NoSuch { .. } => {
            Failure::usage(error).hint("`watchkeeper incidents --all` and `watchkeeper handoffs` list the ids")
        }
        error => Failure::usage(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{exit::Exit, failure::Told, render::terminal::tests::on_paper};

    fn gates() -> [Name; 2] {
        ["cards", "loan-decisions"].map(|name| Name::parse(name).unwrap())
    }

    fn hint(given: &str) -> String {
        match configured("gate", given, &gates()).unwrap_err().told {
            Told::Error { hint, .. } => hint.unwrap(),
            told => panic!("{told:?}"),
        }
    }

    #[test]
    fn a_name_that_is_not_configured_gets_the_nearest_one_or_all() {
        assert_eq!(hint("loan-decision"), "did you mean `loan-decisions`?");
        assert_eq!(hint("x"), "there are: cards, loan-decisions");
    }

    #[test]
    fn an_unknown_name_is_taken_on_trust_only_where_names_may_be_missing() {
        let (mut terminal, _, err) = on_paper();
        assert!(named("gate", "card", gates().iter(), true, &mut terminal).is_err());
        assert_eq!(named("gate", "card", gates().iter(), false, &mut terminal).unwrap().as_str(), "card");
        let told = "warning: no gate `card` can be read (did you mean `cards`?); it is taken as written\n";
        assert_eq!(err.text(), told);
        assert!(named("gate", "No Name", gates().iter(), false, &mut terminal).is_err());
    }

    #[test]
    fn an_unknown_id_is_a_mistake_of_usage() {
        let error = PeopleError::NoSuch { what: "incident", given: "ff".to_owned() };
        assert_eq!(refused(error).exit, Exit::Usage);
    }
}
