//! `cargo xtask examples`: the examples for plugin authors, built and tested as an author would, and a new project of each
//! language.

use std::{
    env, fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result, ensure};

use crate::{debian, finish, plugins, repository, say, target, venv};

const LANGUAGES: [&str; 3] = ["rust", "js", "python"];

/// Runs `watchkeeper plugin test` in each.
pub(crate) fn run() -> Result<()> {
    let examples = repository().join("plugins/examples/gini");
    plugins::provide_toolchain(&examples)?;
    ensure!(
        debian::on_path("node") || debian::install(&["nodejs", "npm"]),
        "the JavaScript example needs Node.js and npm; on Debian `apt-get install nodejs npm` as root"
    );
    let place = target().join("examples");
    // What both Rust projects are built of is built once.
    fs::create_dir_all(place.join(".cargo"))?;
    fs::write(place.join(".cargo/config.toml"), "[build]\ntarget-dir = \"cargo\"\n")?;
    let python = venv::provide(&target().join("componentize-venv"), &examples.join("python/requirements.txt"))?;
    let tools = python.parent().context("the environment has a folder of programs")?;
    for language in LANGUAGES {
        let example = place.join(format!("gini-{language}"));
        copy(&examples.join(language), &example)?;
        test(&example, language, &place, tools)?;
        let new = place.join(format!("new-{language}"));
        if new.exists() {
            fs::remove_dir_all(&new)?;
        }
        let mut begin = watchkeeper();
        finish(begin.args(["plugin", "new", "--lang", language, "late-rows", "--to"]).arg(&new))?;
        test(&new, language, &place, tools)?;
    }
    Ok(())
}

/// Tests a project, with the tools of the chore.
fn test(project: &Path, language: &str, place: &Path, tools: &Path) -> Result<()> {
    say(&format!("testing {}", project.display()));
    if language == "js" {
        // The modules lie above all projects, where node looks for them as well; the tool's own file has to be there.
        provide_modules(project, place)?;
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths(std::iter::once(tools.to_owned()).chain(env::split_paths(&path)))?;
    finish(watchkeeper().args(["plugin", "test"]).arg(project).env("PATH", path))
}

/// The project's modules, installed once for all.
fn provide_modules(project: &Path, place: &Path) -> Result<()> {
    let (modules, wanted) = (place.join("npm"), fs::read_to_string(project.join("package.json"))?);
    let pinned = |text: &str| text.lines().filter(|line| line.contains("componentize-js")).collect::<String>();
    let installed = fs::read_to_string(modules.join("package.json")).unwrap_or_default();
    if pinned(&installed) != pinned(&wanted) || !modules.join("node_modules").is_dir() {
        fs::create_dir_all(&modules)?;
        fs::write(modules.join("package.json"), &wanted)?;
        finish(Command::new("npm").args(["install", "--silent", "--no-audit", "--no-fund"]).current_dir(&modules))?;
    }
    let link = project.join("node_modules");
    match fs::remove_file(&link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    Ok(std::os::unix::fs::symlink(modules.join("node_modules"), link)?)
}

fn watchkeeper() -> Command {
    Command::new(target().join("debug/watchkeeper"))
}

/// Copies a project with what its links lead to: an engine may not look beyond its folder. What was built stays.
fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let path = entry?.path();
        let (name, to) = (path.file_name().unwrap_or_default(), to.join(path.file_name().unwrap_or_default()));
        if ["target", "dist", "node_modules", ".venv"].iter().any(|built| name == *built) {
            continue;
        }
        match path.is_dir() {
            true => copy(&path, &to)?,
            false if name == "Cargo.toml" => fs::write(&to, absolute(&path)?)?,
            false => drop(fs::copy(&path, &to)?),
        }
    }
    Ok(())
}

/// A manifest whose library is found from anywhere.
fn absolute(manifest: &Path) -> Result<String> {
    let library: PathBuf = repository().join("crates/sdk");
    Ok(fs::read_to_string(manifest)?.replace("../../../../crates/sdk", &library.to_string_lossy()))
}
