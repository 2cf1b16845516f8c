//! The architecture's arrows: between crates as the build has them, between modules as their imports do.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};
use proc_macro2::{TokenStream, TokenTree};

use crate::bench::repository;

/// What each crate may depend on, of our own.
const ARROWS: &[(&str, &[&str])] = &[
    ("watchkeeper-model", &[]),
    ("watchkeeper-author", &["watchkeeper-config", "watchkeeper-model"]),
    ("watchkeeper-chart", &["watchkeeper-model"]),
    ("watchkeeper-config", &["watchkeeper-model"]),
    ("watchkeeper-engine", &["watchkeeper-model"]),
    ("watchkeeper-secret", &["watchkeeper-model"]),
    ("watchkeeper-net", &[]),
    ("watchkeeper-source", &["watchkeeper-engine", "watchkeeper-model", "watchkeeper-net", "watchkeeper-secret"]),
    ("watchkeeper-registry", &["watchkeeper-net"]),
    ("watchkeeper-plugin-host", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-action", &["watchkeeper-engine", "watchkeeper-model", "watchkeeper-net", "watchkeeper-secret"]),
    (
        "watchkeeper-notify",
        &["watchkeeper-chart", "watchkeeper-engine", "watchkeeper-model", "watchkeeper-net", "watchkeeper-secret"],
    ),
    ("watchkeeper-store", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-testkit", &["watchkeeper-engine", "watchkeeper-model"]),
    (
        "watchkeeper-server",
        &[
            "watchkeeper-chart",
            "watchkeeper-config",
            "watchkeeper-engine",
            "watchkeeper-model",
            "watchkeeper-net",
            "watchkeeper-store",
        ],
    ),
    ("watchkeeper-plugin", &["watchkeeper-plugin-derive"]),
    ("watchkeeper-plugin-derive", &[]),
    ("watchkeeper-tests", &[]),
    ("xtask", &["watchkeeper-author"]),
];

/// Who alone may name a package.
const HOMES: &[(&str, &[&str])] = &[
    ("datafusion", &["watchkeeper-source"]),
    ("wasmtime", &["watchkeeper-plugin-host"]),
    ("oci-client", &["watchkeeper-registry"]),
    ("sqlx", &["watchkeeper-action", "watchkeeper-store"]),
    ("zbus", &["watchkeeper-action"]),
    ("tokio-postgres", &["watchkeeper-source"]),
    ("rusqlite", &["watchkeeper-source"]),
    ("axum", &["watchkeeper-server"]),
    ("maud", &["watchkeeper-server"]),
    ("openidconnect", &["watchkeeper-server"]),
    ("prometheus-client", &["watchkeeper-server"]),
    ("lettre", &["watchkeeper-notify"]),
    ("slack-morphism", &["watchkeeper-notify"]),
    ("plotters", &["watchkeeper-chart"]),
    ("resvg", &["watchkeeper-chart"]),
];

/// The floors of the crates whose modules are many, from top to bottom: a module imports from lower floors only.
const FLOORS: &[(&str, &[&[&str]])] = &[
    (
        "engine",
        &[
            &["drill", "simulate"],
            &["clock", "engine"],
            &["watch"],
            &["verify"],
            &["decide", "steps", "trend"],
            &["evaluate", "outbox", "watched"],
            &["kept_run"],
            &["baseline", "compose", "evaluation", "in_hand", "reads", "supervise"],
            &["error", "retry"],
            &["health"],
            &["fault_points", "ports"],
        ],
    ),
    (
        "store",
        &[
            &["access", "ahead", "care", "lock", "people", "port", "settle", "undo", "watch"],
            &["baseline", "check", "copy", "ending", "kept_run", "prune", "read", "remedy", "trouble", "unreadable"],
            &["answer", "digest", "follow_up", "outbox", "together", "verify"],
            &["find", "step"],
            &["enqueue", "guard"],
            &["comment", "gate", "hold", "incident", "occurrence", "silence"],
            &["evaluation", "ledger", "listen", "membership", "open", "refusal", "replica", "risk"],
            &["columns", "store"],
            &["bells", "database", "me", "repeated", "waiting"],
            &["fault", "place"],
        ],
    ),
];

/// The normal and build dependencies of every crate of the workspace.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let metadata = MetadataCommand::new().no_deps().exec().expect("cargo metadata runs");
    let of = |package: &cargo_metadata::Package| {
        let kept = package.dependencies.iter().filter(|dependency| dependency.kind != DependencyKind::Development);
        kept.map(|dependency| dependency.name.clone()).collect()
    };
    metadata.packages.iter().map(|package| (package.name.to_string(), of(package))).collect()
}

#[test]
fn every_arrow_points_inward() {
    for (package, found) in dependencies() {
        let ours: BTreeSet<&str> = found.iter().map(String::as_str).filter(|name| is_ours(name)).collect();
        if package == "watchkeeper" {
            assert!(!ours.contains("watchkeeper-testkit"), "the binary must not carry test code");
            continue;
        }
        let (_, allowed) =
            ARROWS.iter().find(|(name, _)| *name == package).unwrap_or_else(|| panic!("{package} has no arrows here"));
        let wrong: Vec<_> = ours.iter().filter(|name| !allowed.contains(name)).collect();
        assert!(wrong.is_empty(), "{package} must not depend on {wrong:?}");
    }
}

fn is_ours(name: &str) -> bool {
    name == "watchkeeper" || name.starts_with("watchkeeper-")
}

#[test]
fn heavy_packages_stay_at_home() {
    for (package, found) in dependencies() {
        for (heavy, homes) in HOMES {
            let is_home = homes.contains(&package.as_str());
            assert!(!found.contains(*heavy) || is_home, "{package} names {heavy}, which is at home in {homes:?} alone");
        }
    }
}

#[test]
fn no_import_runs_back_up_inside_a_crate() {
    for (name, floors) in FLOORS {
        let folder = repository().join("crates").join(name).join("src");
        let floor = |module: &str| floors.iter().position(|floor| floor.contains(&module));
        for file in sources(&folder) {
            let module = module_of(&folder, &file);
            let Some(from) =
                module.as_deref().map(|module| floor(module).unwrap_or_else(|| panic!("{module}: no floor")))
            else {
                continue;
            };
            let text = fs::read_to_string(&file).expect("the file is read");
            let mut imported = BTreeSet::new();
            imports(text.parse().expect("it is Rust"), &mut imported);
            for import in imported.iter().filter(|import| Some(*import) != module.as_ref()) {
                let file = file.display();
                let to = floor(import);
                let to = to
                    .unwrap_or_else(|| panic!("{file} imports crate::{import}: import from the file that defines it"));
                assert!(to > from, "{file} imports {import}, which is not below it");
            }
        }
    }
}

/// Every source file in a folder and its folders.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder is read").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] }).collect()
}

/// The module of a crate that a file belongs to; `None` for the crate's root.
fn module_of(folder: &Path, file: &Path) -> Option<String> {
    let inside = file.strip_prefix(folder).expect("it lies in the folder");
    let module = Path::new(inside.components().next().expect("a name").as_os_str()).with_extension("");
    Some(module.display().to_string()).filter(|module| module != "lib")
}

/// What follows `crate::`, in paths and in groups of them.
fn imports(tokens: TokenStream, found: &mut BTreeSet<String>) {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            TokenTree::Ident(ident) if ident == "crate" => match tokens.get(index + 3) {
                Some(TokenTree::Ident(module)) => drop(found.insert(module.to_string())),
                Some(TokenTree::Group(group)) => found.extend(heads(group.stream())),
                _ => {}
            },
            TokenTree::Group(group) => imports(group.stream(), found),
            _ => {}
        }
    }
}

/// The first name of each path in a group.
fn heads(group: TokenStream) -> Vec<String> {
    let mut at_the_beginning = true;
    let mut found = Vec::new();
    for token in group {
        match &token {
            TokenTree::Ident(ident) if at_the_beginning => found.push(ident.to_string()),
            _ => {}
        }
        at_the_beginning = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == ',');
    }
    found
}
