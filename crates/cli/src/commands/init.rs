//! `init`: writes a sample workspace that works.

mod with;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use crate::{
    args::{InitArgs, StartWith},
    exit::Exit,
    failure::Failure,
    place,
    render::terminal::Terminal,
};

/// Every file of the sample: where it goes and what it says.
const SAMPLE: [(&str, &str); 5] = [
    (place::MARK, include_str!("../../sample/config/watchkeeper.toml")),
    ("config/sources.toml", include_str!("../../sample/config/sources.toml")),
    ("config/monitors/application-nulls.toml", include_str!("../../sample/config/monitors/application-nulls.toml")),
    ("runbooks/missing-values.toml", include_str!("../../sample/runbooks/missing-values.toml")),
    ("data/applications.csv", include_str!("../../sample/data/applications.csv")),
];

/// What to try, in this order.
const NEXT: [(&str, &str); 7] = [
    ("watchkeeper lint", "no mistakes, and what each step guarantees"),
    ("watchkeeper check application-nulls --at 2026-01-15", "a good week"),
    ("watchkeeper check application-nulls --at 2026-01-22", "a bad one: one income in seven is missing"),
    ("watchkeeper drill application-nulls", "what would happen then"),
    ("watchkeeper drill application-nulls --execute", "the same for real, marked as a drill; mail goes to state/mail"),
    ("watchkeeper status", "the drill's incident, and the gate that is paused now"),
    ("watchkeeper open loan-decisions", "let decisions go on"),
];

/// Why there is no sample.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InitError {
    /// A file is in the way.
    #[error("{} is there already; init never overwrites anything", .0.display())]
    Exists(PathBuf),
    /// The folder or a file cannot be written.
    #[error("cannot write {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// What git leaves out: the store.
const IGNORED: &str = "/state/\n";

/// Writes the sample and says what to try.
pub(crate) fn run(args: &InitArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let failed = |error| Failure::usage(error).hint("name another folder: watchkeeper init DIR");
    for path in write_sample(&args.folder, &args.with).map_err(failed)? {
        terminal.line(format_args!("wrote {}", path.display()))?;
    }
    let ignore = args.folder.join(".gitignore");
    match ignore_state(&ignore).map_err(failed)? {
        true => terminal.line(format_args!("wrote {}", ignore.display()))?,
        false => terminal.line(format_args!("{} is there already: add /state/ to it", ignore.display()))?,
    }
    terminal.line(match args.folder == Path::new(".") {
        true => "\nTry:".to_owned(),
        false => format!("\nTry, in {}:", args.folder.display()),
    })?;
    for (command, shows) in NEXT {
        terminal.line(format_args!("  {command:<53} # {shows}"))?;
    }
    for with in &args.with {
        terminal.line(format_args!("Then {}.", with::to_do(*with)))?;
    }
    if !args.with.is_empty() {
        terminal.line("A runbook runs once a monitor names it: runbook = \"…\" under [monitor].")?;
    }
    terminal.line("Then put your own sources, monitors and runbooks beside these.")?;
    Ok(Exit::Fine)
}

/// Keeps the store out of version control; false when there is such a file already.
fn ignore_state(path: &Path) -> Result<bool, InitError> {
    if path.exists() {
        return Ok(false);
    }
    let written = fs::write(path, IGNORED);
    written.map(|()| true).map_err(|error| InitError::Write(path.to_owned(), error))
}

/// Looks at every path before anything is written, so that a refusal leaves the folder as it was.
pub(crate) fn write_sample(folder: &Path, with: &[StartWith]) -> Result<Vec<PathBuf>, InitError> {
    let files: Vec<(PathBuf, String)> =
        with::files(with).into_iter().map(|(path, text)| (folder.join(path), text)).collect();
    if let Some((there, _)) = files.iter().find(|(path, _)| path.exists()) {
        return Err(InitError::Exists(there.clone()));
    }
    for (path, text) in &files {
        let write = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            fs::write(path, text)
        };
        write().map_err(|error| InitError::Write(path.clone(), error))?;
    }
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn every_file_is_written_and_named() {
        let folder = tempfile::tempdir().unwrap();
        let (mut terminal, out, _) = on_paper();
        let args = InitArgs { folder: folder.path().join("new"), with: Vec::new() };
        assert_eq!(run(&args, &mut terminal).unwrap(), Exit::Fine);
        for (path, text) in SAMPLE {
            assert_eq!(fs::read_to_string(args.folder.join(path)).unwrap(), text);
            assert!(out.text().contains(path), "{path} is not named");
        }
    }

    #[test]
    fn the_store_is_kept_out_of_version_control() {
        let folder = tempfile::tempdir().unwrap();
        let (mut terminal, out, _) = on_paper();
        run(&InitArgs { folder: folder.path().join("new"), with: Vec::new() }, &mut terminal).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("new/.gitignore")).unwrap(), "/state/\n");
        fs::create_dir(folder.path().join("old")).unwrap();
        fs::write(folder.path().join("old/.gitignore"), "target\n").unwrap();
        run(&InitArgs { folder: folder.path().join("old"), with: Vec::new() }, &mut terminal).unwrap();
        assert_eq!(fs::read_to_string(folder.path().join("old/.gitignore")).unwrap(), "target\n");
        assert!(out.text().contains("add /state/ to it"), "{}", out.text());
    }

    #[test]
    fn nothing_is_overwritten_or_half_written() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/applications.csv"), "mine").unwrap();
        let (mut terminal, _, _) = on_paper();
        let args = InitArgs { folder: folder.path().to_owned(), with: Vec::new() };
        assert_eq!(run(&args, &mut terminal).unwrap_err().exit, Exit::Usage);
        assert_eq!(fs::read_to_string(folder.path().join("data/applications.csv")).unwrap(), "mine");
        assert!(!folder.path().join("config").exists());
    }
}
