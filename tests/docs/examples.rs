//! Every example is a whole monitor, and lints without an error or a warning.

use std::{fs, path::Path, process::Command};

use serde_json::Value;
use watchkeeper_author::Case;

use crate::book::{binary, checks, page, read, repository, section};

/// The page's example, which must be one block of TOML.
fn example(check: &str) -> String {
    let page = read(&page(check));
    let (_, after) = section(&page, "Example").split_once("```toml\n").expect("the page has an example");
    after.split_once("```").expect("the example ends").0.to_owned()
}

/// Puts a file, empty, at every path that the workspace's sources name: lint looks whether it is there.
fn lay_out_data(folder: &Path) {
    let sources = read(&folder.join("config/sources.toml"));
    let paths = sources.lines().filter_map(|line| line.strip_prefix("path = \"")?.split('"').next());
    for path in paths {
        let file = folder.join(path);
        fs::create_dir_all(file.parent().expect("a file lies in a folder")).expect("the folder is made");
        fs::write(file, "").expect("the file is written");
    }
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
    lay_out_data(folder.path());
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

/// Every block of TOML under a heading of a page, in order.
fn blocks(page: &str) -> Vec<String> {
    let blocks = page.split("```toml\n").skip(1).filter_map(|rest| rest.split_once("```"));
    blocks.map(|(block, _)| block.to_owned()).collect()
}

#[test]
fn what_the_book_says_of_guards_and_telling_lints() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workspace = repository().join("tests/docs/workspace");
    for file in ["config/sources.toml", "runbooks/pause-decisions.toml", "runbooks/restart-scoring.toml"] {
        copy(&workspace, folder.path(), file);
    }
    lay_out_data(folder.path());
    let page = |name: &str| read(&repository().join("docs/src").join(name));
    let [teams, escalation, maintenance] = &blocks(&page("telling.md"))[..] else { panic!("three examples") };
    let guard = blocks(&page("runbooks.md")).into_iter().find(|block| block.starts_with("[guard]"));
    let guard = guard.expect("an example of guards");
    let rest = "\n[team.platform-on-call]\nnotify = [\"mail-ops\"]\n[channel.slack-ml.console]\n[channel.mail-ml.console]\n\
                [channel.hook-on-call.console]\n[channel.mail-ops.console]\n[gate.loan-decisions]\n";
    let written = format!("{teams}{maintenance}{rest}");
    fs::write(folder.path().join("config/watchkeeper.toml"), written).expect("it is written");
    let runbook = read(&workspace.join("runbooks/pause-decisions.toml"));
    fs::write(folder.path().join("runbooks/pause-decisions.toml"), format!("{runbook}\n{guard}\n{escalation}"))
        .expect("it is written");
    let mut lint = Command::new(binary());
    let output =
        lint.arg("--workspace").arg(folder.path()).args(["lint", "--json"]).output().expect("the binary starts");
    let found: Value = serde_json::from_slice(&output.stdout).expect("the findings are JSON");
    assert_eq!(found["errors"], 0, "{found:#}");
}

#[test]
fn what_the_book_says_of_the_page_lints() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let workspace = repository().join("tests/docs/workspace");
    for file in ["config/sources.toml", "runbooks/pause-decisions.toml", "runbooks/restart-scoring.toml"] {
        copy(&workspace, folder.path(), file);
    }
    lay_out_data(folder.path());
    let written = blocks(&read(&repository().join("docs/src/web.md"))).concat();
    assert!(
        ["[web]", "[web.oidc]", "[web.proxy]", "[digest."].iter().all(|table| written.contains(table)),
        "{written}"
    );
    fs::create_dir(folder.path().join("secrets")).expect("a folder");
    fs::write(folder.path().join("secrets/oidc"), "a secret").expect("it is written");
    let main = read(&workspace.join("config/watchkeeper.toml"));
    let rest = "\n[team.business-analysts]\nnotify = [\"mail-business\"]\n[channel.mail-business.console]\n";
    fs::write(folder.path().join("config/watchkeeper.toml"), format!("{main}{rest}{written}")).expect("it is written");
    let mut lint = Command::new(binary());
    let output =
        lint.arg("--workspace").arg(folder.path()).args(["lint", "--json"]).output().expect("the binary starts");
    let found: Value = serde_json::from_slice(&output.stdout).expect("the findings are JSON");
    assert_eq!(found["errors"], 0, "{found:#}");
}

#[test]
fn the_case_in_the_book_can_be_read() {
    let page = read(&repository().join("docs/src/plugins.md"));
    let case = blocks(section(&page, "Cases")).into_iter().next().expect("the page has a case");
    let case = Case::parse(Path::new("tests/case.toml"), &case).unwrap_or_else(|fault| panic!("{fault}"));
    assert!(case.baseline.is_none() && case.history.len() == 1);
}
