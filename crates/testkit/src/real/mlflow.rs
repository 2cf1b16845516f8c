//! A tracking server of MLflow, over SQLite.

use std::process::Command;

use tempfile::TempDir;

use super::server::{Server, free_port, in_venv};

/// A running tracking server.
#[derive(Debug)]
pub struct Mlflow(Server);

impl Mlflow {
    /// Starts one that has no models.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let port = free_port();
        let mut command = Command::new(in_venv("mlflow.venv", "mlflow"));
        let store = format!("sqlite:///{}", folder.path().join("mlflow.db").display());
        let port_text = port.to_string();
        command.args(["server", "--backend-store-uri", &store, "--host", "127.0.0.1", "--port", &port_text]);
        command.args(["--workers", "1", "--artifacts-destination"]).arg(folder.path()).current_dir(folder.path());
        command.env("MLFLOW_DISABLE_TELEMETRY", "true").env("DO_NOT_TRACK", "true");
        Self(Server::start(command, folder, port, "/health"))
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.0.port)
    }
}
