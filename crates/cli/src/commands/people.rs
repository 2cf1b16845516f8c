//! What the people's commands share: an open workspace, and how a refusal is told.

use std::path::Path;

use watchkeeper_model::{Name, Workspace};
use watchkeeper_store::{PeopleError, SqliteStore};

use crate::{failure::Failure, render::terminal::Terminal, wiring};

/// A workspace and its store.
pub(crate) struct Opened {
    pub(crate) workspace: Workspace,
    pub(crate) store: SqliteStore,
}

/// Loads the configuration and opens the store.
pub(crate) async fn opened(folder: &Path, terminal: &mut Terminal) -> Result<Opened, Failure> {
    let workspace = wiring::configuration(folder, terminal).await?;
    let store = wiring::store(folder, &workspace).await?;
    Ok(Opened { workspace, store })
}

/// The name that is configured, or a failure that says which ones are.
pub(crate) fn configured<'a>(
    what: &str,
    given: &str,
    known: impl IntoIterator<Item = &'a Name>,
) -> Result<Name, Failure> {
    let known: Vec<&Name> = known.into_iter().collect();
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
    use crate::{exit::Exit, failure::Told};

    fn hint(given: &str) -> String {
        let gates = ["cards", "loan-decisions"].map(|name| Name::parse(name).unwrap());
        match configured("gate", given, &gates).unwrap_err().told {
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
    fn an_unknown_id_is_a_mistake_of_usage() {
        let error = PeopleError::NoSuch { what: "incident", given: "ff".to_owned() };
        assert_eq!(refused(error).exit, Exit::Usage);
    }
}
