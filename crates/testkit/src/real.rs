//! Real peers for tests, each started on a free port of loopback with a folder of its own; dropped, it is stopped, and
//! nothing of it is left. What is missing is named with where it comes from.

mod airflow;
mod mariadb;
mod mlflow;
mod server;
mod systemd;

pub use airflow::Airflow;
pub use mariadb::{MARIADB_PASSWORD, Mariadb};
pub use mlflow::Mlflow;
pub use systemd::Systemd;
