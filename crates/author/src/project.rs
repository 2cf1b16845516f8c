//! An author's project: a folder with one check in one language.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{fault::Fault, language::Language};

/// A folder with one check.
#[derive(Debug, Clone)]
pub struct Project {
    /// Where it is.
    pub folder: PathBuf,
    /// What it is written in.
    pub language: Language,
    /// What it is called, as its manifest says.
    pub name: String,
}

impl Project {
    /// The project in `folder`, told by its manifest.
    pub fn open(folder: &Path) -> Result<Self, Fault> {
        let language = Language::ALL.into_iter().find(|language| folder.join(language.manifest()).is_file());
        let Some(language) = language else {
            let manifests = Language::ALL.map(Language::manifest).join(", ");
            let none = format!("{} is no plugin's project: it has none of {manifests}", folder.display());
            return Err(Fault::new(none).hint("begin one with `watchkeeper plugin new --lang rust NAME`"));
        };
        let manifest = folder.join(language.manifest());
        let text = fs::read_to_string(&manifest).map_err(|error| Fault::read(&manifest, &error))?;
        let name = named(language, &text)
            .ok_or_else(|| Fault::new(format!("{} does not say what the project is called", manifest.display())))?;
        Ok(Self { folder: folder.to_owned(), language, name })
    }

    /// Where its component is put.
    pub fn component(&self) -> PathBuf {
        self.folder.join("dist").join(format!("{}.wasm", self.name))
    }

    /// Where its cases are.
    pub fn cases(&self) -> PathBuf {
        self.folder.join("tests")
    }
}

/// The name that a manifest gives, where it can be read and is fit for a file's.
fn named(language: Language, manifest: &str) -> Option<String> {
    let name = match language {
        Language::Rust => manifest.parse::<toml::Table>().ok()?.get("package")?.get("name")?.as_str()?.to_owned(),
        Language::Python => manifest.parse::<toml::Table>().ok()?.get("project")?.get("name")?.as_str()?.to_owned(),
        Language::JavaScript => {
            serde_json::from_str::<serde_json::Value>(manifest).ok()?.get("name")?.as_str()?.to_owned()
        }
    };
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    (!name.is_empty() && name.chars().all(fits)).then_some(name)
}
