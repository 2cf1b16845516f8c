//! One evaluation's look at the sources: a transaction a database, and files as they were when they were opened.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use futures::FutureExt;
use futures::future::BoxFuture;
use watchkeeper_engine::ports::frame::{Frame, FrameError, FrameFault, Moment, Span};
use watchkeeper_model::{DatabaseServer, DatabaseSource, Name, digest_of};

use crate::caught::{CaughtFrame, caught};
use crate::cut::Cut;
use crate::database::{
    Database, DatabaseFrame, Opened, Postgres, PostgresSession, Sqlite, SqliteSession, join_in_database,
};
use crate::fault::{Why, refused};
use crate::frame::SourceFrame;
use crate::kind::{Kind, Listing, View};
use crate::rows::Rows;
use crate::sources::Shared;
use crate::table::Table;

/// The sources, and what was opened of them.
#[derive(Debug)]
pub(crate) struct DataMoment {
    shared: Arc<Shared>,
    postgres: Mutex<Vec<Arc<PostgresSession>>>,
    sqlite: Mutex<Vec<Arc<SqliteSession>>>,
    /// Files that are read while the evaluation goes on.
    streamed: Mutex<Vec<(Name, Listing)>>,
}

impl DataMoment {
    /// Nothing is opened yet.
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        Self { shared, postgres: Mutex::default(), sqlite: Mutex::default(), streamed: Mutex::default() }
    }

    /// A digest of what a source is made of, of a view's SQL as well; `None` where only the rows can tell. `above` are
    /// the views it is asked for.
    pub(crate) fn identity<'a>(
        &'a self,
        name: &'a Name,
        above: Vec<&'a Name>,
    ) -> BoxFuture<'a, Result<Option<String>, FrameError>> {
        async move {
            match &self.shared.entry(name)?.kind {
                Kind::Files(files) => files.identity(name.as_str()).await.map(Some),
                Kind::View(view) => {
                    let above = view.entered(name, above)?;
                    let mut parts = vec![view.sql().to_owned()];
                    for input in view.inputs() {
                        let Some(identity) = self.identity(input, above.clone()).await? else { return Ok(None) };
                        parts.push(identity);
                    }
                    Ok(Some(digest_of(&parts.iter().map(String::as_str).collect::<Vec<_>>())))
                }
                Kind::Database(_) | Kind::Prometheus(_) | Kind::Http(_) => Ok(None),
            }
        }
        .boxed()
    }

    async fn opened(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        let sessions = Arc::clone(&self.shared.sessions);
        if let Some(opened) = self.in_database(source, Vec::new()).await? {
            return Ok(Arc::new(DatabaseFrame::new(opened, span, sessions)?));
        }
        if let Kind::Prometheus(prometheus) = &self.shared.entry(source)?.kind {
            let (shape, rows) = prometheus.read(source.as_str(), span).await?;
            let cut = Cut::new(shape, Rows::Memory(rows), None);
            return Ok(Arc::new(SourceFrame::new(Arc::new(cut), sessions)));
        }
        let table = self.table(source, span, Vec::new()).await?;
        Ok(Arc::new(SourceFrame::new(table.cut(span)?, sessions)))
    }

    /// The source as it is now, with the columns that it has in a span.
    fn table<'a>(
        &'a self,
        name: &'a Name,
        span: Span,
        above: Vec<&'a Name>,
    ) -> BoxFuture<'a, Result<Arc<Table>, FrameError>> {
        async move {
            let entry = self.shared.entry(name)?;
            let (time, sessions) = (entry.time_column.as_deref(), &self.shared.sessions);
            let table = match &entry.kind {
                Kind::Files(files) => files.read(name.as_str(), time, span, sessions).await?,
                Kind::Http(http) => http.read(name.as_str(), time).await?,
                Kind::View(view) => {
                    let above = view.entered(name, above)?;
                    let mut inputs = Vec::new();
                    for input in view.inputs() {
                        inputs.push((input, self.table(input, Span::default(), above.clone()).await?));
                    }
                    view.read(name.as_str(), time, inputs, sessions).await?
                }
                Kind::Database(_) => return Err(refused(name.as_str(), "rows of a database stay there")),
                Kind::Prometheus(_) => {
                    return Err(refused(
                        name.as_str(),
                        "a view cannot read it, because what Prometheus gives depends on the window; ask in PromQL",
                    ));
                }
            };
            if let (Some(listing), Rows::Plan(_)) = (&table.stamp.listing, table.rows()) {
                self.streamed.lock().unwrap_or_else(PoisonError::into_inner).push((name.clone(), listing.clone()));
            }
            Ok(table)
        }
        .boxed()
    }

    /// The source within its database, if it has one; a view has the one that all its inputs have.
    fn in_database<'a>(
        &'a self,
        name: &'a Name,
        above: Vec<&'a Name>,
    ) -> BoxFuture<'a, Result<Option<Opened>, FrameError>> {
        async move {
            let entry = self.shared.entry(name)?;
            let time = entry.time_column.as_deref();
            match &entry.kind {
                Kind::Files(_) | Kind::Prometheus(_) | Kind::Http(_) => Ok(None),
                Kind::View(view) => self.view_in_database(name, time, view, above).await,
                Kind::Database(source) => {
                    let database = self.database(name, source);
                    Opened::source(name.as_str(), time, source, &database).await.map(Some)
                }
            }
        }
        .boxed()
    }

    async fn view_in_database<'a>(
        &'a self,
        name: &'a Name,
        time_column: Option<&str>,
        view: &'a View,
        above: Vec<&'a Name>,
    ) -> Result<Option<Opened>, FrameError> {
        let above = view.entered(name, above)?;
        let (mut inside, mut outside) = (Vec::<(&Name, Opened)>::new(), Vec::new());
        for input in view.inputs() {
            match self.in_database(input, above.clone()).await? {
                Some(opened) => inside.push((input, opened)),
                None => outside.push(input),
            }
        }
        let Some((first, opened)) = inside.first() else { return Ok(None) };
        let elsewhere = inside.iter().find(|(_, other)| !other.database.is_same_place(&opened.database));
        if let Some(other) = elsewhere.map(|(name, _)| *name).or_else(|| outside.first().copied()) {
            return Err(apart(name, first, other));
        }
        join_in_database(name.as_str(), time_column, view.sql(), &inside, &self.shared.sessions).await.map(Some)
    }

    /// The database of a source, within this evaluation's transaction on its server.
    fn database(&self, name: &Name, source: &DatabaseSource) -> Database {
        match &source.server {
            DatabaseServer::Postgres(url) => {
                let mut sessions = self.postgres.lock().unwrap_or_else(PoisonError::into_inner);
                let known = sessions.iter().find(|session| session.server().url() == url).cloned();
                let session = known.unwrap_or_else(|| {
                    sessions.push(Arc::new(PostgresSession::new(self.shared.server(url))));
                    Arc::clone(&sessions[sessions.len() - 1])
                });
                Database::Postgres(Postgres::new(name.as_str(), session, source.timeout))
            }
            DatabaseServer::Sqlite(path) => {
                let path = self.shared.workspace.join(path);
                let mut sessions = self.sqlite.lock().unwrap_or_else(PoisonError::into_inner);
                let known = sessions.iter().find(|session| session.path() == path).cloned();
                let session = known.unwrap_or_else(|| {
                    sessions.push(Arc::new(SqliteSession::new(path)));
                    Arc::clone(&sessions[sessions.len() - 1])
                });
                Database::Sqlite(Sqlite::new(name.as_str(), session, source.timeout))
            }
        }
    }
}

/// Rows of a database are never fetched to be joined here.
fn apart(name: &Name, one: &Name, other: &Name) -> FrameError {
    refused(
        name.as_str(),
        format!(
            "its SQL joins `{one}`, which is in a database, with `{other}`, which is not in the same one; bring both \
             into one place, or give both sources the same `url`"
        ),
    )
}

#[async_trait]
impl Moment for DataMoment {
    async fn open(&self, source: &Name, span: Span) -> Result<Arc<dyn Frame>, FrameError> {
        let inner = caught(source.as_str(), self.opened(source, span)).await?;
        Ok(Arc::new(CaughtFrame { source: Arc::from(source.as_str()), inner }))
    }

    async fn unmoved(&self) -> Result<(), FrameError> {
        let streamed = self.streamed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for (name, listing) in streamed {
            let Kind::Files(files) = &self.shared.entry(&name)?.kind else { continue };
            if let Some(moved) = listing.moved_in(&files.stamp(name.as_str()).await?) {
                let what = format!("{} changed while it was read; the next tick tries again", moved.location);
                return Err(Why::new(FrameFault::Moved, what).of(name.as_str()));
            }
        }
        let sqlite = self.sqlite.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match sqlite.iter().find(|session| !session.is_unmoved()) {
            None => Ok(()),
            Some(moved) => Err(FrameError::new(
                FrameFault::Moved,
                format!(
                    "{} changed while it was read; use WAL mode, or the next tick tries again",
                    moved.path().display()
                ),
            )),
        }
    }

    fn end(&self) {
        self.postgres.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|session| session.end());
        self.sqlite.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(|session| session.end());
    }
}

impl Drop for DataMoment {
    fn drop(&mut self) {
        self.end();
    }
}
