//! Every example is a whole monitor, and lints without an error or a warning.

use std::{fs, path::Path, process::Command};

use serde_json::Value;

use crate::book::{binary, checks, page, read, repository, section};

/// The page's example, which must be one block of TOML.
fn example(check: &str) -> String {
    let page = read(&page(check));
    let (_, after) = section(&page, "Example").split_once("```toml\n").expect("the page has an example");
    after.split_once("```").expect("the example ends").0.to_owned()
}

fn copy(from: &Path, to: &Path, file: &str) {
    let target = to.join(file);
    fs::create_dir_all(target.parent().expect("a file lies in a folder")).expect("the folder is made");
    fs::copy(from.join(file), target).expect("the file is copied");
}

#[test]
fn every_example_lints() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workspace = repository().join("tests/docs/workspace");
    for file in ["config/watchkeeper.toml", "config/sources.toml"] {
        copy(&workspace, folder.path(), file);
    }
    for runbook in ["runbooks/pause-decisions.toml", "runbooks/restart-scoring.toml"] {
        copy(&workspace, folder.path(), runbook);
    }
    let monitors = folder.path().join("config/monitors");
    fs::create_dir_all(&monitors).expect("the folder is made");
    for check in checks() {
        let example = example(&check);
        assert!(example.contains(&format!("plugin = {check:?}")), "the example of {check} runs {check}");
        fs::write(monitors.join(format!("{check}.toml")), example).expect("the example is written");
    }
    let mut lint = Command::new(binary());
    let output = lint.arg("--workspace").arg(folder.path()).args(["lint", "--json"]).output();
    let output = output.expect("the binary starts");
    let found: Value = serde_json::from_slice(&output.stdout).expect("the findings are JSON");
    assert_eq!(found["diagnostics"], Value::Array(Vec::new()), "{found:#}");
}
