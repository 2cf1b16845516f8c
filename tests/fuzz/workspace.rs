//! TOML files.

use std::{fs, path::Path};

use watchkeeper_config::{Diagnostic, outline};

use crate::fuzz;

const WORDS: &[&str] = &[
    "[[threshold]]\n",
    "[check]\n",
    "=",
    "\"\"\"",
    "'''",
    "{",
    "}",
    "[",
    "]",
    "\n",
    "\\u0000",
    "nan",
    "-inf",
    "1e999",
    "9223372036854775808",
    "1979-05-27",
    "\"1h\"",
    "\"../../..\"",
    "{monitor}",
    "{{",
    "# ",
    "\u{feff}",
    "\r",
    "id",
    "é",
];

/// Every file of a workspace with these words in it, mutated one at a time.
fn mutate_files(name: &'static str, folder: &str) {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("tests lie in the repository");
    let place = tempfile::tempdir().expect("a temporary folder");
    let mut texts = Vec::new();
    for part in ["config", "config/monitors", "runbooks"] {
        fs::create_dir_all(place.path().join(part)).expect("made");
        for entry in fs::read_dir(repository.join(part)).expect("the folder is read") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|end| end == "toml") {
                let text = fs::read(&path).expect("it is read");
                fs::write(place.path().join(part).join(path.file_name().expect("a name")), &text).expect("written");
                texts.extend((part == folder).then_some(text));
            }
        }
    }
    let mutated = place.path().join(folder).join(if folder == "config" { "watchkeeper.toml" } else { "mutated.toml" });
    fuzz(name, &texts, WORDS, |bytes| {
        fs::write(&mutated, bytes).expect("written");
        for mistake in outline(place.path()).mistakes {
            told(&mistake);
        }
    });
}

/// A mistake points into its file.
fn told(mistake: &Diagnostic) {
    assert!(!mistake.message.is_empty());
    assert!(mistake.span.start <= mistake.span.end && mistake.span.end <= mistake.source.len(), "{mistake:?}");
    assert!(mistake.source.is_char_boundary(mistake.span.start), "{mistake:?}");
    let (line, column) = mistake.line_column();
    assert!(line >= 1 && column >= 1);
}

#[test]
fn the_main_file() {
    mutate_files("main", "config");
}

#[test]
fn monitors() {
    mutate_files("monitors", "config/monitors");
}

#[test]
fn runbooks() {
    mutate_files("runbooks", "runbooks");
}
