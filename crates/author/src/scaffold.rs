//! A new project: the templates with the author's name in them, and the library of the language.

use std::{
    fs,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};

use crate::{fault::Fault, language::Language, project::Project};

static TEMPLATES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/templates");
static RUST_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../sdk/src");
static RUST_DERIVE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../sdk/derive/src");
static JAVASCRIPT_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../plugins/sdk/js");
static PYTHON_SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../plugins/sdk/python");

const CONTRACT: &str = include_str!("../../../plugins/wit/check.wit");

/// What the templates are called, and their type in Rust and Python.
const NAME: &str = "my-check";
const TYPE: &str = "MyCheck";
const NAME_CHARS_MAX: usize = 60;

/// Templates whose names would mean something where they lie.
const RENAMED: [(&str, &str); 2] = [("gitignore", ".gitignore"), ("vscode/extensions.json", ".vscode/extensions.json")];

/// Writes a project of this name into `folder`, which must not hold anything yet; gives the files, in order.
pub fn scaffold(language: Language, name: &str, folder: &Path) -> Result<(Project, Vec<PathBuf>), Fault> {
    refuse_name(name)?;
    if fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(Fault::new(format!("{} is there already, and not empty", folder.display()))
            .hint("name another folder with `--to DIR`"));
    }
    let mut files = files(language, name);
    files.sort();
    for (path, text) in &files {
        let path = folder.join(path);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(|error| Fault::write(&path, &error))?;
        fs::write(&path, text).map_err(|error| Fault::write(&path, &error))?;
    }
    Ok((Project::open(folder)?, files.into_iter().map(|(path, _)| path).collect()))
}

/// What a project needs before its first build, where it needs anything.
pub fn preparation(language: Language) -> Option<&'static str> {
    match language {
        Language::Rust => None,
        Language::JavaScript => Some("npm install"),
        Language::Python => Some("python3 -m venv .venv && .venv/bin/pip install -r requirements.txt"),
    }
}

fn refuse_name(name: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let starts = name.starts_with(|c: char| c.is_ascii_lowercase());
    if starts && name.chars().all(fits) && name.len() <= NAME_CHARS_MAX {
        return Ok(());
    }
    Err(Fault::new(format!("`{name}` cannot be a plugin's name"))
        .hint("begin with a letter; lower-case letters, digits and hyphens may follow, as in null-rate"))
}

fn files(language: Language, name: &str) -> Vec<(PathBuf, String)> {
    let source = match language {
        Language::Rust => "src/lib.rs",
        Language::JavaScript => "measure.js",
        Language::Python => "measure.py",
    };
    let prepare = preparation(language).map(|command| format!("{command}\n    ")).unwrap_or_default();
    let named = |text: &str| {
        let text = text.replace("@prepare@\n    ", &prepare).replace("@source@", source);
        text.replace(NAME, name).replace(TYPE, &type_name(name))
    };
    let templates = ["every", language.as_str()].into_iter().filter_map(|folder| TEMPLATES.get_dir(folder));
    let mut files: Vec<(PathBuf, String)> = templates
        .flat_map(|dir| texts(dir).map(|(path, text)| (renamed(&path, name), named(&text))).collect::<Vec<_>>())
        .collect();
    let sdk = |dir: &'static Dir<'_>, to: &str| {
        let to = PathBuf::from(to);
        texts(dir).map(move |(path, text)| (to.join(path), text)).collect::<Vec<_>>()
    };
    files.extend(match language {
        Language::Rust => [sdk(&RUST_SDK, "sdk/src"), sdk(&RUST_DERIVE, "sdk/derive/src")].concat(),
        Language::JavaScript => sdk(&JAVASCRIPT_SDK, "sdk"),
        Language::Python => sdk(&PYTHON_SDK, "sdk"),
    });
    files.retain(|(path, _)| !path.starts_with("sdk/wit"));
    files.push(("sdk/wit/check.wit".into(), CONTRACT.to_owned()));
    files
}

/// Every text of a folder and those below it, with its path in it.
fn texts<'a>(dir: &'a Dir<'a>) -> impl Iterator<Item = (PathBuf, String)> + 'a {
    let root = dir.path();
    all(dir).into_iter().filter_map(move |file| {
        let path = file.path().strip_prefix(root).ok()?.to_owned();
        Some((path, file.contents_utf8()?.to_owned()))
    })
}

fn all<'a>(dir: &'a Dir<'a>) -> Vec<&'a include_dir::File<'a>> {
    dir.files().chain(dir.dirs().flat_map(all)).collect()
}

fn renamed(path: &Path, name: &str) -> PathBuf {
    let path = RENAMED.iter().find(|(from, _)| path == Path::new(from)).map_or(path, |(_, to)| Path::new(to));
    PathBuf::from(path.to_string_lossy().replace(NAME, name))
}

/// `null-rate` as `NullRate`.
fn type_name(name: &str) -> String {
    let part = |part: &str| {
        let mut letters = part.chars();
        letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect::<String>()
    };
    name.split('-').map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_carries_its_name_its_contract_and_its_library() {
        let folder = tempfile::tempdir().expect("a folder");
        for (language, library) in Language::ALL.into_iter().zip(["src/lib.rs", "watchkeeper.js", "watchkeeper.py"]) {
            let to = folder.path().join(language.as_str());
            let (project, files) = scaffold(language, "late-rows", &to).expect("a project");
            assert_eq!((project.language, project.name.as_str()), (language, "late-rows"));
            for file in ["README.md", ".gitignore", "sdk/wit/check.wit", "tests/rows.toml", "example/late-rows.toml"] {
                assert!(files.contains(&PathBuf::from(file)), "{language}: {file} of {files:?}");
            }
            assert!(to.join("sdk").join(library).is_file(), "{language}");
            for file in files.iter().filter(|file| !file.starts_with("sdk")) {
                let text = fs::read_to_string(to.join(file)).expect("a text");
                let left =
                    ["my-check", "MyCheck", "@prepare@", "@source@"].into_iter().find(|word| text.contains(word));
                assert_eq!(left, None, "{language}: {}", file.display());
            }
        }
        assert!(scaffold(Language::Rust, "late-rows", &folder.path().join("rust")).is_err(), "nothing is overwritten");
    }

    #[test]
    fn the_library_a_project_carries_needs_what_ours_does() {
        let read =
            |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a manifest");
        let ours: toml::Table = read("../../Cargo.toml").parse().expect("TOML");
        for (manifest, own) in [
            ("templates/rust/sdk/Cargo.toml", "../sdk/Cargo.toml"),
            ("templates/rust/sdk/derive/Cargo.toml", "../sdk/derive/Cargo.toml"),
        ] {
            let table = |path| read(path).parse::<toml::Table>().expect("TOML");
            let (carried, own) = (table(manifest), table(own));
            let names = |table: &toml::Table| {
                table["dependencies"].as_table().expect("a table").keys().cloned().collect::<Vec<_>>()
            };
            assert_eq!(names(&carried), names(&own), "{manifest}");
            for (name, version) in carried["dependencies"].as_table().expect("a table") {
                let known = ours["workspace"]["dependencies"].get(name);
                assert!(known.is_none_or(|known| known == version), "{manifest}: {name}");
            }
        }
    }

    #[test]
    fn names_are_fit_for_files_and_crates() {
        assert_eq!(type_name("null-rate"), "NullRate");
        for name in ["", "Null", "-a", "a_b", "1a", "a/b"] {
            assert!(refuse_name(name).is_err(), "{name:?} passed");
        }
    }
}
