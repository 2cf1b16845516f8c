//! A file's bytes as UTF-8 text, piece by piece: unpacked by its extension, decoded by its first bytes.

use std::fs::File as LocalFile;
use std::io::{Read, Write};

use bytes::Bytes;
use datafusion::object_store::path::Path;
use datafusion::object_store::{self, GetOptions, GetResultPayload, ObjectStore};
use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use flate2::write::MultiGzDecoder;
use futures::StreamExt;
use futures::stream::BoxStream;
use tokio::task::spawn_blocking;
use watchkeeper_model::Encoding;
use zstd::stream::raw::Operation;

use super::Misread;

/// Bytes that are read at once.
const PIECE: usize = 256 << 10;
/// Unpacked bytes that are held at once, about.
const UNPACKED_AT_ONCE: usize = 1 << 20;
/// Packed bytes that are unpacked at once: gzip makes up to a thousand times as many of them.
const GZIP_STEP: usize = 4 << 10;
/// Unpacked bytes that are taken from zstd at once.
const ZSTD_ROOM: usize = 128 << 10;

/// What a file is packed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Packing {
    Plain,
    Gzip,
    Zstd,
}

impl Packing {
    /// By the path's extension; the path without it.
    pub(crate) fn of(path: &str) -> (Self, &str) {
        let lower = path.to_ascii_lowercase();
        let cut = |bytes: usize| path.get(..path.len() - bytes).unwrap_or(path);
        match () {
            () if lower.ends_with(".gz") => (Self::Gzip, cut(3)),
            () if lower.ends_with(".zst") => (Self::Zstd, cut(4)),
            () => (Self::Plain, path),
        }
    }
}

/// How bytes are decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Charset {
    Utf8,
    Utf16Le,
    Utf16Be,
    Latin1,
}

impl Charset {
    /// By the mark at a file's beginning, else by its first bytes; what is said decides.
    pub(crate) fn of(head: &[u8], said: Option<Encoding>) -> Self {
        let wide = match head {
            [0xff, 0xfe, ..] => Some(Self::Utf16Le),
            [0xfe, 0xff, ..] => Some(Self::Utf16Be),
            _ => None,
        };
        match said {
            Some(Encoding::Utf8) => return Self::Utf8,
            Some(Encoding::Latin1) => return Self::Latin1,
            Some(Encoding::Utf16) => return wide.unwrap_or_else(|| Self::by_zeros(head).unwrap_or(Self::Utf16Le)),
            None => {}
        }
        if let Some(wide) = wide.or_else(|| Self::by_zeros(head)) {
            return wide;
        }
        match std::str::from_utf8(head) {
            Ok(_) => Self::Utf8,
            // A character that the head cuts in two.
            Err(error) if error.error_len().is_none() => Self::Utf8,
            Err(_) => Self::Latin1,
        }
    }

    /// Text of mostly Latin letters in UTF-16 has a zero in every other byte.
    fn by_zeros(head: &[u8]) -> Option<Self> {
        let zeros = |first: usize| head.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
        let (high, low, half) = (zeros(0), zeros(1), head.len() / 2);
        match half {
            0 => None,
            _ if low * 10 >= half * 7 && high * 10 < half => Some(Self::Utf16Le),
            _ if high * 10 >= half * 7 && low * 10 < half => Some(Self::Utf16Be),
            _ => None,
        }
    }

    fn decoder(self) -> Decoder {
        match self {
            Self::Utf8 => UTF_8.new_decoder_with_bom_removal(),
            Self::Utf16Le => UTF_16LE.new_decoder_with_bom_removal(),
            Self::Utf16Be => UTF_16BE.new_decoder_with_bom_removal(),
            Self::Latin1 => WINDOWS_1252.new_decoder_without_bom_handling(),
        }
    }

    /// As people call it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "UTF-8",
            Self::Utf16Le | Self::Utf16Be => "UTF-16",
            Self::Latin1 => "Latin-1",
        }
    }
}

enum Pieces {
    Local(LocalFile),
    Remote(BoxStream<'static, object_store::Result<Bytes>>),
}

enum Unpack {
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Zstd(Zstd),
}

struct Zstd {
    decoder: zstd::stream::raw::Decoder<'static>,
    /// Whether a frame has ended and no other has begun.
    is_whole: bool,
}

/// The unpacked bytes of a file.
pub(crate) struct Unpacked {
    pieces: Option<Pieces>,
    /// What was read last, and how much of it was unpacked.
    piece: Vec<u8>,
    taken: usize,
    unpack: Unpack,
    finished: bool,
}

impl Unpacked {
    pub(crate) async fn open(store: &dyn ObjectStore, path: &Path, packing: Packing) -> Result<Self, Misread> {
        let found = store.get_opts(path, GetOptions::default()).await?;
        let pieces = match found.payload {
            GetResultPayload::File(file, _) => Pieces::Local(file),
            GetResultPayload::Stream(stream) => Pieces::Remote(stream),
        };
        let unpack = match packing {
            Packing::Plain => Unpack::Plain,
            Packing::Gzip => Unpack::Gzip(Box::new(MultiGzDecoder::new(Vec::new()))),
            Packing::Zstd => Unpack::Zstd(Zstd { decoder: zstd::stream::raw::Decoder::new()?, is_whole: true }),
        };
        Ok(Self { pieces: Some(pieces), piece: Vec::new(), taken: 0, unpack, finished: false })
    }

    /// The next bytes; none at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<u8>>, Misread> {
        loop {
            let unpacked = self.unpacked().map_err(|error| Misread::told(format!("cannot be unpacked: {error}")))?;
            if !unpacked.is_empty() {
                return Ok(Some(unpacked));
            }
            let Some(pieces) = self.pieces.take() else { return Ok(None) };
            self.piece = match pieces {
                Pieces::Local(mut file) => {
                    let read = spawn_blocking(move || {
                        let mut piece = Vec::with_capacity(PIECE);
                        let read = Read::by_ref(&mut file).take(PIECE as u64).read_to_end(&mut piece);
                        read.map(|_| (file, piece))
                    });
                    let (file, piece) = read.await.map_err(std::io::Error::other)??;
                    self.pieces = Some(Pieces::Local(file)).filter(|_| !piece.is_empty());
                    piece
                }
                Pieces::Remote(mut stream) => {
                    let piece = stream.next().await.transpose()?;
                    self.pieces = piece.as_ref().map(|_| Pieces::Remote(stream));
                    piece.map(|piece| piece.to_vec()).unwrap_or_default()
                }
            };
            self.taken = 0;
        }
    }

    /// What the rest of the piece unpacks to, as far as it is not too much at once: a few packed bytes may be gigabytes.
    fn unpacked(&mut self) -> std::io::Result<Vec<u8>> {
        let is_last = self.pieces.is_none();
        match &mut self.unpack {
            Unpack::Plain => {
                self.taken = 0;
                Ok(std::mem::take(&mut self.piece))
            }
            Unpack::Gzip(gzip) => {
                while self.taken < self.piece.len() && gzip.get_ref().len() < UNPACKED_AT_ONCE {
                    let end = self.piece.len().min(self.taken + GZIP_STEP);
                    gzip.write_all(&self.piece[self.taken..end])?;
                    self.taken = end;
                }
                if self.taken == self.piece.len() && is_last && !self.finished {
                    self.finished = true;
                    gzip.try_finish()?;
                }
                Ok(std::mem::take(gzip.get_mut()))
            }
            Unpack::Zstd(zstd) => {
                let mut unpacked = Vec::new();
                let mut room = vec![0; ZSTD_ROOM];
                loop {
                    let status = zstd.decoder.run_on_buffers(&self.piece[self.taken..], &mut room)?;
                    self.taken += status.bytes_read;
                    unpacked.extend_from_slice(&room[..status.bytes_written]);
                    let has_more = status.bytes_written == room.len();
                    if status.bytes_read + status.bytes_written > 0 {
                        zstd.is_whole = status.remaining == 0;
                    }
                    if unpacked.len() >= UNPACKED_AT_ONCE || self.taken == self.piece.len() && !has_more {
                        break;
                    }
                }
                if unpacked.is_empty() && is_last && !zstd.is_whole {
                    return Err(std::io::Error::new(std::io::ErrorKind::UnexpectedEof, "it ends in the middle"));
                }
                Ok(unpacked)
            }
        }
    }
}

/// Bytes to UTF-8.
pub(crate) struct Decoding {
    charset: Charset,
    decoder: Decoder,
    /// Whether the last bytes were there.
    ended: bool,
}

impl Decoding {
    pub(crate) fn new(charset: Charset) -> Self {
        Self { charset, decoder: charset.decoder(), ended: false }
    }

    /// The text of the next bytes; what they leave unfinished comes with the ones after. `line` is where the text is.
    pub(crate) fn text(&mut self, bytes: &[u8], last: bool, line: u64) -> Result<String, Misread> {
        if std::mem::replace(&mut self.ended, last) {
            return Ok(String::new());
        }
        let room = self.decoder.max_utf8_buffer_length_without_replacement(bytes.len());
        let mut text = String::with_capacity(room.unwrap_or(bytes.len() * 3));
        match self.decoder.decode_to_string_without_replacement(bytes, &mut text, last).0 {
            DecoderResult::InputEmpty => Ok(text),
            DecoderResult::OutputFull | DecoderResult::Malformed(..) => {
                let line = line + text.bytes().filter(|byte| *byte == b'\n').count() as u64;
                let name = self.charset.name();
                Err(Misread::told(format!("line {line} of it is not {name}; set its `encoding`, or write it anew")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_encoding_is_told_by_the_first_bytes() {
        let utf16: Vec<u8> = "id;Größe\n1;2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(Charset::of(&utf16, None), Charset::Utf16Le);
        assert_eq!(Charset::of("id;Größe".as_bytes(), None), Charset::Utf8);
        assert_eq!(Charset::of(b"id;Gr\xf6\xdfe\n", None), Charset::Latin1);
        assert_eq!(Charset::of(&"ö".as_bytes()[..1], None), Charset::Utf8);
        assert_eq!(Charset::of(b"", None), Charset::Utf8);
    }

    #[test]
    fn characters_that_pieces_cut_are_whole() {
        let mut decoding = Decoding::new(Charset::Utf8);
        let texts = [&b"Gr\xc3"[..], b"\xb6", b"\xc3\x9fe"].map(|bytes| decoding.text(bytes, false, 1).expect("text"));
        assert_eq!(texts.concat(), "Größe");
        let broken = decoding.text(b"\n\nab\xff", true, 7).expect_err("not UTF-8");
        assert!(broken.to_string().starts_with("line 9 of it is not UTF-8"), "{broken}");
    }
}
