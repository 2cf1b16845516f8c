//! Finds a Rust toolchain that builds Wasm, installing what is missing where that is possible.

use std::fmt;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::{debian, say};

/// The target of every check: no system interface at all.
pub(super) const TARGET: &str = "wasm32-unknown-unknown";

const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// The standard library's source, which Debian's toolchain builds for the target itself.
const DEBIAN_SOURCE: &str = "/usr/lib/rustlib/src/rust/library/std/Cargo.toml";

/// What cargo and rustup tell their children; it would steer the build to the toolchain that built this program.
const INHERITED: [&str; 9] = [
    "RUSTUP_TOOLCHAIN",
    "RUSTC",
    "RUSTDOC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTFLAGS",
    "CARGO",
    "CARGO_ENCODED_RUSTFLAGS",
    "CARGO_TARGET_DIR",
];

/// A toolchain that builds Wasm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Toolchain {
    /// The active one has the target's standard library.
    Active,
    /// Debian's packages, with the standard library built from source.
    Debian,
}

impl Toolchain {
    /// The first that works: the active one, the active one after `rustup target add`, Debian's.
    pub(super) fn find(plugins: &Path) -> Result<Self> {
        if has_target() || (add_target(plugins) && has_target()) {
            return Ok(Self::Active);
        }
        if has_debian() || (debian::install(&PACKAGES) && has_debian()) {
            return Ok(Self::Debian);
        }
        bail!(
            "no Rust toolchain here builds {TARGET}; run `rustup target add {TARGET}`, \
             or on Debian `apt-get install {}` as root",
            PACKAGES.join(" ")
        )
    }

    /// Builds the whole workspace for the target.
    pub(super) fn build(self, plugins: &Path) -> Result<()> {
        let mut cargo = self.cargo();
        cargo.current_dir(plugins).args(["build", "--release", "--locked", "--target", TARGET]);
        let status = cargo.status().context("cannot start cargo")?;
        if !status.success() {
            bail!("the checks do not build with {self}");
        }
        Ok(())
    }

    fn cargo(self) -> Command {
        match self {
            Self::Active => clean("cargo"),
            Self::Debian => {
                let mut cargo = clean("/usr/bin/cargo");
                cargo
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", "wasm-ld")
                    .arg("-Zbuild-std=std,panic_abort");
                cargo
            }
        }
    }
}

impl fmt::Display for Toolchain {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(match self {
            Self::Active => "the active toolchain",
            Self::Debian => "Debian's toolchain",
        })
    }
}

fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    for variable in INHERITED {
        command.env_remove(variable);
    }
    command
}

/// Whether the active compiler finds a standard library for the target.
fn has_target() -> bool {
    let folder = clean("rustc").args(["--print", "target-libdir", "--target", TARGET]).stderr(Stdio::null()).output();
    folder.is_ok_and(|output| {
        let folder = String::from_utf8_lossy(&output.stdout);
        output.status.success() && Path::new(folder.trim()).is_dir()
    })
}

fn add_target(plugins: &Path) -> bool {
    say(&format!("adding the target {TARGET} with rustup"));
    succeeds(clean("rustup").current_dir(plugins).args(["target", "add", TARGET]))
}

fn has_debian() -> bool {
    let parts = ["/usr/bin/rustc", "/usr/bin/cargo", "/usr/bin/wasm-ld", DEBIAN_SOURCE];
    parts.iter().all(|part| Path::new(part).exists())
}

/// Only the outcome matters: a step that fails is followed by the next way.
fn succeeds(command: &mut Command) -> bool {
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}
