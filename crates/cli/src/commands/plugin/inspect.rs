//! `plugin inspect`: what a component takes, measures, imports and costs.

use std::path::Path;

use serde::Serialize;
use watchkeeper_engine::ports::checker::{ManualMetric, ManualParam};
use watchkeeper_plugin_host::Inspected;

use super::{component, size};
use crate::{
    args::InspectArgs,
    exit::Exit,
    failure::Failure,
    render::{
        json, manual,
        table::{Table, cell},
        terminal::Terminal,
        text::harmless,
    },
    wiring,
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Printed<'a> {
    summary: &'a str,
    sha256: &'a str,
    bytes: u64,
    code_bytes: u64,
    interface: Option<&'a str>,
    imports: &'a [String],
    compile_ms: f64,
    run_us: f64,
    run_us_p99: f64,
    params: Vec<Param<'a>>,
    metrics: Vec<Metric<'a>>,
}

#[derive(Debug, Serialize)]
struct Param<'a> {
    name: &'a str,
    kind: &'a str,
    required: bool,
    default: Option<String>,
    doc: &'a str,
}

#[derive(Debug, Serialize)]
struct Metric<'a> {
    name: &'a str,
    unit: &'a str,
    labels: &'a [String],
    doc: &'a str,
}

/// Compiles it anew, runs it a few times, and prints.
pub(crate) async fn run(args: &InspectArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let plugin = component(&args.of.component)?;
    let found = wiring::host(Path::new("."))?.inspect(&plugin).await.map_err(Failure::usage)?;
    if args.json {
        json::print(terminal, &printed(&found))?;
    } else {
        print(&found, terminal)?;
    }
    Ok(Exit::Fine)
}

fn print(found: &Inspected, terminal: &mut Terminal) -> Result<(), Failure> {
    terminal.line(format_args!("{}\n", harmless(&found.manual.summary)))?;
    let mut params = Table::new(&["PARAM", "KIND", "DEFAULT", "MEANING"]);
    for ManualParam { name, doc, kind, required, default } in &found.manual.params {
        let default = match default {
            Some(default) => manual::toml(default),
            None if *required => "must be given".to_owned(),
            None => "none".to_owned(),
        };
        params.row([cell(name), cell(kind), cell(default), cell(doc)]);
    }
    params.print(terminal, "it takes no parameters")?;
    terminal.line("")?;
    let mut metrics = Table::new(&["METRIC", "UNIT", "LABELS", "MEANING"]);
    for ManualMetric { name, unit, doc, labels } in &found.manual.metrics {
        metrics.row([cell(name), cell(unit), cell(labels.join(", ")), cell(doc)]);
    }
    metrics.print(terminal, "its parameters name what it measures")?;
    terminal.line("")?;
    let us = |share: f64| found.within(share).as_secs_f64() * 1e6;
    let imports = if found.imports.is_empty() { "nothing".to_owned() } else { found.imports.join(", ") };
    let facts = [
        ("sha256", found.digest.clone()),
        ("size", format!("{}, compiled {}", size(found.bytes), size(found.code_bytes))),
        ("exports", found.interface.clone().unwrap_or_default()),
        ("imports", harmless(&imports)),
        ("compiling", format!("{:.0} ms", found.compile.as_secs_f64() * 1e3)),
        ("a run", format!("{:.0} us, 99 of 100 within {:.0} us: fresh, told its manual, and gone", us(0.5), us(0.99))),
    ];
    for (what, is) in facts {
        terminal.line(format_args!("{what:<10} {is}"))?;
    }
    Ok(())
}

fn printed(found: &Inspected) -> Printed<'_> {
    Printed {
        summary: &found.manual.summary,
        sha256: &found.digest,
        bytes: found.bytes,
        code_bytes: found.code_bytes,
        interface: found.interface.as_deref(),
        imports: &found.imports,
        compile_ms: found.compile.as_secs_f64() * 1e3,
        run_us: found.within(0.5).as_secs_f64() * 1e6,
        run_us_p99: found.within(0.99).as_secs_f64() * 1e6,
        params: found.manual.params.iter().map(param).collect(),
        metrics: found.manual.metrics.iter().map(metric).collect(),
    }
}

fn param(param: &ManualParam) -> Param<'_> {
    let default = param.default.as_ref().map(manual::toml);
    Param { name: &param.name, kind: &param.kind, required: param.required, default, doc: &param.doc }
}

fn metric(metric: &ManualMetric) -> Metric<'_> {
    Metric { name: &metric.name, unit: &metric.unit, labels: &metric.labels, doc: &metric.doc }
}
