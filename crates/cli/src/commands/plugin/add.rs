//! `plugin add`: takes a component into the workspace and pins it.

use std::{fs, path::Path};

use watchkeeper_engine::ports::checker::Checker;
use watchkeeper_plugin_host::{Inspected, Lock, Pinned, verify};
use watchkeeper_registry::{Fetched, Origin, fetch};

use crate::{args::AddArgs, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// Where a workspace keeps the components of others.
const FOLDER: &str = "plugins";

/// Fetches, looks into it, and pins.
pub(crate) async fn run(workspace: &Path, args: &AddArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let origin = Origin::parse(&args.source).map_err(Failure::usage)?;
    let name = match &args.name {
        Some(name) => name.clone(),
        None => named(&origin)?,
    };
    let mut lock = Lock::read(workspace).map_err(Failure::usage)?;
    if lock.plugins.iter().any(|pinned| pinned.name == name) {
        return Err(Failure::usage(format!("`{name}` is pinned already"))
            .hint(format!("`watchkeeper plugin update {name}`, or another name by --name")));
    }
    let fetched = fetch(&origin).await.map_err(Failure::unreachable)?;
    let origin = from_workspace(origin, workspace)?;
    let pinned = taken(workspace, &name, &origin, &fetched, args.key.as_deref()).await?;
    terminal.line(format_args!("added {name} from {origin}"))?;
    terminal.line(format_args!("  sha256   {}", pinned.sha256))?;
    terminal.line(format_args!("  imports  {}", pinned.imports.join(", ")))?;
    match &pinned.key {
        Some(key) => terminal.line(format_args!("  signed   by {key}"))?,
        None if fetched.signature.is_some() => {
            terminal.line("  signed   by a key that was not given; --key compares it from now on")?;
        }
        None => {}
    }
    terminal.line(format_args!("A monitor uses it by plugin = \"{name}\"."))?;
    lock.plugins.push(pinned);
    lock.write(workspace).map_err(Failure::internal)?;
    Ok(Exit::Fine)
}

/// A file's place as the lock says it: from the workspace on where it lies there, so that it means the same to everybody.
fn from_workspace(origin: Origin, workspace: &Path) -> Result<Origin, Failure> {
    let Origin::File(path) = origin else { return Ok(origin) };
    let (path, workspace) = (path.canonicalize()?, workspace.canonicalize()?);
    Ok(Origin::File(path.strip_prefix(&workspace).map(Path::to_owned).unwrap_or(path)))
}

/// Looks into what was fetched and puts it into the workspace; what cannot be used is refused before.
pub(super) async fn taken(
    workspace: &Path,
    name: &str,
    origin: &Origin,
    fetched: &Fetched,
    key: Option<&str>,
) -> Result<Pinned, Failure> {
    if let Some(key) = key {
        verify(key, fetched.signature.as_deref(), &fetched.wasm).map_err(Failure::usage)?;
    }
    let found = looked_into(fetched).await?;
    let path = format!("{FOLDER}/{name}.wasm");
    let file = workspace.join(&path);
    fs::create_dir_all(workspace.join(FOLDER))?;
    put(&file, &fetched.wasm)?;
    let beside = file.with_added_extension("minisig");
    match &fetched.signature {
        Some(signature) => put(&beside, signature.as_bytes())?,
        None if beside.exists() => fs::remove_file(&beside)?,
        None => {}
    }
    Ok(Pinned {
        name: name.to_owned(),
        path,
        source: origin.to_string(),
        sha256: found.digest,
        bytes: found.bytes,
        interface: found.interface.unwrap_or_default(),
        imports: found.imports,
        key: key.map(str::to_owned),
    })
}

/// What the host says of the bytes, wherever they will lie.
pub(super) async fn looked_into(fetched: &Fetched) -> Result<Inspected, Failure> {
    let scratch = tempfile::tempdir()?;
    fs::write(scratch.path().join("fetched.wasm"), &fetched.wasm)?;
    let host = wiring::host(scratch.path())?;
    host.manual("fetched.wasm").await.map_err(Failure::usage)?;
    host.inspect("fetched.wasm").await.map_err(Failure::usage)
}

/// Under its name whole or not at all: a daemon may read it at any moment.
fn put(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let scratch = tempfile::NamedTempFile::new_in(folder)?;
    fs::write(scratch.path(), bytes)?;
    fs::set_permissions(scratch.path(), std::os::unix::fs::PermissionsExt::from_mode(0o644))?;
    scratch.persist(path).map(drop).map_err(|error| Failure::from(error.error))
}

/// What a place calls its plugin: the file without its ending, or the repository's last part.
fn named(origin: &Origin) -> Result<String, Failure> {
    let last = match origin {
        Origin::File(path) => path.file_stem().map(|name| name.to_string_lossy().into_owned()),
        Origin::Url(url) => url.path().rsplit('/').next().map(|file| file.trim_end_matches(".wasm").to_owned()),
        Origin::Oci(reference) => reference.repository().rsplit('/').next().map(str::to_owned),
    };
    let fits =
        |name: &String| !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let none = || Failure::usage(format!("{origin} gives no name for the plugin")).hint("name it by --name");
    last.filter(fits).ok_or_else(none)
}
