//! What a source's data is known by without reading it: its files' paths, sizes, times and tags.

use futures::FutureExt;
use futures::future::BoxFuture;
use watchkeeper_engine::ports::frame::FrameError;
use watchkeeper_model::{Name, SourceKind, digest_of};

use super::{DataSources, in_a_circle};
use crate::files;

impl DataSources {
    /// A digest of the files that a source is made of, of a view's SQL as well; `None` where only the rows can tell.
    /// `above` are the views it is asked for.
    pub(super) fn identified<'a>(
        &'a self,
        name: &'a Name,
        mut above: Vec<&'a Name>,
    ) -> BoxFuture<'a, Result<Option<String>, FrameError>> {
        async move {
            let entry = self.entry(name)?;
            match &entry.source.kind {
                SourceKind::Files(files) => {
                    let listing = files::list(name.as_str(), files, self.location(name, entry, files)?).await?;
                    let files: Vec<String> = listing.files.iter().map(|file| format!("{file:?}")).collect();
                    Ok(Some(digest_of(&files.iter().map(String::as_str).collect::<Vec<_>>())))
                }
                SourceKind::View(view) if above.contains(&name) => Err(in_a_circle(name, view)),
                SourceKind::View(view) => {
                    above.push(name);
                    let mut parts = vec![view.sql.clone()];
                    for input in &view.inputs {
                        let Some(identity) = self.identified(input, above.clone()).await? else { return Ok(None) };
                        parts.push(identity);
                    }
                    Ok(Some(digest_of(&parts.iter().map(String::as_str).collect::<Vec<_>>())))
                }
                SourceKind::Database(_) | SourceKind::Prometheus(_) | SourceKind::Http(_) => Ok(None),
            }
        }
        .boxed()
    }
}
