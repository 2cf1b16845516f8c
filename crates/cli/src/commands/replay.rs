//! `replay`: runs a check again on what it was answered then, and says what differs.

use std::{collections::BTreeMap, path::Path};

use serde::Serialize;
use watchkeeper_engine::{
    ports::{checker::Checker, replay::Ended, replay::KeptRun},
    run_again,
};
use watchkeeper_model::{Labels, Name, Series};

use crate::{
    args::ReplayArgs,
    exit::Exit,
    failure::Failure,
    render::{
        json,
        terminal::Terminal,
        text::{harmless, utc},
    },
    stored::StoreAt,
    wiring,
};

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Replayed {
    monitor: Name,
    at: String,
    then: String,
    now: String,
    same: bool,
    differences: Vec<String>,
    log: Vec<String>,
}

/// Runs it again and compares.
pub(crate) async fn run(folder: &Path, args: &ReplayArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let outline = watchkeeper_config::outline(folder);
    let none = |what: &str| Failure::usage(format!("no run of `{}` {what} is kept", args.monitor));
    let monitor = Name::parse(&args.monitor).map_err(|_| none(""))?;
    let store = StoreAt::outlined(folder, &outline).open_to_read().await?;
    let kept = store.kept_run(&monitor, args.at).await.map_err(Failure::unreachable)?;
    store.close().await;
    let Some(kept) = kept else {
        let what = args.at.map_or_else(|| "that did not end well".to_owned(), |at| format!("at {}", utc(at)));
        return Err(none(&what).hint(format!(
            "the newest runs that were not ok are kept; `watchkeeper check {monitor} --at TIME` reads the data anew"
        )));
    };
    let host = wiring::host(folder)?;
    let (now, log) = run_again(&kept, &host).await.map_err(Failure::internal)?;
    let differences = differences(&kept, &now, host.digest(&kept.plugin).as_deref());
    let same = kept.ended == now;
    let told = Replayed {
        at: utc(kept.at),
        then: told(&kept.ended),
        now: told(&now),
        same,
        differences,
        log,
        monitor: kept.monitor,
    };
    if args.json {
        json::print(terminal, &told)?;
    } else {
        print(&told, terminal)?;
    }
    Ok(if same { Exit::Fine } else { Exit::Finding })
}

fn print(replayed: &Replayed, terminal: &mut Terminal) -> Result<(), Failure> {
    terminal.line(format_args!("{} at {}", replayed.monitor, replayed.at))?;
    terminal.line(format_args!("then  {}", harmless(&replayed.then)))?;
    terminal.line(format_args!("now   {}", harmless(&replayed.now)))?;
    for line in &replayed.log {
        terminal.line(format_args!("logged {}", harmless(line)))?;
    }
    for difference in &replayed.differences {
        terminal.line(format_args!("  {}", harmless(difference)))?;
    }
    terminal.line(if replayed.same { "the same" } else { "not the same" })?;
    Ok(())
}

fn told(ended: &Ended) -> String {
    match ended {
        Ended::Measured(values) if values.len() == 1 => "1 measurement".to_owned(),
        Ended::Measured(values) => format!("{} measurements", values.len()),
        Ended::NoData(reason) => format!("no data: {reason}"),
        Ended::Failed(message) => format!("error: {message}"),
    }
}

/// What is another one now: the component, and the values.
fn differences(kept: &KeptRun, now: &Ended, component: Option<&str>) -> Vec<String> {
    let mut found = Vec::new();
    if kept.component.as_deref() != component {
        let digest = |digest: Option<&str>| digest.unwrap_or("none").to_owned();
        let (then, now) = (digest(kept.component.as_deref()), digest(component));
        found.push(format!("the component is another one: sha256 {now} now, {then} then"));
    }
    if let (Ended::Measured(then), Ended::Measured(now)) = (&kept.ended, now) {
        let (then, now) = (by_series(then), by_series(now));
        for (series, value) in &then {
            match now.get(series) {
                Some(other) if other.to_bits() == value.to_bits() => {}
                Some(other) => found.push(format!("{series}: {other} now, {value} then")),
                None => found.push(format!("{series}: not measured now, {value} then")),
            }
        }
        let new = now.iter().filter(|(series, _)| !then.contains_key(*series));
        found.extend(new.map(|(series, value)| format!("{series}: {value} now, not measured then")));
    }
    found
}

fn by_series(values: &[(String, Labels, f64)]) -> BTreeMap<Series, f64> {
    let series = |(metric, labels, value): &(String, Labels, f64)| {
        (Series { metric: metric.clone(), labels: labels.clone() }, *value)
    };
    values.iter().map(series).collect()
}
