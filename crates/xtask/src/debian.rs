//! What a fresh Debian machine lacks, installed where that is possible.

use std::{path::Path, process::Command};

use crate::say;

/// Installs packages; only on Debian and as root. What it prints is apt's own; the caller looks whether it helped.
pub(crate) fn install(packages: &[&str]) -> bool {
    if !Path::new("/etc/debian_version").exists() || !is_root() {
        return false;
    }
    say(&format!("installing {} with apt-get", packages.join(" ")));
    // A fresh machine may have no package lists yet; a failing update shows in the installation.
    run(apt().arg("update"));
    run(apt().args(["install", "--yes", "--no-install-recommends"]).args(packages))
}

/// Whether a program is on the PATH.
pub(crate) fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.arg("--quiet=2").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

fn run(command: &mut Command) -> bool {
    command.status().is_ok_and(|status| status.success())
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
