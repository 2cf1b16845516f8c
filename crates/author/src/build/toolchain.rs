//! A Rust toolchain that builds Wasm.

use std::{
    fmt,
    path::Path,
    process::{Command, Stdio},
};

use super::finish;
use crate::fault::Fault;

/// The target of every check: no system interface at all.
pub const TARGET: &str = "wasm32-unknown-unknown";

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
pub enum Toolchain {
    /// The active one has the target's standard library.
    Active,
    /// Debian's packages, with the standard library built from source.
    Debian,
}

impl Toolchain {
    /// The packages that Debian's toolchain consists of.
    pub const PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

    /// The first that is there: the active one, Debian's.
    pub fn find() -> Result<Self, Fault> {
        if has_target() {
            return Ok(Self::Active);
        }
        if has_debian() {
            return Ok(Self::Debian);
        }
        Err(Fault::new(format!("no Rust toolchain here builds {TARGET}")).hint(format!(
            "run `rustup target add {TARGET}`, or on Debian `apt-get install {}` as root",
            Self::PACKAGES.join(" ")
        )))
    }

    /// Builds all of the package or workspace in `folder` for the target, as it is released.
    pub fn build(self, folder: &Path, options: &[&str]) -> Result<(), Fault> {
        let mut cargo = self.cargo();
        cargo.current_dir(folder).args(["build", "--release", "--target", TARGET]).args(options);
        finish(&mut cargo, &format!("build with {self}"), "install Rust by rustup")
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

fn has_debian() -> bool {
    let parts = ["/usr/bin/rustc", "/usr/bin/cargo", "/usr/bin/wasm-ld", DEBIAN_SOURCE];
    parts.iter().all(|part| Path::new(part).exists())
}
