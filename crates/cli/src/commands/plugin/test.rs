//! `plugin test`: every case of a project, with what differs.

use std::{path::absolute, time::Duration};

use tokio::time::Instant;
use watchkeeper_author::{Case, Ending, Project, build, cases, differences};
use watchkeeper_engine::ports::{
    checker::{CheckOutcome, Checker},
    memory::Memory,
};
use watchkeeper_plugin_host::Host;

use super::{case, failed, shown, size};
use crate::{args::TestPluginArgs, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// A case that is too slow is tried so often before it is said to be: other programs run as well.
const TRIES: u32 = 3;
/// More than any budget: what ends at a budget says only that it was passed, and not by how much.
const MEMORY: u64 = 2 << 30;

/// Builds, runs, and tells each case.
pub(crate) async fn run(args: &TestPluginArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let project = Project::open(&args.project.folder).map_err(failed)?;
    let component = build::build(&project).map_err(failed)?;
    terminal.line(format_args!("built {}, {}", shown(&project.component()), size(component.len() as u64)))?;
    let cases = cases(&project.cases(), args.filter.as_deref()).map_err(failed)?;
    if cases.is_empty() {
        return Err(Failure::usage(format!("there is no such case in {}", project.cases().display())));
    }
    let host = wiring::host(&project.folder)?;
    let plugin = absolute(project.component())?.to_string_lossy().into_owned();
    // Compiled before anything is timed.
    host.manual(&plugin).await.map_err(Failure::usage)?;
    let mut wrong = 0;
    for case in &cases {
        let ran = ran(&host, &plugin, case).await?;
        let file = shown(&case.path);
        match ran.faults.is_empty() {
            true => terminal.line(format_args!("ok    {file}  {}", ran.cost))?,
            false => terminal.line(format_args!("FAIL  {file}  {}", ran.cost))?,
        }
        for fault in &ran.faults {
            terminal.line(format_args!("      {fault}"))?;
        }
        wrong += usize::from(!ran.faults.is_empty());
    }
    terminal.line(format_args!("{} passed, {wrong} failed", cases.len() - wrong))?;
    Ok(if wrong == 0 { Exit::Fine } else { Exit::Finding })
}

/// What came of a case.
struct Ran {
    cost: String,
    faults: Vec<String>,
}

async fn ran(host: &Host, plugin: &str, case: &Case) -> Result<Ran, Failure> {
    let (mut least, mut tries) = (Duration::MAX, 0);
    loop {
        let memory = Memory::new(MEMORY);
        let request = case::request(plugin, case, &memory).await?;
        let began = Instant::now();
        let outcome = host.check(request).await;
        least = least.min(began.elapsed());
        tries += 1;
        if least > case.budget.time && tries < TRIES {
            continue;
        }
        let cost = format!("{:.1} ms, {}", least.as_secs_f64() * 1e3, size(memory.peak()));
        let mut faults = faults(&case.ending, outcome);
        faults.extend(passed(case, least, memory.peak()));
        return Ok(Ran { cost, faults });
    }
}

/// The budgets that were passed, and by how much.
fn passed(case: &Case, time: Duration, memory: u64) -> Vec<String> {
    let (most, budget) = (case.budget.memory, case.budget.time);
    let slow = (time > budget).then(|| {
        let times = time.as_secs_f64() / budget.as_secs_f64();
        format!("its time of {budget:?} was passed: the best of {TRIES} runs took {times:.1} times as long")
    });
    let large = (memory > most).then(|| {
        format!("its memory of {} was passed by {}: it held {}", size(most), size(memory - most), size(memory))
    });
    slow.into_iter().chain(large).collect()
}

fn faults(ending: &Ending, outcome: CheckOutcome) -> Vec<String> {
    let told = |outcome: CheckOutcome| match outcome {
        CheckOutcome::Measured(measured) => counted(measured.len()),
        CheckOutcome::NoData(reason) => format!("no data: {reason}"),
        CheckOutcome::Failed(message) | CheckOutcome::Unread(message) => format!("an error: {message}"),
    };
    match (ending, outcome) {
        (Ending::Measured(expected), CheckOutcome::Measured(measured)) => {
            differences(expected, &measured).iter().map(ToString::to_string).collect()
        }
        (Ending::NoData(words), CheckOutcome::NoData(reason)) if reason.contains(words) => Vec::new(),
        (Ending::Error(words), CheckOutcome::Failed(reason)) if reason.contains(words) => Vec::new(),
        (Ending::Measured(expected), other) => {
            vec![format!("expected {}, and there was {}", counted(expected.len()), told(other))]
        }
        (Ending::NoData(words), other) => {
            vec![format!("expected no data with `{words}`, and there was {}", told(other))]
        }
        (Ending::Error(words), other) => {
            vec![format!("expected an error with `{words}`, and there was {}", told(other))]
        }
    }
}

fn counted(measurements: usize) -> String {
    if measurements == 1 { "1 measurement".to_owned() } else { format!("{measurements} measurements") }
}
