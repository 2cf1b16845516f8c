//! A cut: the rows of a source in one span. All that ask it at the same time are answered by one scan, whoever they are.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use futures::future::{Either, select};
use tokio::sync::{Mutex as Turn, oneshot};
use watchkeeper_engine::ports::frame::{Aggregate, Answer, FrameError};

use crate::aggregate::Questions;
use crate::footer::Footer;
use crate::rows::Rows;
use crate::shape::Shape;

/// How long a scan waits for those that have opened the same rows and not asked yet: little beside a scan.
const COMPANY_FOR: Duration = Duration::from_millis(20);

/// Rows with known columns.
#[derive(Debug)]
pub(crate) struct Cut {
    pub(crate) shape: Arc<Shape>,
    pub(crate) rows: Rows,
    /// What is known of all its rows without reading one.
    footer: Option<Arc<Footer>>,
    /// How many rows there are, once somebody has counted them.
    counted: OnceLock<u64>,
    /// Frames of it that have asked nothing yet.
    pub(crate) fresh: AtomicUsize,
    waiting: Mutex<Vec<Wanted>>,
    /// Whoever has it scans for all that wait.
    turn: Turn<()>,
}

/// What somebody asks, and where the answers go.
#[derive(Debug)]
struct Wanted {
    asks: Vec<Aggregate>,
    reply: oneshot::Sender<Result<Vec<Answer>, FrameError>>,
}

impl Cut {
    pub(crate) fn new(shape: Arc<Shape>, rows: Rows, footer: Option<Arc<Footer>>) -> Self {
        let counted = match (&rows, &footer) {
            (Rows::Memory(batch), _) => OnceLock::from(batch.num_rows() as u64),
            (Rows::Plan(_), Some(footer)) => OnceLock::from(footer.rows()),
            (Rows::Plan(_), None) => OnceLock::new(),
        };
        let (fresh, waiting, turn) = (AtomicUsize::new(0), Mutex::default(), Turn::default());
        Self { shape, rows, footer, counted, fresh, waiting, turn }
    }

    /// Answers every question, in the order asked; what is known is not read.
    pub(crate) async fn answers(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        // What cannot be asked is refused, also where no row need be read.
        let questions = Questions::new(&self.shape, asks)?;
        let known: Vec<Option<Answer>> = asks.iter().map(|ask| self.known(ask)).collect();
        let open = asks.iter().zip(&known).filter(|(_, known)| known.is_none()).map(|(ask, _)| ask.clone());
        let open: Vec<Aggregate> = open.collect();
        let answers = match (&self.rows, open.is_empty()) {
            (_, true) => Vec::new(),
            (Rows::Memory(_), _) if open.len() == asks.len() => return self.scan(Arc::new(questions)).await,
            (Rows::Memory(_), _) => self.scan(Arc::new(Questions::new(&self.shape, &open)?)).await?,
            (Rows::Plan(_), _) => self.answers_in_company(open).await?,
        };
        let mut answers = answers.into_iter();
        Ok(known.into_iter().filter_map(|known| known.or_else(|| answers.next())).collect())
    }

    fn known(&self, ask: &Aggregate) -> Option<Answer> {
        match (&self.footer, ask, self.counted.get()) {
            (Some(footer), ..) => footer.answer(&self.shape, ask),
            (None, Aggregate::Rows, Some(rows)) => Some(Answer::Count(*rows)),
            _ => None,
        }
    }

    async fn answers_in_company(&self, asks: Vec<Aggregate>) -> Result<Vec<Answer>, FrameError> {
        loop {
            let (reply, mut answered) = oneshot::channel();
            self.waiting().push(Wanted { asks: asks.clone(), reply });
            loop {
                match select(&mut answered, pin!(self.turn.lock())).await {
                    Either::Left((Ok(answers), _)) => return answers,
                    // Whoever scanned was stopped in the middle.
                    Either::Left((Err(_), _)) => break,
                    Either::Right((_turn, _)) => self.scan_for_all().await,
                }
            }
        }
    }

    /// One scan for all that wait. Where all of it together cannot be answered, each is asked by itself: one column that
    /// cannot be read is no matter of the others.
    async fn scan_for_all(&self) {
        if self.fresh.load(Ordering::Relaxed) > 0 {
            tokio::time::sleep(COMPANY_FOR).await;
        }
        let waiting = std::mem::take(&mut *self.waiting());
        let all: Vec<Aggregate> = waiting.iter().flat_map(|wanted| wanted.asks.clone()).collect();
        if all.is_empty() {
            return;
        }
        match (self.asked(&all).await, waiting.len()) {
            (Err(_), 2..) => {
                for Wanted { asks, reply } in waiting {
                    drop(reply.send(self.asked(&asks).await));
                }
            }
            (Err(error), _) => {
                for wanted in waiting {
                    drop(wanted.reply.send(Err(error.clone())));
                }
            }
            (Ok(answers), _) => {
                let mut answers = answers.into_iter();
                for Wanted { asks, reply } in waiting {
                    drop(reply.send(Ok(answers.by_ref().take(asks.len()).collect())));
                }
            }
        }
    }

    async fn asked(&self, asks: &[Aggregate]) -> Result<Vec<Answer>, FrameError> {
        self.scan(Arc::new(Questions::new(&self.shape, asks)?)).await
    }

    async fn scan(&self, questions: Arc<Questions>) -> Result<Vec<Answer>, FrameError> {
        match self.rows.answers(&self.shape, &questions).await {
            Ok((rows, answers)) => {
                self.counted.get_or_init(|| rows);
                Ok(answers)
            }
            Err(error) => Err(self.shape.unread_in(questions.columns(), &error).await),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Wanted>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
