//! The whole API beside its document: schemathesis asks what the document allows, and more; nothing may be answered with a
//! 500, and nothing that the document does not say.

use std::{fs, process::Command};

use anyhow::{Context, Result};

use crate::{demo::Place, finish, say, target, venv};

/// The version that asks.
const SCHEMATHESIS: &str = "schemathesis==4.32.5\n";
/// Cases of each operation.
const EXAMPLES: &str = "30";

/// Asks a daemon of its own, as an admin.
pub(crate) fn run() -> Result<()> {
    let folder = target().join("api");
    fs::create_dir_all(&folder).with_context(|| format!("cannot create {}", folder.display()))?;
    let requirements = folder.join("requirements.txt");
    fs::write(&requirements, SCHEMATHESIS)?;
    let python = venv::provide(&folder.join("venv"), &requirements)?;
    let place = Place::new("api/workspace")?;
    let token = place.watchkeeper(&["token", "new", "api", "--role", "admin"]).output()?;
    let token = String::from_utf8(token.stdout)?.trim().to_owned();
    let mut daemon = place.daemon()?;
    let address = daemon.address()?;
    say(&format!("\n== schemathesis asks http://{address}/v1/openapi.json\n"));
    let mut asking = Command::new(python.with_file_name("schemathesis"));
    asking.arg("run").arg(format!("http://{address}/v1/openapi.json"));
    asking.arg("--header").arg(format!("Authorization: Bearer {token}"));
    // A stream has no end.
    asking.args(["--exclude-path", "/v1/events", "--max-examples", EXAMPLES, "--no-color", "--checks"]);
    asking.arg("not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance");
    finish(asking.current_dir(&folder))
}
