//! `token`: what programs, and people without a provider, sign on with.

use std::path::Path;

use watchkeeper_engine::ports::clock::Clock as _;
use watchkeeper_server::new_token;
use watchkeeper_store::Token;

use crate::{
    args::{NewTokenArgs, RevokeTokenArgs, TokenArgs, TokenCommand},
    clock::SystemClock,
    commands::people::{opened, opened_to_read, refused},
    exit::Exit,
    failure::Failure,
    person,
    render::{
        json,
        table::{Table, cell},
        terminal::Terminal,
        text::{utc, utc_or_hyphen},
    },
};

/// Makes, lists or revokes.
pub(crate) async fn run(folder: &Path, args: &TokenArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        TokenCommand::New(args) => new(folder, args, terminal).await,
        TokenCommand::Revoke(args) => revoke(folder, args, terminal).await,
        TokenCommand::List(args) => {
            let tokens = opened_to_read(folder, terminal).await?.store.tokens().await.map_err(Failure::unreachable)?;
            if args.json {
                json::print(terminal, &tokens)?;
            } else {
                table(&tokens).print(terminal, "no tokens")?;
            }
            Ok(Exit::Fine)
        }
    }
}

/// The token itself goes to standard output, once; what is said of it to standard error, so that it can be piped.
async fn new(folder: &Path, args: &NewTokenArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    if args.name.trim().is_empty() {
        return Err(Failure::usage("a token needs a name: the record calls whoever uses it so"));
    }
    let store = opened(folder, terminal).await?.store;
    let (secret, hash) = new_token().map_err(Failure::unreachable)?;
    let now = SystemClock.now();
    let until = args.expires.map(|length| now + length);
    let by = person::acting(&args.by);
    let token = Token { name: args.name.trim().to_owned(), role: args.role, since: now, by, until, used_at: None };
    store.add_token(&token, &hash).await.map_err(refused)?;
    let ends = until.map_or_else(|| "until it is revoked".to_owned(), |until| format!("until {}", utc(until)));
    terminal.note(format_args!("token {} has the role {} {ends}; it is shown this once", token.name, token.role))?;
    terminal.line(secret)?;
    Ok(Exit::Fine)
}

async fn revoke(folder: &Path, args: &RevokeTokenArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let store = opened(folder, terminal).await?.store;
    store.revoke_token(&args.name, &person::acting(&args.by), SystemClock.now()).await.map_err(
        |error| match error {
            error @ watchkeeper_store::PeopleError::NoSuch { .. } => {
                Failure::usage(error).hint("`watchkeeper token list` lists them")
            }
            error => refused(error),
        },
    )?;
    terminal.line(format_args!("token {} is revoked, and every session begun with it is over", args.name))?;
    Ok(Exit::Fine)
}

fn table(tokens: &[Token]) -> Table {
    let mut table = Table::new(&["TOKEN", "ROLE", "MADE", "BY", "USED", "ENDS"]);
    for token in tokens {
        table.row([
            cell(&token.name),
            cell(token.role),
            cell(utc(token.since)),
            cell(&token.by),
            cell(utc_or_hyphen(token.used_at)),
            cell(utc_or_hyphen(token.until)),
        ]);
    }
    table
}
