//! `cargo xtask peers FOLDER`: what is said to peers, validated against the documents their vendors publish.

use std::{collections::BTreeMap, fs, io, path::PathBuf, process::Command};

use anyhow::{Context, Result, ensure};

use crate::{finish, repository, say, target};

/// Every document, and the test binary that speaks to its peer.
const DOCUMENTS: [(&str, &str); 4] = [
    ("jira-cloud-v3.openapi.json", "actions"),
    ("slack-web.openapi2.json", "notify"),
    ("pagerduty-events-v2.openapi.json", "notify"),
    ("openfeature-ofrep.openapi.yaml", "it"),
];

/// Builds the validator, runs the tests that speak to peers, and tells how much was validated of every operation.
pub(crate) fn run(folder: Option<&str>) -> Result<()> {
    let folder = documents(folder.context("which folder? cargo xtask peers FOLDER")?)?;
    validator()?;
    let counted = target().join("peers-counted.txt");
    match fs::remove_file(&counted) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("cannot remove {}", counted.display()));
        }
        _ => {}
    }
    let mut tests = Command::new("cargo");
    tests.args(["test", "--workspace", "--no-fail-fast"]);
    tests.args(DOCUMENTS.iter().flat_map(|(_, binary)| ["--test", binary]));
    tests.env("WATCHKEEPER_PEERS", &folder).env("WATCHKEEPER_PEERS_COUNTED", &counted).current_dir(repository());
    finish(&mut tests)?;
    let lines = fs::read_to_string(&counted).context("nothing was validated: the tests noted nothing")?;
    tell(&lines)
}

/// The folder, absolute because tests run in folders of their own, with every document in it.
fn documents(folder: &str) -> Result<PathBuf> {
    let folder = fs::canonicalize(folder).with_context(|| format!("cannot open the folder {folder}"))?;
    for (document, _) in DOCUMENTS {
        ensure!(
            folder.join(document).is_file(),
            "{document} is not in {}; crates/testkit/README.md says where it comes from",
            folder.display()
        );
    }
    Ok(folder)
}

/// Builds the validator, in the target folder of its own where the tests look for it.
fn validator() -> Result<()> {
    finish(in_validator(&mut Command::new("cargo")).args(["build", "--quiet"]))
}

/// Lets a command run in the validator's workspace.
pub(crate) fn in_validator(command: &mut Command) -> &mut Command {
    command.current_dir(repository().join("crates/testkit/peers")).env_remove("CARGO_TARGET_DIR")
}

/// Counts the lines; a document that nothing was validated against is a failure, not a success.
fn tell(lines: &str) -> Result<()> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    lines.lines().for_each(|line| *counts.entry(line).or_default() += 1);
    for (line, count) in &counts {
        say(&format!("{count:4} {}", line.replace('\t', "  ")));
    }
    for (document, binary) in DOCUMENTS {
        let any = counts.keys().any(|line| line.starts_with(document));
        ensure!(any, "nothing was validated against {document}: do the tests of `{binary}` still note what they see?");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_nothing_was_validated_against_is_a_failure() {
        let lines = DOCUMENTS.map(|(document, _)| format!("{document}\trequest\tGET /a\n"));
        assert!(tell(&lines.concat()).is_ok());
        let error = tell(&lines[..2].concat()).unwrap_err().to_string();
        assert!(error.contains(DOCUMENTS[2].0), "{error}");
        assert!(tell("").is_err());
    }
}
