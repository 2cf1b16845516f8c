//! Whether a local path of a source holds any file: a file, a folder with files under it, or a pattern with `*` and `?`
//! that matches within folders.

use std::{
    fs,
    path::{Component, Path, PathBuf},
};

/// Whether at least one file is there.
pub(crate) fn any_file(path: &Path) -> bool {
    let parts: Vec<Component<'_>> = path.components().collect();
    match parts.iter().position(|part| is_pattern(&text(*part))) {
        None => path.is_file() || holds_file(path),
        Some(first) => {
            let (above, patterns) = parts.split_at(first);
            any_match(&above.iter().collect::<PathBuf>(), &patterns.iter().map(|p| text(*p)).collect::<Vec<_>>())
        }
    }
}

fn text(part: Component<'_>) -> String {
    part.as_os_str().to_string_lossy().into_owned()
}

fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?'])
}

/// Whether a file under `folder` matches the patterns, one a level.
fn any_match(folder: &Path, patterns: &[String]) -> bool {
    let Some((pattern, rest)) = patterns.split_first() else { return folder.is_file() };
    let fits = |path: &PathBuf| path.file_name().is_some_and(|name| matches(pattern, &name.to_string_lossy()));
    entries(folder).filter(fits).any(|path| any_match(&path, rest))
}

/// Whether a folder holds a file at any depth; hidden ones are left out, as they are when it is read.
fn holds_file(folder: &Path) -> bool {
    let hidden = |path: &PathBuf| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(['.', '_']));
    // A link to a folder is not followed: it may lead back here.
    let deeper = |path: &Path| path.is_dir() && !path.is_symlink() && holds_file(path);
    entries(folder).filter(|path| !hidden(path)).any(|path| path.is_file() || deeper(&path))
}

/// What lies in a folder; nothing where there is none.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path())
}

/// Whether a text matches a pattern in which `*` stands for any run of characters and `?` for one.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.chars().next() {
        None => text.is_empty(),
        Some('*') => {
            let rest = &pattern[1..];
            text.char_indices().map(|(at, _)| at).chain([text.len()]).any(|at| matches(rest, &text[at..]))
        }
        Some(wanted) => {
            let mut found = text.chars();
            let first = found.next().is_some_and(|c| wanted == '?' || wanted == c);
            first && matches(&pattern[wanted.len_utf8()..], found.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_patterns_are_found_or_not() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("scores/2026")).unwrap();
        fs::create_dir_all(folder.path().join("empty")).unwrap();
        fs::write(folder.path().join("scores/2026/a.csv"), "").unwrap();
        fs::write(folder.path().join("empty/_hidden"), "").unwrap();
        let there = ["scores/2026/a.csv", "scores", "scores/*/a.csv", "scores/????/*.csv", "./scores/20*/?.csv"];
        let not = ["scores/b.csv", "empty", "scores/*.csv", "scores/???/*.csv", "gone/*.csv", "gone"];
        for path in there {
            assert!(any_file(&folder.path().join(path)), "{path}");
        }
        for path in not {
            assert!(!any_file(&folder.path().join(path)), "{path}");
        }
    }
}
