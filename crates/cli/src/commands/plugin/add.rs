//! `plugin add`: takes a component into the workspace and pins it.

use std::{fs, path::Path};

use watchkeeper_plugin_host::{Host, Inspected, Lock, Pinned, put, verify};
use watchkeeper_registry::{Fetched, Origin, fetch};

use crate::{args::AddArgs, exit::Exit, failure::Failure, render::terminal::Terminal, wiring};

/// Where a workspace keeps the components of others.
const FOLDER: &str = "plugins";

/// Fetches, looks into it, and pins.
pub(crate) async fn run(workspace: &Path, args: &AddArgs, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let origin = Origin::parse(&args.source).map_err(Failure::usage)?;
    let name = named(&origin, args.name.as_deref())?;
    let mut lock = Lock::read(workspace).map_err(Failure::usage)?;
    if lock.plugins.iter().any(|pinned| pinned.name == name) {
        return Err(Failure::usage(format!("`{name}` is pinned already"))
            .hint(format!("`watchkeeper plugin update {name}`, or another name by --name")));
    }
    let fetched = fetch(&origin).await.map_err(Failure::unreachable)?;
    let origin = from_workspace(origin, workspace)?;
    let pinned = pinned(&name, &origin, &fetched, args.key.as_deref(), looked_into(&fetched).await?)?;
    let file = workspace.join(&pinned.path);
    if fs::read(&file).is_ok_and(|there| there != fetched.wasm) {
        return Err(Failure::usage(format!("{} is another component, which nobody has pinned", file.display()))
            .hint("pin that one, move it away, or give this one another name by --name"));
    }
    put_in_place(workspace, &pinned, &fetched)?;
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

/// What the lock says of a component that was looked into; one that its key did not sign is refused.
pub(super) fn pinned(
    name: &str,
    origin: &Origin,
    fetched: &Fetched,
    key: Option<&str>,
    found: Inspected,
) -> Result<Pinned, Failure> {
    if let Some(key) = key {
        verify(key, fetched.signature.as_deref(), &fetched.wasm).map_err(Failure::usage)?;
    }
    Ok(Pinned {
        name: name.to_owned(),
        path: format!("{FOLDER}/{name}.wasm"),
        source: origin.to_string(),
        sha256: found.digest,
        bytes: found.bytes,
        interface: found.interface.unwrap_or_default(),
        imports: found.imports,
        key: key.map(str::to_owned),
    })
}

/// Writes a component and its signature where the lock says they are.
pub(super) fn put_in_place(workspace: &Path, pinned: &Pinned, fetched: &Fetched) -> Result<(), Failure> {
    let file = workspace.join(&pinned.path);
    file.parent().map_or(Ok(()), fs::create_dir_all)?;
    put(&file, &fetched.wasm)?;
    let beside = file.with_added_extension("minisig");
    match &fetched.signature {
        Some(signature) => put(&beside, signature.as_bytes())?,
        None if beside.exists() => fs::remove_file(&beside)?,
        None => {}
    }
    Ok(())
}

/// What the host says of the bytes, wherever they will lie; what it refuses is refused here.
pub(super) async fn looked_into(fetched: &Fetched) -> Result<Inspected, Failure> {
    let scratch = tempfile::tempdir()?;
    fs::write(scratch.path().join("fetched.wasm"), &fetched.wasm)?;
    wiring::host(scratch.path())?.inspect("fetched.wasm").await.map_err(Failure::usage)
}

/// What the plugin is called: as somebody says, else as its file or its repository. Its file's name is made of it, and a
/// standard check's name would never lead to it.
fn named(origin: &Origin, given: Option<&str>) -> Result<String, Failure> {
    let last = match (given, origin) {
        (Some(name), _) => Some(name.to_owned()),
        (None, Origin::File(path)) => path.file_stem().map(|name| name.to_string_lossy().into_owned()),
        (None, Origin::Url(url)) => url.path().rsplit('/').next().map(|file| file.trim_end_matches(".wasm").to_owned()),
        (None, Origin::Oci(reference)) => reference.repository().rsplit('/').next().map(str::to_owned),
    };
    let name = last.unwrap_or_default();
    let refused = |why: String| Failure::usage(why).hint("name it by --name, in letters, digits, `-` and `_`");
    if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        return Err(refused(format!("`{name}` cannot be a plugin's name")));
    }
    if Host::standard_names().any(|standard| standard == name) {
        return Err(refused(format!("`{name}` is a standard check's name")));
    }
    Ok(name)
}
