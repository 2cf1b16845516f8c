//! `store`: what it holds, whether it is sound, a backup of it, and the way to another one.

mod backup;
mod check;
mod moved;
mod status;

use std::path::Path;

pub(crate) use status::replicas_table;

use crate::{
    args::{StoreArgs, StoreCommand},
    exit::Exit,
    failure::Failure,
    render::terminal::Terminal,
};

/// Does what was asked for.
pub(crate) async fn run(folder: &Path, args: &StoreArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    match &args.command {
        StoreCommand::Status(listing) => status::run(folder, listing, terminal).await,
        StoreCommand::Check(listing) => check::run(folder, listing, terminal).await,
        StoreCommand::Backup { file } => backup::run(folder, file, terminal).await,
        StoreCommand::Move { to } => moved::run(folder, to, terminal).await,
    }
}
