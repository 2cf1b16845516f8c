//! `completions`: what a shell needs to complete this command line.

use clap::CommandFactory;

use crate::{
    args::{Cli, CompletionsArgs},
    exit::Exit,
    failure::Failure,
    render::terminal::Terminal,
};

/// Prints the script, to be sourced or put where the shell looks for it.
pub(crate) fn run(args: &CompletionsArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "watchkeeper", &mut script);
    terminal.line(String::from_utf8_lossy(&script).trim_end())?;
    Ok(Exit::Fine)
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;
    use clap_complete::Shell;

    use super::*;
    use crate::render::terminal::tests::on_paper;

    #[test]
    fn every_shell_completes_the_commands() {
        for shell in Shell::value_variants() {
            let (mut terminal, out, _) = on_paper();
            run(&CompletionsArgs { shell: *shell }, &mut terminal).unwrap();
            assert!(out.text().contains("handoffs"), "{shell}");
        }
    }
}
