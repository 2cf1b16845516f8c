//! Whole workspaces: those in `data/ok` load; of those in `data/err` every mistake is reported, as `expected.txt` says.
#![expect(clippy::unwrap_used, reason = "a test stops at the first thing that is not so")]

use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use watchkeeper_config::{
    Diagnostic, FileKind, Loaded, PluginFault, PluginManual, PluginMetric, PluginParam, Surroundings, json_schema,
    load, nearest,
};

fn manual(plugin: &str) -> Result<PluginManual, PluginFault> {
    let param = |name: &str, kind: &str, required| PluginParam {
        name: name.into(),
        doc: format!("What the author says of {name}."),
        kind: kind.into(),
        required,
        default: None,
    };
    let metric = |name: &str, labels: &[&str]| PluginMetric {
        name: name.into(),
        doc: String::new(),
        labels: labels.iter().map(|l| (*l).into()).collect(),
    };
    match plugin {
        "classification" => Ok(PluginManual {
            summary: String::new(),
            params: vec![
                param("label", "text", true),
                param("score", "text", true),
                param("decision", "text", false),
                param("threshold", "number", false),
            ],
            metrics: vec![metric("auc", &[]), metric("accuracy", &[]), metric("log_loss", &[])],
            needs_baseline: false,
        }),
        "drift" => Ok(PluginManual {
            summary: String::new(),
            params: vec![param("columns", "texts", false), param("profile", "text", false)],
            metrics: vec![metric("psi", &["column"])],
            needs_baseline: true,
        }),
        "null-rate" => Ok(PluginManual {
            summary: String::new(),
            params: vec![param("columns", "texts", false), param("nan_is_null", "flag", false)],
            metrics: vec![metric("null_rate", &["column"])],
            needs_baseline: false,
        }),
        "sql" => Ok(PluginManual { params: vec![param("query", "text", true)], ..PluginManual::default() }),
        other => Err(PluginFault {
            message: format!("there is no plugin `{other}`"),
            help: nearest(other, ["classification", "drift", "null-rate", "sql"])
                .map(|near| format!("did you mean `{near}`?")),
            is_there: false,
        }),
    }
}

fn load_with(folder: &Path, environment: &dyn Fn(&str) -> Option<OsString>) -> Result<Loaded, Vec<Diagnostic>> {
    load(folder, &mut Surroundings { manual: &mut manual, environment })
}

fn folders(kind: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(kind)).unwrap();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

fn lines(found: &[Diagnostic]) -> String {
    found.iter().map(|diagnostic| format!("{diagnostic}\n")).collect()
}

#[test]
fn good_workspaces_load() {
    for folder in folders("ok") {
        let loaded = load_with(&folder, &|name| (name == "SLACK_TOKEN").then(|| "x".into()));
        let loaded = loaded.unwrap_or_else(|found| panic!("{}:\n{}", folder.display(), lines(&found)));
        assert_eq!(lines(&loaded.findings), "", "{}", folder.display());
        assert!(!loaded.workspace.monitors.is_empty());
    }
}

/// `UPDATE_EXPECTED=1` writes the expectations anew; read the difference before it is committed.
#[test]
fn every_mistake_of_a_bad_workspace_is_reported() {
    for folder in folders("err") {
        let found = lines(&load_with(&folder, &|_| None).expect_err("it should not load"));
        let expected = folder.join("expected.txt");
        if std::env::var_os("UPDATE_EXPECTED").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        assert_eq!(found, fs::read_to_string(&expected).unwrap(), "{}", folder.display());
    }
}

#[test]
fn the_shipped_sample_workspace_loads() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let texts =
        ["label", "score", "decision", "target", "prediction", "column", "status", "level", "name", "value", "query"];
    let lists = [("columns", "texts"), ("quantiles", "numbers")];
    let mut any = |_: &str| -> Result<PluginManual, PluginFault> {
        let params = texts.map(|name| (name, "text")).into_iter().chain(lists);
        let param = |(name, kind): (&str, &str)| PluginParam {
            name: name.into(),
            doc: String::new(),
            kind: kind.into(),
            required: false,
            default: None,
        };
        Ok(PluginManual { params: params.map(param).collect(), ..PluginManual::default() })
    };
    let loaded = load(&root, &mut Surroundings { manual: &mut any, environment: &|_| None });
    let loaded = loaded.unwrap_or_else(|found| panic!("{}", lines(&found)));
    assert_eq!(lines(&loaded.findings), "");
}

#[test]
fn a_folder_without_a_workspace_says_how_to_make_one() {
    let folder = tempfile::tempdir().unwrap();
    let found = load_with(folder.path(), &|_| None).unwrap_err();
    assert_eq!(found.len(), 1, "{}", lines(&found));
    assert!(found[0].help.as_deref().unwrap().contains("watchkeeper init"));
}

#[test]
fn schemas_describe_every_key() {
    for (kind, word) in FileKind::ALL {
        let schema = json_schema(kind);
        for (name, object) in schema["$defs"].as_object().into_iter().flatten() {
            for (key, property) in object["properties"].as_object().into_iter().flatten() {
                assert!(property["description"].is_string(), "{word}: {name}.{key}");
            }
            assert_eq!(object["additionalProperties"], false, "{word}: {name}");
        }
    }
    assert!(json_schema(FileKind::Monitor)["properties"]["schedule"].is_object());
}
