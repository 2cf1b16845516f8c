//! Where output goes, and whether it may be coloured.

use std::{
    env,
    fmt::Display,
    io::{self, IsTerminal, Write},
};

/// Standard output for results, standard error for everything about them.
pub(crate) struct Terminal {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    /// Whether results may be coloured and cut to the window.
    pub(crate) styled: bool,
    /// Whether reports on standard error may be coloured.
    pub(crate) styled_err: bool,
}

impl Terminal {
    /// The process's own. Colours only on a terminal, and never with `NO_COLOR` set.
    pub(crate) fn of_process() -> Self {
        let colours = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self {
            styled: colours && io::stdout().is_terminal(),
            styled_err: colours && io::stderr().is_terminal(),
            out: Box::new(io::stdout()),
            err: Box::new(io::stderr()),
        }
    }

    /// Writes a line of results.
    pub(crate) fn line(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.out, "{line}")
    }

    /// Writes a line about the results.
    pub(crate) fn note(&mut self, line: impl Display) -> io::Result<()> {
        writeln!(self.err, "{line}")
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What was written, for tests to read.
    #[derive(Clone, Default)]
    pub(crate) struct Paper(Arc<Mutex<Vec<u8>>>);

    impl Paper {
        pub(crate) fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// A terminal that writes results and notes on paper, without colours.
    pub(crate) fn on_paper() -> (Terminal, Paper, Paper) {
        let (out, err) = (Paper::default(), Paper::default());
        let terminal =
            Terminal { out: Box::new(out.clone()), err: Box::new(err.clone()), styled: false, styled_err: false };
        (terminal, out, err)
    }

    #[test]
    fn results_and_notes_go_apart() {
        let (mut terminal, out, err) = on_paper();
        terminal.line("ok").unwrap();
        terminal.note("took 2 s").unwrap();
        assert_eq!((out.text().as_str(), err.text().as_str()), ("ok\n", "took 2 s\n"));
    }
}
