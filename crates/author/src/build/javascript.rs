//! JavaScript: componentize-js, which the project has from npm, puts the check and an engine into one component.

use std::process::Command;

use super::{finish, output, taken};
use crate::{fault::Fault, project::Project};

const TOOL: &str = "node_modules/@bytecodealliance/componentize-js/package.json";

/// Without any feature of the engine that reaches the outside: no import but the contract's is left.
const SCRIPT: &str = r#"
import { componentize } from "@bytecodealliance/componentize-js";
import { writeFile } from "node:fs/promises";
const [sourcePath, witPath, output] = process.argv.slice(1);
const disableFeatures = ["stdio", "random", "clocks", "http", "fetch-event"];
const { component } = await componentize({ sourcePath, witPath, worldName: "check", disableFeatures });
await writeFile(output, component);
"#;

/// Runs the tool with node.
pub(super) fn build(project: &Project) -> Result<Vec<u8>, Fault> {
    if !project.folder.join(TOOL).is_file() {
        let missing = format!("{} has no componentize-js", project.folder.display());
        return Err(Fault::new(missing).hint("run `npm install` in it"));
    }
    let output = output(project)?;
    let mut node = Command::new("node");
    node.current_dir(&project.folder).args(["--input-type=module", "--eval", SCRIPT, "--", "measure.js", "sdk/wit"]);
    finish(
        node.arg(&output),
        "build the component",
        "install Node.js 20 or newer, on Debian `apt-get install nodejs npm`",
    )?;
    taken(&output)
}
