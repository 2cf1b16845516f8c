//! `lint`: every mistake that can be known without running, and what each runbook step guarantees.

use std::path::Path;

use serde::Serialize;
use watchkeeper_config::{Diagnostic, DiagnosticSeverity, Loaded};
use watchkeeper_model::{Guarantee, Name, Runbook, Step, Workspace};

use crate::{
    args::ListingArgs,
    exit::Exit,
    failure::Failure,
    render::{
        diagnostics, json,
        table::{Table, cell},
        terminal::Terminal,
    },
    wiring,
};

/// What `lint --json` prints.
#[derive(Debug, Serialize)]
struct Findings {
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Finding>,
    steps: Vec<StepRow>,
}

/// One mistake.
#[derive(Debug, Serialize)]
struct Finding {
    severity: &'static str,
    message: String,
    file: String,
    line: usize,
    column: usize,
    label: String,
    help: Option<String>,
}

/// One step and what may be counted on.
#[derive(Debug, Serialize)]
struct StepRow {
    runbook: Name,
    step: Name,
    action: &'static str,
    guarantee: Guarantee,
    does: String,
}

/// Reports; errors are a finding, warnings are not.
pub(crate) fn run(folder: &Path, args: &ListingArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let loaded = wiring::load(folder)?;
    tell(&loaded, args.json, terminal)
}

fn tell(loaded: &Result<Loaded, Vec<Diagnostic>>, as_json: bool, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let (found, steps) = match loaded {
        Ok(loaded) => (&loaded.findings, steps(&loaded.workspace)),
        Err(mistakes) => (mistakes, Vec::new()),
    };
    if as_json {
        json::print(terminal, &findings(found, steps))?;
    } else {
        terminal.line(diagnostics::report(found, terminal.styled))?;
        if loaded.is_ok() {
            terminal.line("")?;
            table(&steps).print(terminal, "no runbooks")?;
        }
    }
    let mistaken = found.iter().any(|found| found.severity.is_mistake());
    Ok(if mistaken { Exit::Finding } else { Exit::Fine })
}

fn steps(workspace: &Workspace) -> Vec<StepRow> {
    let of = |runbook: &Runbook, step: &Step| StepRow {
        runbook: runbook.id.clone(),
        step: step.id.clone(),
        action: step.action.kind(),
        guarantee: step.action.guarantee(),
        does: step.action.summary(),
    };
    let runbooks = workspace.runbooks.values();
    runbooks
        .flat_map(|runbook| std::iter::once(&runbook.first).chain(&runbook.rest).map(move |s| of(runbook, s)))
        .collect()
}

fn table(steps: &[StepRow]) -> Table {
    let mut table = Table::new(&["RUNBOOK", "STEP", "ACTION", "GUARANTEE", "COUNT ON", "DOES"]);
    for step in steps {
        let (guarantee, promise) = (cell(step.guarantee), cell(promise(step.guarantee)));
        table.row([cell(&step.runbook), cell(&step.step), cell(step.action), guarantee, promise, cell(&step.does)]);
    }
    table
}

/// What may be counted on, in a few words.
fn promise(guarantee: Guarantee) -> &'static str {
    match guarantee {
        Guarantee::Local => "exactly once",
        Guarantee::Guarded => "once in effect: after a crash it is sent again, and the peer recognises it",
        Guarantee::Probe => "at most once: after a crash its trace is looked for, else its outcome is unknown",
        Guarantee::Once => "at most once: after a crash it is not repeated, and its outcome is unknown",
    }
}

fn findings(found: &[Diagnostic], steps: Vec<StepRow>) -> Findings {
    let errors = found.iter().filter(|found| found.severity.is_mistake()).count();
    Findings { errors, warnings: found.len() - errors, diagnostics: found.iter().map(finding).collect(), steps }
}

fn finding(found: &Diagnostic) -> Finding {
    let (line, column) = found.line_column();
    Finding {
        severity: match found.severity {
            DiagnosticSeverity::Error | DiagnosticSeverity::Broken => "error",
            DiagnosticSeverity::Warning => "warning",
        },
        message: found.message.clone(),
        file: found.path.display().to_string(),
        line,
        column,
        label: found.label.clone(),
        help: found.help.clone(),
    }
}

#[cfg(test)]
mod tests;
