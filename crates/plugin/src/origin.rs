//! Where a plugin's bytes come from: the binary itself, or a file of the workspace.

use std::{
    borrow::Cow,
    fs::{self, File},
    io::Read,
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{
    fault::Fault,
    lock::{LOCK_FILE, Lock},
    stamp::Stamp,
    standard,
};

/// Larger than any language runtime that has been seen as a component.
const COMPONENT_BYTES_MAX: u64 = 256 << 20;

/// A component's bytes with the digest of exactly these bytes.
pub(crate) struct Origin {
    pub(crate) wasm: Cow<'static, [u8]>,
    /// SHA-256, 64 hex digits.
    pub(crate) digest: String,
    /// Of the files it was read from; none of the binary itself.
    pub(crate) stamp: Option<Stamp>,
}

/// A check of the binary itself.
pub(crate) fn standard(name: &str) -> Option<Origin> {
    let (wasm, digest) = standard::find(name)?;
    Some(Origin { wasm: Cow::Borrowed(wasm), digest: digest.to_owned(), stamp: None })
}

/// Finds a plugin: a standard check's name, a name in plugins.lock, or a path relative to the workspace. Bytes other than
/// the pinned ones are refused. Blocks on the file system.
pub(crate) fn find(workspace: &Path, plugin: &str) -> Result<Origin, Fault> {
    if let Some(origin) = standard(plugin) {
        return Ok(origin);
    }
    let lock = Lock::read(workspace).map_err(|error| Fault::Lock(error.to_string()))?;
    let pinned = lock.find(workspace, plugin);
    let path = match pinned {
        Some(pinned) => &pinned.path,
        None if plugin.contains('/') || plugin.ends_with(".wasm") => plugin,
        None => return Err(Fault::Unknown { standard: standard::names().collect::<Vec<_>>().join(", ") }),
    };
    let path = workspace.join(path);
    let stamp = Stamp::of([workspace.join(LOCK_FILE), path.clone(), path.with_added_extension("minisig")]);
    let wasm = read(&path)?;
    pinned.map_or(Ok(()), |pinned| pinned.refuse_others(workspace, &wasm))?;
    let digest = sha256_hex(&wasm);
    Ok(Origin { wasm: Cow::Owned(wasm), digest, stamp: Some(stamp) })
}

/// Refuses what cannot be a component before anything is compiled. The header is `\0asm`, then a version and a layer.
pub(crate) fn refuse_other_formats(wasm: &[u8]) -> Result<(), Fault> {
    match (wasm.get(..4), wasm.get(4..8)) {
        (Some(b"\0asm"), Some([_, _, 1, 0])) => Ok(()),
        (Some(b"\0asm"), Some([1, 0, 0, 0])) => Err(Fault::CoreModule),
        _ => Err(Fault::NotWasm),
    }
}

/// SHA-256 in lower-case hex.
pub(crate) fn sha256_hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Fault> {
    let unreadable = |reason: &str| Fault::Unreadable { path: path.to_owned(), reason: reason.to_owned() };
    // Asked before it is opened: a pipe would wait for somebody who writes.
    let found = fs::metadata(path).map_err(|error| Fault::unreadable(path.to_owned(), &error))?;
    if !found.is_file() {
        return Err(unreadable("it is not a plain file"));
    }
    let file = File::open(path).map_err(|error| Fault::unreadable(path.to_owned(), &error))?;
    let mut wasm = Vec::new();
    let read = file.take(COMPONENT_BYTES_MAX + 1).read_to_end(&mut wasm);
    read.map_err(|error| Fault::unreadable(path.to_owned(), &error))?;
    if wasm.len() as u64 > COMPONENT_BYTES_MAX { Err(unreadable("it is larger than 256 MiB")) } else { Ok(wasm) }
}
