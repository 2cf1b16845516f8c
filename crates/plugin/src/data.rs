//! The data a guest reads: its calls on frames and scans, answered by the ports.

use std::sync::Arc;

use wasmtime::{Result, component::Resource};
use watchkeeper_engine::ports::frame::{Frame, FrameError, Scan};

use crate::{
    bindings::{
        data::{self, Aggregate, Answer, Column, Field, Host, HostFrame, HostScan},
        types,
    },
    sandbox::Sandbox,
    translate,
};

/// Questions of one call; the standard checks ask some ten for a column.
const ASKS_MAX: usize = 10_000;

/// A frame in a guest's hands.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenFrame(pub(crate) Arc<dyn Frame>);

/// A scan in a guest's hands; empty once its host call was given up.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct OpenScan(Option<Box<dyn Scan>>);

impl types::Host for Sandbox {}

impl Host for Sandbox {}

impl HostFrame for Sandbox {
    fn fields(&mut self, frame: Resource<OpenFrame>) -> Result<Vec<Field>> {
        let frame = self.open.get(&frame)?;
        Ok(frame.0.fields().iter().map(translate::field).collect())
    }

    fn aggregate(&mut self, frame: Resource<OpenFrame>, ask: Vec<Aggregate>) -> Result<Result<Vec<Answer>, String>> {
        let frame = Arc::clone(&self.open.get(&frame)?.0);
        if ask.len() > ASKS_MAX {
            return Ok(Err(format!("{} questions are asked at once; the limit is {ASKS_MAX}", ask.len())));
        }
        let asks: Vec<_> = ask.into_iter().map(translate::aggregate).collect();
        let answers = self.wait(frame.aggregate(&asks))?;
        Ok(answers
            .map(|answers| answers.into_iter().map(translate::answer).collect())
            .map_err(|error| self.said(error)))
    }

    fn query(&mut self, frame: Resource<OpenFrame>, sql: String) -> Result<Result<Resource<data::Frame>, String>> {
        let (frame, memory) = (Arc::clone(&self.open.get(&frame)?.0), Arc::clone(&self.memory));
        match self.wait(frame.query_in(&sql, &memory))? {
            Ok(result) => Ok(Ok(self.open.push(OpenFrame(result))?)),
            Err(error) => Ok(Err(self.said(error))),
        }
    }

    fn scan(
        &mut self,
        frame: Resource<OpenFrame>,
        columns: Vec<String>,
    ) -> Result<Result<Resource<data::Scan>, String>> {
        let frame = Arc::clone(&self.open.get(&frame)?.0);
        match self.wait(frame.scan(&columns))? {
            Ok(scan) => Ok(Ok(self.open.push(OpenScan(Some(scan)))?)),
            Err(error) => Ok(Err(self.said(error))),
        }
    }

    fn drop(&mut self, frame: Resource<OpenFrame>) -> Result<()> {
        self.open.delete(frame)?;
        Ok(())
    }
}

impl HostScan for Sandbox {
    fn next(&mut self, scan: Resource<OpenScan>) -> Result<Result<Option<Vec<Column>>, String>> {
        // Out of the table while it is awaited, so that the rest of the sandbox can be borrowed.
        let Some(mut taken) = self.open.get_mut(&scan)?.0.take() else {
            return Ok(Ok(None));
        };
        let chunk = self.wait(taken.next())?;
        self.open.get_mut(&scan)?.0 = Some(taken);
        Ok(chunk
            .map(|chunk| chunk.map(|columns| columns.into_iter().map(translate::column).collect()))
            .map_err(|error| self.said(error)))
    }

    fn drop(&mut self, scan: Resource<OpenScan>) -> Result<()> {
        self.open.delete(scan)?;
        Ok(())
    }
}

impl Sandbox {
    /// What the guest is told; what kind of fault it was stays here.
    fn said(&mut self, error: FrameError) -> String {
        self.unread = Some(error.fault);
        error.message
    }
}
