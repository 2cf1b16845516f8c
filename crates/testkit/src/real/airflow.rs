//! An Airflow: API server, scheduler and all, over SQLite.

use std::process::Command;

use tempfile::TempDir;

use super::server::{Server, free_port, in_venv};

/// A DAG whose run succeeds at once, and one whose run fails.
const DAGS: &str = r#"
from airflow.sdk import dag, task


@dag(dag_id="retrain_loan", schedule=None, is_paused_upon_creation=False)
def retrain():
    @task
    def fit():
        return 1

    fit()


@dag(dag_id="retrain_broken", schedule=None, is_paused_upon_creation=False)
def broken():
    @task
    def fit():
        raise ValueError("no data")

    fit()


retrain()
broken()
"#;

/// A running Airflow with two DAGs, `retrain_loan` and `retrain_broken`.
#[derive(Debug)]
pub struct Airflow {
    server: Server,
    password: String,
}

impl Airflow {
    /// Its administrator.
    pub const USER: &str = "admin";

    /// Starts one.
    pub fn start() -> Self {
        let folder = TempDir::new().expect("a folder");
        let home = folder.path().to_owned();
        std::fs::create_dir(home.join("dags")).expect("its folder");
        std::fs::write(home.join("dags/retrain.py"), DAGS).expect("its DAGs");
        let port = free_port();
        let program = in_venv("airflow.venv", "airflow");
        let mut path = program.parent().expect("its folder").as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        let mut command = Command::new(program);
        command.arg("standalone").current_dir(&home).env("PATH", path).env("AIRFLOW_HOME", &home);
        for (key, value) in [
            ("CORE__LOAD_EXAMPLES", "false".to_owned()),
            ("CORE__PARALLELISM", "2".to_owned()),
            ("CORE__EXECUTION_API_SERVER_URL", format!("http://127.0.0.1:{port}/execution/")),
            ("API__HOST", "127.0.0.1".to_owned()),
            ("API__PORT", port.to_string()),
            ("API__WORKERS", "1".to_owned()),
            ("LOGGING__WORKER_LOG_SERVER_PORT", free_port().to_string()),
            ("LOGGING__TRIGGER_LOG_SERVER_PORT", free_port().to_string()),
            ("USAGE_DATA_COLLECTION__ENABLED", "false".to_owned()),
        ] {
            command.env(format!("AIRFLOW__{key}"), value);
        }
        let mut server = Server::start(command, folder, port, "/api/v2/version");
        let passwords = home.join("simple_auth_manager_passwords.json.generated");
        let mut password = None;
        server.wait_for(&mut |_| {
            let text = std::fs::read_to_string(&passwords).unwrap_or_default();
            let read: Option<serde_json::Value> = serde_json::from_str(&text).ok();
            password = read.and_then(|all| all[Self::USER].as_str().map(str::to_owned));
            password.is_some()
        });
        Self { server, password: password.expect("its password") }
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// The administrator's password.
    pub fn password(&self) -> &str {
        &self.password
    }

    /// The end of what it said.
    pub fn log(&self) -> String {
        self.server.log()
    }
}
