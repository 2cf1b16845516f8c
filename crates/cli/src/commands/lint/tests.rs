use std::fs;

use watchkeeper_config::{PluginManual, PluginMetric, PluginParam, Surroundings};

use super::*;
use crate::{commands::init::write_sample, render::terminal::tests::on_paper};

/// What the standard check `null-rate` says of itself.
fn null_rate() -> PluginManual {
    let param = |name: &str, kind: &str| PluginParam {
        name: name.to_owned(),
        doc: String::new(),
        kind: kind.to_owned(),
        required: false,
        default: None,
    };
    PluginManual {
        summary: String::new(),
        params: vec![param("columns", "texts"), param("nan_is_null", "flag")],
        metrics: vec![PluginMetric {
            name: "null_rate".to_owned(),
            doc: String::new(),
            labels: vec!["column".to_owned()],
        }],
        needs_baseline: false,
    }
}

fn load(folder: &Path) -> Result<Loaded, Vec<Diagnostic>> {
    let mut manual = |plugin: &str| {
        assert_eq!(plugin, "null-rate");
        Ok(null_rate())
    };
    watchkeeper_config::load(folder, &mut Surroundings { manual: &mut manual, environment: &|_| None })
}

#[test]
fn the_sample_is_clean_and_its_first_step_is_exactly_once() {
    let folder = tempfile::tempdir().unwrap();
    write_sample(folder.path(), &[]).unwrap();
    let (mut terminal, out, _) = on_paper();
    assert_eq!(
        tell(&load(folder.path()), Vec::new(), Vec::new(), false, &mut terminal).unwrap(),
        Exit::Fine,
        "{}",
        out.text()
    );
    let expected = "\
no mistakes

RUNBOOK         STEP    ACTION  GUARANTEE  COUNT ON      DOES
missing-values  pause   gate    local      exactly once  pause gate loan-decisions
missing-values  reopen  gate    local      exactly once  open gate loan-decisions

RUNBOOK         ACTS BY ITSELF ON ONE TARGET, AT MOST  ALL RUNBOOKS TOGETHER
missing-values  3 in 1 h                               20 in 1 h
";
    assert_eq!(out.text(), expected);
}

#[test]
fn what_can_only_happen_once_says_so_first() {
    for guarantee in [Guarantee::Probe, Guarantee::Once] {
        assert!(promise(guarantee).starts_with("at most once: after a crash "), "{guarantee}");
    }
}

#[test]
fn a_mistake_is_a_finding_with_file_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    write_sample(folder.path(), &[]).unwrap();
    let path = folder.path().join("config/monitors/application-nulls.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text.replace("owner = \"data-team\"", "owner = \"data-taem\"")).unwrap();
    let (mut terminal, out, _) = on_paper();
    assert_eq!(tell(&load(folder.path()), Vec::new(), Vec::new(), false, &mut terminal).unwrap(), Exit::Finding);
    assert!(out.text().contains("config/monitors/application-nulls.toml:7:9"), "{}", out.text());
    assert!(out.text().contains("did you mean `data-team`?"), "{}", out.text());
    assert!(out.text().ends_with("1 error in 1 file\n"), "{}", out.text());
}
