//! Exit codes: what a script may rely on. `--help` prints them from here.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// All is fine.
    Fine,
    /// There is a finding: a breach, a lint error, a bad ledger.
    Finding,
    /// The command line or the configuration is wrong.
    Usage,
    /// A peer or the store cannot be reached.
    Unreachable,
    /// Watchkeeper itself failed.
    Internal,
}

/// Printed below every `--help`.
pub(crate) const HELP: &str = "\
Exit codes:
  0  fine
  1  a finding: a breach, a lint error, a bad ledger
  2  usage or configuration
  3  a peer or the store cannot be reached
  4  internal error";

impl Exit {
    /// The process's exit code.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Fine => 0,
            Self::Finding => 1,
            Self::Usage => 2,
            Self::Unreachable => 3,
            Self::Internal => 4,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_documents_every_code() {
        for exit in [Exit::Fine, Exit::Finding, Exit::Usage, Exit::Unreachable, Exit::Internal] {
            let line = format!("\n  {}  ", exit.code());
            assert!(HELP.contains(&line), "--help does not explain {exit:?}");
        }
    }
}
