//! DuckDB from Python, kept running: each statement is timed there, once it is warm.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

pub(crate) struct DuckDb {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
}

/// What it answered to one statement.
pub(crate) struct Answer {
    pub(crate) seconds: f64,
    pub(crate) rows: Vec<Vec<Value>>,
    pub(crate) peak_mb: f64,
}

/// The rows of a file, as SQL names them.
pub(crate) fn from_file(path: &Path) -> String {
    format!("from read_parquet('{}')", path.display())
}

impl DuckDb {
    pub(crate) fn start(python: &Path) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/watch/peer.py");
        let mut command = Command::new(python);
        command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("python starts");
        let questions = child.stdin.take().expect("a pipe");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Self { child, questions, answers }
    }

    pub(crate) fn ask(&mut self, sql: &str) -> Answer {
        writeln!(self.questions, "{}", json!(sql)).expect("it listens");
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("it answers");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        let rows = answer["rows"].as_array().expect("rows").iter();
        Answer {
            seconds: answer["seconds"].as_f64().expect("a number"),
            rows: rows.map(|row| row.as_array().expect("a row").clone()).collect(),
            peak_mb: answer["peak_mb"].as_f64().expect("a number"),
        }
    }

    /// The fastest of several forms of one question, each asked once, which also warms it.
    pub(crate) fn fastest<'a>(&mut self, forms: &'a [String]) -> &'a str {
        let timed = forms.iter().map(|sql| (self.ask(sql).seconds, sql.as_str()));
        timed.min_by(|(one, _), (other, _)| one.total_cmp(other)).expect("at least one form").1
    }
}

impl Drop for DuckDb {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
