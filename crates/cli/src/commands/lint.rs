//! `lint`: every mistake that can be known without running, and what each runbook step guarantees.

mod live;

use std::path::Path;

use serde::Serialize;
use watchkeeper_config::{Diagnostic, DiagnosticSeverity, Loaded};
use watchkeeper_model::{Budget, Guarantee, Name, Runbook, Step, Workspace};

use self::live::Answered;
use crate::{
    args::LintArgs,
    commands::understood::{self, FileRow},
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
    /// The budgets of each runbook.
    budgets: Vec<BudgetRow>,
    /// How text files were understood.
    files: Vec<FileRow>,
    /// What peers and the store answered; empty without `--live` and `--store`.
    live: Vec<Answered>,
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

/// How far a runbook may act by itself.
#[derive(Debug, Serialize)]
struct BudgetRow {
    runbook: Name,
    per_target: Option<String>,
    global: Option<String>,
}

/// Reports; errors are a finding, warnings are not. A peer that does not answer as it should is a finding too.
pub(crate) async fn run(folder: &Path, args: &LintArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let loaded = wiring::load(folder)?;
    let (files, answered) = match &loaded {
        Ok(Loaded { workspace, .. }) => (
            understood::files(folder, workspace, workspace.sources.keys()).await,
            live::ask(folder, workspace, args).await,
        ),
        Err(_) => (Vec::new(), Vec::new()),
    };
    tell(&loaded, files, answered, args.json, terminal)
}

fn tell(
    loaded: &Result<Loaded, Vec<Diagnostic>>,
    files: Vec<FileRow>,
    answered: Vec<Answered>,
    as_json: bool,
    terminal: &mut Terminal,
) -> Result<Exit, Failure> {
    let (found, steps, budgets) = match loaded {
        Ok(loaded) => (&loaded.findings, steps(&loaded.workspace), budgets(&loaded.workspace)),
        Err(mistakes) => (mistakes, Vec::new(), Vec::new()),
    };
    let silent = answered.iter().any(|answered| !answered.ok);
    if as_json {
        json::print(terminal, &findings(found, steps, budgets, files, answered))?;
    } else {
        terminal.line(diagnostics::report(found, terminal.styled))?;
        if loaded.is_ok() {
            terminal.line("")?;
            table(&steps).print(terminal, "no runbooks")?;
            terminal.line("")?;
            budget_table(&budgets).print(terminal, "no budgets")?;
            if !files.is_empty() {
                terminal.line("")?;
                understood::table(&files).print(terminal, "no text files")?;
            }
        }
        if !answered.is_empty() {
            terminal.line("")?;
            live::table(&answered).print(terminal, "nobody was asked")?;
        }
    }
    let mistaken = found.iter().any(|found| found.severity.is_mistake());
    Ok(if mistaken || silent { Exit::Finding } else { Exit::Fine })
}

fn budgets(workspace: &Workspace) -> Vec<BudgetRow> {
    let told = |budget: &Option<Budget>| budget.as_ref().map(ToString::to_string);
    let of = |runbook: &Runbook| BudgetRow {
        runbook: runbook.id.clone(),
        per_target: told(&runbook.guard.per_target),
        global: told(&runbook.guard.global),
    };
    workspace.runbooks.values().map(of).collect()
}

fn budget_table(budgets: &[BudgetRow]) -> Table {
    let mut table = Table::new(&["RUNBOOK", "ACTS BY ITSELF ON ONE TARGET, AT MOST", "ALL RUNBOOKS TOGETHER"]);
    for row in budgets {
        let told = |budget: &Option<String>| cell(budget.as_deref().unwrap_or("-"));
        table.row([cell(&row.runbook), told(&row.per_target), told(&row.global)]);
    }
    table
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

fn findings(
    found: &[Diagnostic],
    steps: Vec<StepRow>,
    budgets: Vec<BudgetRow>,
    files: Vec<FileRow>,
    live: Vec<Answered>,
) -> Findings {
    let errors = found.iter().filter(|found| found.severity.is_mistake()).count();
    let diagnostics = found.iter().map(finding).collect();
    Findings { errors, warnings: found.len() - errors, diagnostics, steps, budgets, files, live }
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
