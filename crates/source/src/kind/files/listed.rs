//! A store that holds just the files of one listing, in the state that they were listed in.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::object_store::path::Path;
use datafusion::object_store::{
    CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::File;

/// Reads from the real store what is still as it was listed; everything else is an error.
#[derive(Debug)]
pub(super) struct Listed {
    inner: Arc<dyn ObjectStore>,
    files: BTreeMap<Path, File>,
}

/// A file is not the one that was listed any more.
#[derive(Debug, thiserror::Error)]
#[error("{0} changed while it was read")]
pub(crate) struct FileMoved(String);

impl Listed {
    pub(super) fn new(inner: Arc<dyn ObjectStore>, files: &[File]) -> Self {
        Self { inner, files: files.iter().map(|file| (file.meta.location.clone(), file.clone())).collect() }
    }

    fn listed(&self, location: &Path) -> Result<&File> {
        self.files.get(location).ok_or_else(|| moved(location))
    }
}

impl fmt::Display for Listed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Listed {
    async fn get_opts(&self, location: &Path, mut options: GetOptions) -> Result<GetResult> {
        let file = self.listed(location)?;
        if options.head {
            let meta = ObjectMeta { size: file.end, ..file.meta.clone() };
            let payload = GetResultPayload::Stream(stream::empty().boxed());
            return Ok(GetResult { payload, meta, range: 0..0, attributes: Default::default() });
        }
        let whole = options.range.is_none() && file.end > 0;
        if whole {
            options.range = Some(GetRange::Bounded(0..file.end));
        }
        let mut found = match self.inner.get_opts(location, options).await {
            Err(Error::NotFound { .. }) => return Err(moved(location)),
            found => found?,
        };
        if !file.is_beginning_of(&found.meta) {
            return Err(moved(location));
        }
        // A reader takes an open file to its end, which may be later than it was.
        if whole && found.meta.size != file.end {
            let (range, meta, attributes) = (found.range.clone(), found.meta.clone(), found.attributes.clone());
            let payload = GetResultPayload::Stream(found.into_stream());
            found = GetResult { payload, meta, range, attributes };
        }
        found.meta.size = file.end;
        Ok(found)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let under = |path: &Path| prefix.is_none_or(|prefix| path.prefix_matches(prefix));
        let files = self.files.values().filter(|file| under(&file.meta.location)).map(|file| Ok(file.meta.clone()));
        stream::iter(files.collect::<Vec<_>>()).boxed()
    }

    async fn list_with_delimiter(&self, _: Option<&Path>) -> Result<ListResult> {
        Err(Error::NotImplemented { operation: "list".to_owned(), implementer: "Listed".to_owned() })
    }

    async fn put_opts(&self, _: &Path, _: PutPayload, _: PutOptions) -> Result<PutResult> {
        Err(read_only())
    }

    async fn put_multipart_opts(&self, _: &Path, _: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        Err(read_only())
    }

    fn delete_stream(&self, _: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        stream::iter([Err(read_only())]).boxed()
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(read_only())
    }
}

fn moved(location: &Path) -> Error {
    Error::Generic { store: "source", source: Box::new(FileMoved(location.to_string())) }
}

fn read_only() -> Error {
    Error::NotImplemented { operation: "write".to_owned(), implementer: "Listed".to_owned() }
}
