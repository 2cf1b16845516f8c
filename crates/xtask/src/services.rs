//! `cargo xtask services`: the real peers that first steps are tested against.

use anyhow::{Result, ensure};

use crate::{debian, repository, say, target, venv};

/// Debian's packages, and a program of each.
const PACKAGES: [(&str, &str); 5] = [
    ("mariadb-server", "mariadb-install-db"),
    ("systemd", "busctl"),
    ("dbus", "dbus-daemon"),
    ("openssl", "openssl"),
    ("python3-venv", "python3"),
];
/// Servers from PyPI, by the name of their pinned versions.
const FROM_PYPI: [&str; 2] = ["mlflow", "airflow"];

/// Installs what is missing, and says which peers are real.
pub(crate) fn run() -> Result<()> {
    let missing = || PACKAGES.iter().filter(|(_, program)| !debian::on_path(program)).map(|(package, _)| *package);
    let wanted: Vec<&str> = missing().collect();
    ensure!(
        wanted.is_empty() || (debian::install(&wanted) && missing().next().is_none()),
        "the tests of first steps need {}; on Debian `apt-get install {}` as root",
        wanted.join(", "),
        wanted.join(" ")
    );
    for name in FROM_PYPI {
        let requirements = repository().join("crates/testkit/requirements").join(name).with_extension("txt");
        venv::provide(&target().join("peers").join(name).with_extension("venv"), &requirements)?;
    }
    say(
        "real peers of first steps: PostgreSQL, MariaDB, systemd, MLflow, Airflow; Kubernetes, Jira and plain HTTP are \
         servers of our own on loopback",
    );
    Ok(())
}
