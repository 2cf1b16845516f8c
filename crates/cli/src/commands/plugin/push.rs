//! `plugin push`: a component to an OCI registry.

use std::path::Path;

use watchkeeper_registry::{Fetched, Origin, fetch, push};

use super::{add, component};
use crate::{args::PushArgs, exit::Exit, failure::Failure, render::terminal::Terminal};

/// Looks into it first: what the host would refuse is not published.
pub(crate) async fn run(args: &PushArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let Origin::Oci(reference) = Origin::parse(&args.to).map_err(Failure::usage)? else {
        return Err(Failure::usage(format!("`{}` is no registry's reference", args.to))
            .hint("write it as oci://registry/repository:tag"));
    };
    let file = component(&args.component)?;
    let fetched = fetch(&Origin::File(Path::new(&file).to_owned())).await.map_err(Failure::usage)?;
    let found = add::looked_into(&fetched).await?;
    let Fetched { wasm, signature } = fetched;
    let exports: Vec<String> = found.interface.into_iter().collect();
    let digest = push(&reference, wasm, &found.imports, &exports, signature).await.map_err(Failure::unreachable)?;
    terminal.line(format_args!("pushed oci://{reference}, {digest}"))?;
    Ok(Exit::Fine)
}
