//! Reads exchanges, one JSON object a line, and validates each against the documents in a folder.

use std::{
    io::{BufRead, Write},
    path::Path,
    process::ExitCode,
};

use anyhow::{Context, Result, bail};
use watchkeeper_peers::{Document, Exchange};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Alone, without a backtrace: what is read in a failed test is where the exchange differs.
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let folder = std::env::args_os().nth(1).context("usage: watchkeeper-peers FOLDER <EXCHANGES")?;
    let (mut validated, mut violations) = (Vec::new(), Vec::new());
    for line in std::io::stdin().lock().lines() {
        let exchange: Exchange = serde_json::from_str(&line?).context("an exchange cannot be read")?;
        match Document::load(Path::new(&folder), exchange.vendor)?.check(&exchange) {
            Ok(counted) => validated.extend(counted),
            Err(violation) => violations.push(violation.to_string()),
        }
    }
    if !violations.is_empty() {
        bail!("{}", violations.join("\n"));
    }
    let mut out = std::io::stdout().lock();
    validated.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(())
}
