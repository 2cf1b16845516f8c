use clap::CommandFactory;

use super::*;

fn parse(line: &str) -> Result<Cli, clap::Error> {
    Cli::try_parse_from(line.split(' '))
}

#[test]
fn definitions_hold_together() {
    Cli::command().debug_assert();
}

#[test]
fn every_visible_command_documents_its_exit_codes() {
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.contains("Exit codes"), "`{}` does not", command.get_name());
    }
}

#[test]
fn workspace_is_taken_before_and_after_the_command() {
    for line in ["watchkeeper --workspace /w status", "watchkeeper status --workspace /w"] {
        assert_eq!(parse(line).unwrap().workspace, Some(PathBuf::from("/w")), "{line}");
    }
}

#[test]
fn one_incident_is_shown_as_json_with_the_flag_on_either_side() {
    for line in ["watchkeeper incidents --json show 0123456789", "watchkeeper incidents show 0123456789 --json"] {
        let Command::Incidents(args) = parse(line).unwrap().command else { panic!("{line}") };
        assert!(args.json, "{line}");
        assert!(matches!(args.show, Some(Show::Show { id }) if id == "0123456789"), "{line}");
    }
}

#[test]
fn a_period_has_two_ends() {
    let parsed = parse("watchkeeper backtest loan-auc --from 2021-06-15 --to 2022-05-10").unwrap();
    let Command::Backtest(args) = parsed.command else { panic!("not a backtest") };
    assert_eq!((args.period.to - args.period.from).num_days(), 329);
    assert!(parse("watchkeeper backtest loan-auc --from 2021-06-15").is_err());
}

#[test]
fn a_step_is_settled_as_done_or_failed_only() {
    assert!(parse("watchkeeper settle 0123456789 restart done").is_ok());
    assert!(parse("watchkeeper settle 0123456789 restart unknown").is_err());
}

#[test]
fn a_kind_of_file_is_one_of_those_that_help_lists() {
    for (kind, word) in FileKind::ALL {
        let Command::Schema(args) = parse(&format!("watchkeeper schema {word}")).unwrap().command else {
            panic!("{word}")
        };
        assert_eq!(args.kind, kind);
    }
    let help = parse("watchkeeper schema --help").unwrap_err().to_string();
    assert!(FileKind::ALL.iter().all(|(_, word)| help.contains(word)), "{help}");
    assert!(parse("watchkeeper schema monitro").unwrap_err().to_string().contains("'monitor'"));
}

#[test]
fn the_compiler_is_hidden_but_there() {
    assert!(!Cli::command().render_long_help().to_string().contains("compile-plugin"));
    assert!(parse("watchkeeper compile-plugin in.wasm out.cwasm").is_ok());
}
