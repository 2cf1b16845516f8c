//! `exec`: a program, run once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Action, ActionFault, Fill, Guarantee, Kind, Undo,
    faults::{fault, is_secret_name},
};
use crate::{Secret, Template};

/// Variables that change what a program is, whatever its path says: loaders, shells and language runtimes read them.
const CHANGING: [&str; 17] = [
    "BASH_ENV",
    "ENV",
    "IFS",
    "SHELLOPTS",
    "BASHOPTS",
    "PS4",
    "PROMPT_COMMAND",
    "GCONV_PATH",
    "CLASSPATH",
    "NODE_OPTIONS",
    "NODE_PATH",
    "RUBYOPT",
    "RUBYLIB",
    "JAVA_TOOL_OPTIONS",
    "_JAVA_OPTIONS",
    "JDK_JAVA_OPTIONS",
    "GLIBC_TUNABLES",
];
/// The beginnings of more of them.
const CHANGING_FAMILIES: [&str; 6] = ["LD_", "DYLD_", "PYTHON", "PERL", "GIT_", "BASH_FUNC_"];

/// Run a program: no shell, a cleared environment, data only in the environment or on standard input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExecAction {
    /// The absolute path and its fixed arguments.
    pub command: Vec<String>,
    /// Variables of the child; values may carry placeholders.
    pub env: BTreeMap<String, Template>,
    /// Written to the child's standard input.
    pub stdin: Option<Template>,
    /// Its working directory; the workspace when absent.
    pub directory: Option<String>,
    /// Variables whose values are secrets; masked in captured output.
    pub secrets: BTreeMap<String, Secret>,
}

impl Kind for ExecAction {
    fn word(&self) -> &'static str {
        "exec"
    }

    fn guarantee(&self) -> Guarantee {
        Guarantee::Once
    }

    fn target(&self) -> String {
        format!("exec:{}", self.command.join(" "))
    }

    fn excludes_others(&self) -> bool {
        true
    }

    fn summary(&self) -> String {
        format!("run {}", self.command.join(" "))
    }

    fn arguments(&self) -> String {
        let environment = self.env.iter().map(|(name, value)| format!("\n{name}={}", value.text()));
        let input = self.stdin.as_ref().map(|input| format!("\n\n{}", input.text()));
        self.command.join(" ") + &environment.collect::<String>() + &input.unwrap_or_default()
    }

    fn faults(&self) -> Vec<ActionFault> {
        of_exec(self)
    }

    fn filled(&self, fill: &mut Fill<'_>) -> Action {
        let env = self.env.iter().map(|(name, text)| (name.clone(), fill(text))).collect();
        Action::Exec(Self { env, stdin: self.stdin.as_ref().map(fill), ..self.clone() })
    }

    fn output(&self) -> Option<&'static str> {
        None
    }

    fn reads_back(&self) -> bool {
        false
    }

    fn undo(&self) -> Undo {
        Undo::Never("nobody knows what a program has done")
    }

    fn undone(&self, _: &Value) -> Option<Action> {
        None
    }
}

fn of_exec(exec: &ExecAction) -> Vec<ActionFault> {
    let arguments = exec.command.iter().enumerate().filter(|(_, argument)| argument.contains('\0'));
    let mut faults: Vec<ActionFault> = arguments
        .map(|(index, _)| fault(&["command", &index.to_string()], "no argument can hold a NUL character", ""))
        .collect();
    for name in exec.env.keys() {
        let at = ["env", name.as_str()];
        faults.extend(of_variable(name).map(|message| fault(&at, message, "")));
        if is_secret_name(name) {
            let help = format!("name where it is kept: [step.exec.secrets] {name} = {{ file = \"…\" }}");
            faults.push(fault(&at, format!("`{name}` is a secret by its name, and its value would stand here"), &help));
        }
    }
    for name in exec.secrets.keys() {
        faults.extend(of_variable(name).map(|message| fault(&["secrets", name], message, "")));
    }
    faults
}

/// Why a variable cannot be set for a program.
fn of_variable(name: &str) -> Option<String> {
    if name.is_empty() || name.contains(['=', '\0']) {
        return Some(format!("`{}` is not the name of a variable", name.escape_default()));
    }
    let changes = CHANGING.contains(&name) || CHANGING_FAMILIES.iter().any(|family| name.starts_with(family));
    changes.then(|| format!("`{name}` changes what a program is, so that the list of allowed programs means nothing"))
}
