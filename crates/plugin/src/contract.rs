//! The contract by its names: what a check may import, and which versions run here.

use crate::fault::Fault;

const PACKAGE: &str = "watchkeeper:check";
/// The newest version that this host knows; it is the one in `plugins/wit/check.wit`, as a test holds.
const VERSION: &str = "1.0.0";
const ALLOWED: [&str; 4] =
    ["watchkeeper:check/types", "watchkeeper:check/data", "watchkeeper:check/log", "watchkeeper:check/history"];

/// Whether an import is one of the contract's; its version is told elsewhere.
pub(crate) fn allows(import: &str) -> bool {
    ALLOWED.contains(&import.split('@').next().unwrap_or(import))
}

/// Refuses a component of a later version of the same contract. An earlier one runs, because a contract only grows; of
/// another contract the linker says what is missing.
pub(crate) fn refuse_newer<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), Fault> {
    let known = parts(VERSION);
    let of_contract = names.filter_map(|name| name.strip_prefix(PACKAGE)?.split_once('@').map(|(_, version)| version));
    let newer =
        |version: &&str| parts(version).zip(known).is_some_and(|(built, known)| built.0 == known.0 && built > known);
    match of_contract.filter(newer).max_by_key(|version| parts(version)) {
        Some(built) => Err(Fault::Newer { package: PACKAGE, built: built.to_owned(), known: VERSION }),
        None => Ok(()),
    }
}

fn parts(version: &str) -> Option<(u64, u64, u64)> {
    let mut parts = version.splitn(3, '.').map(str::parse);
    Some((parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(names: &[&str]) -> Option<String> {
        refuse_newer(names.iter().copied()).err().map(|fault| fault.to_string())
    }

    #[test]
    fn the_version_is_the_contract_s() {
        let contract = include_str!("../../../plugins/wit/check.wit");
        assert!(contract.contains(&format!("package {PACKAGE}@{VERSION};")));
    }

    #[test]
    fn later_versions_of_the_same_contract_are_refused_in_words() {
        assert_eq!(refused(&["watchkeeper:check/data@1.0.0", "watchkeeper:check/plugin@1.0.0"]), None);
        let said = refused(&["watchkeeper:check/data@1.1.0", "watchkeeper:check/plugin@1.0.1"]).expect("it is refused");
        assert!(
            said.contains("built for watchkeeper:check@1.1.0, and this host knows watchkeeper:check@1.0.0"),
            "{said}"
        );
        assert_eq!(refused(&["watchkeeper:check/data@2.0.0", "wasi:cli/run@1.9.0"]), None);
    }
}
