//! The architecture's arrows, read from the build itself.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, MetadataCommand};

/// What each crate may depend on, of our own.
const ARROWS: &[(&str, &[&str])] = &[
    ("watchkeeper-model", &[]),
    ("watchkeeper-chart", &["watchkeeper-model"]),
    ("watchkeeper-config", &["watchkeeper-model"]),
    ("watchkeeper-engine", &["watchkeeper-model"]),
    ("watchkeeper-source", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-plugin-host", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-action", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-notify", &["watchkeeper-chart", "watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-store", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-testkit", &["watchkeeper-engine", "watchkeeper-model"]),
    ("watchkeeper-server", &["watchkeeper-engine", "watchkeeper-model", "watchkeeper-store"]),
    ("watchkeeper-plugin", &["watchkeeper-plugin-derive"]),
    ("watchkeeper-plugin-derive", &[]),
    ("watchkeeper-tests", &[]),
    ("xtask", &[]),
];

/// Who alone may name a package.
const HOMES: &[(&str, &str)] = &[
    ("datafusion", "watchkeeper-source"),
    ("wasmtime", "watchkeeper-plugin-host"),
    ("sqlx", "watchkeeper-store"),
    ("tokio-postgres", "watchkeeper-source"),
    ("rusqlite", "watchkeeper-source"),
    ("axum", "watchkeeper-server"),
    ("lettre", "watchkeeper-notify"),
    ("slack-morphism", "watchkeeper-notify"),
    ("plotters", "watchkeeper-chart"),
    ("resvg", "watchkeeper-chart"),
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
fn heavy_packages_stay_in_their_one_crate() {
    for (package, found) in dependencies() {
        for (heavy, home) in HOMES {
            assert!(!found.contains(*heavy) || package == *home, "{package} names {heavy}, which is {home}'s alone");
        }
    }
}
