//! Compiles one component; runs in a child process that limits itself first.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};

use crate::engine::compiling_engine;

/// Processor time over all threads.
const CPU_SECONDS_MAX: u64 = 120;
/// Address space by the component's size: threads and their arenas reserve most of it, and use little.
const ADDRESS_SPACE_BYTES: u64 = 2 << 30;
const ADDRESS_SPACE_BYTES_A_BYTE: u64 = 64;
const ADDRESS_SPACE_BYTES_MAX: u64 = 4 << 30;
/// The size of what is written, by the component's size: machine code is a few times larger.
const FILE_BYTES: u64 = 64 << 20;
const FILE_BYTES_A_BYTE: u64 = 16;
/// Compiling gives way to what watches.
const NICE: i32 = 10;

/// Why a component was not compiled.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The process could not be limited, so nothing was compiled.
    #[error("cannot limit the compiling process")]
    Limits(#[source] io::Error),
    /// The component cannot be read.
    #[error("cannot read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The bytes are not a valid component; the text says where.
    #[error("{0}")]
    Invalid(String),
    /// The compiled code cannot be written.
    #[error("cannot write {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
}

/// Compiles the component at `input` to machine code at `output`, which must not exist yet.
///
/// Limits the whole calling process for good: 120 s of processor time at a low priority, address space and the size of
/// files by the component's size, no core file. Call it from a process started for nothing else.
pub fn compile_component(input: &Path, output: &Path) -> Result<(), CompileError> {
    let unread = |error| CompileError::Read(input.to_owned(), error);
    let size = fs::metadata(input).map_err(unread)?.len();
    limit_process(size).map_err(|errno| CompileError::Limits(errno.into()))?;
    let wasm = fs::read(input).map_err(unread)?;
    let invalid = |error: wasmtime::Error| CompileError::Invalid(format!("{error:#}"));
    let code = compiling_engine().map_err(invalid)?.precompile_component(&wasm).map_err(invalid)?;
    write_private(output, &code).map_err(|error| CompileError::Write(output.to_owned(), error))
}

fn limit_process(size: u64) -> rustix::io::Result<()> {
    let space = ADDRESS_SPACE_BYTES.saturating_add(size.saturating_mul(ADDRESS_SPACE_BYTES_A_BYTE));
    let file = FILE_BYTES.saturating_add(size.saturating_mul(FILE_BYTES_A_BYTE));
    let limits = [
        (Resource::Cpu, CPU_SECONDS_MAX),
        (Resource::As, space.min(ADDRESS_SPACE_BYTES_MAX)),
        (Resource::Fsize, file),
        (Resource::Core, 0),
    ];
    nice(NICE)?;
    for (resource, wanted) in limits {
        // A process may only lower its hard limit.
        let limit = Some(getrlimit(resource).maximum.map_or(wanted, |ceiling| ceiling.min(wanted)));
        setrlimit(resource, Rlimit { current: limit, maximum: limit })?;
    }
    Ok(())
}

fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}
