//! Keys in runs: in memory while there is room, in a temporary file beyond that, so that an exact order of however many
//! rows takes a bounded memory.

use std::borrow::Cow;
use std::env;
use std::fs::File;
use std::io;
use std::mem;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::keys::key;

/// The most keys of a run; few enough that a run and its copy stay in a processor's own cache.
const RUN_KEYS_MAX: usize = 1 << 16;
/// Full runs that one scan holds in memory: 64 MiB.
const IN_MEMORY_MAX: usize = 128;
const KEY_BYTES: usize = size_of::<u64>();

/// Room in memory for full runs, shared by all that one scan keeps.
#[derive(Debug, Clone)]
pub(super) struct Room(Arc<AtomicUsize>);

impl Default for Room {
    fn default() -> Self {
        Self::of(IN_MEMORY_MAX)
    }
}

impl Room {
    fn of(runs: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(runs)))
    }

    fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
    }
}

/// All keys of one kind that a scan, or a part of it, has met.
#[derive(Debug)]
pub(super) struct Runs {
    room: Room,
    /// The run that is being filled.
    open: Vec<u64>,
    full: Vec<Run>,
    spill: Option<Spill>,
}

/// A file without a name, which goes with the last run in it.
#[derive(Debug)]
struct Spill {
    file: Arc<File>,
    bytes: u64,
}

/// Some keys, in no order.
#[derive(Debug)]
enum Run {
    Memory(Vec<u64>),
    File { file: Arc<File>, start: u64, len: usize },
}

/// Some keys next to each other in a run, which may be put in another order among themselves.
pub(super) enum Slice<'a> {
    Memory(&'a mut [u64]),
    File { file: &'a File, start: u64, len: usize },
}

/// The temporary file cannot be made, written or read.
#[derive(Debug, thiserror::Error)]
#[error("the values of so many rows cannot be kept in a temporary file in {}: {error}; make room there, or let `TMPDIR` name another folder", env::temp_dir().display())]
pub(crate) struct NotKept {
    error: io::Error,
}

impl NotKept {
    fn of(error: io::Error) -> io::Error {
        io::Error::other(Self { error })
    }
}

impl Runs {
    pub(super) fn new(room: &Room) -> Self {
        Self { room: room.clone(), open: Vec::new(), full: Vec::new(), spill: None }
    }

    /// Adds the keys of all numbers that are no NaN.
    pub(super) fn push(&mut self, numbers: &[f64]) -> io::Result<()> {
        for numbers in numbers.chunks(RUN_KEYS_MAX) {
            let run = self.with_room(numbers.len())?;
            let mut len = run.len();
            run.resize(len + numbers.len(), 0);
            // A write for each, kept or not, so that nothing has to be guessed.
            for number in numbers {
                run[len] = key(*number);
                len += usize::from(!number.is_nan());
            }
            run.truncate(len);
        }
        Ok(())
    }

    /// A run that takes so many keys more without being copied.
    pub(super) fn with_room(&mut self, more: usize) -> io::Result<&mut Vec<u64>> {
        if self.open.len() + more > RUN_KEYS_MAX {
            self.close()?;
        }
        if self.open.capacity() < self.open.len() + more {
            // Most columns have few keys; whoever has filled a run will fill another one.
            let least = if self.full.is_empty() { self.open.len() + more } else { RUN_KEYS_MAX };
            let keys = (2 * self.open.capacity()).clamp(least, RUN_KEYS_MAX);
            self.open.reserve_exact(keys - self.open.len());
        }
        Ok(&mut self.open)
    }

    pub(super) fn merge(&mut self, later: Self) {
        self.full.extend(later.full);
        if !later.open.is_empty() {
            self.full.push(Run::Memory(later.open));
        }
    }

    /// All keys.
    pub(super) fn slices(&mut self) -> Vec<Slice<'_>> {
        if !self.open.is_empty() {
            self.full.push(Run::Memory(mem::take(&mut self.open)));
        }
        self.full.iter_mut().map(Run::whole).collect()
    }

    fn close(&mut self) -> io::Result<()> {
        if self.room.take() {
            self.full.push(Run::Memory(mem::take(&mut self.open)));
            return Ok(());
        }
        let spill = match &mut self.spill {
            Some(spill) => spill,
            None => self.spill.insert(Spill { file: Arc::new(tempfile::tempfile().map_err(NotKept::of)?), bytes: 0 }),
        };
        write(&spill.file, &self.open, spill.bytes)?;
        self.full.push(Run::File { file: Arc::clone(&spill.file), start: spill.bytes, len: self.open.len() });
        spill.bytes += (self.open.len() * KEY_BYTES) as u64;
        self.open.clear();
        Ok(())
    }
}

impl Run {
    fn whole(&mut self) -> Slice<'_> {
        match self {
            Self::Memory(keys) => Slice::Memory(keys),
            Self::File { file, start, len } => Slice::File { file, start: *start, len: *len },
        }
    }
}

impl Slice<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Memory(keys) => keys.len(),
            Self::File { len, .. } => *len,
        }
    }

    /// All its keys.
    pub(super) fn all(&self) -> io::Result<Cow<'_, [u64]>> {
        self.keys(0..self.len())
    }

    /// Some of its keys.
    pub(super) fn keys(&self, range: Range<usize>) -> io::Result<Cow<'_, [u64]>> {
        match self {
            Self::Memory(keys) => Ok(Cow::Borrowed(&keys[range])),
            Self::File { file, start, .. } => {
                read(file, start + (range.start * KEY_BYTES) as u64, range.len()).map(Cow::Owned)
            }
        }
    }

    pub(super) fn part(&mut self, range: Range<usize>) -> Slice<'_> {
        match self {
            Self::Memory(keys) => Slice::Memory(&mut keys[range]),
            Self::File { file, start, .. } => {
                Slice::File { file, start: *start + (range.start * KEY_BYTES) as u64, len: range.len() }
            }
        }
    }

    /// Puts its keys in another order.
    pub(super) fn arrange<T>(&mut self, arrange: impl FnOnce(&mut [u64]) -> T) -> io::Result<T> {
        match self {
            Self::Memory(keys) => Ok(arrange(keys)),
            Self::File { file, start, len } => {
                let mut keys = read(file, *start, *len)?;
                let arranged = arrange(&mut keys);
                write(file, &keys, *start)?;
                Ok(arranged)
            }
        }
    }
}

fn write(file: &File, keys: &[u64], at: u64) -> io::Result<()> {
    let bytes: Vec<u8> = keys.iter().flat_map(|key| key.to_ne_bytes()).collect();
    file.write_all_at(&bytes, at).map_err(NotKept::of)
}

fn read(file: &File, at: u64, len: usize) -> io::Result<Vec<u64>> {
    let mut bytes = vec![0; len * KEY_BYTES];
    file.read_exact_at(&mut bytes, at).map_err(NotKept::of)?;
    Ok(bytes.as_chunks::<KEY_BYTES>().0.iter().map(|key| u64::from_ne_bytes(*key)).collect())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Runs of which so many are held in memory.
    pub(in super::super) fn runs(numbers: &[f64], in_memory: usize) -> Runs {
        let mut runs = Runs::new(&Room::of(in_memory));
        numbers.chunks(16_384).for_each(|numbers| runs.push(numbers).expect("there is room on the disk"));
        runs
    }

    #[test]
    fn runs_are_bounded_and_lose_nothing_wherever_they_are() {
        let numbers: Vec<f64> = (0..300_000).map(f64::from).collect();
        for in_memory in [0, 1, 100] {
            let mut first = runs(&numbers[..150_000], in_memory);
            first.push(&[f64::NAN, -1.0, f64::NAN]).expect("there is room");
            first.merge(runs(&numbers[150_000..], in_memory));
            let all = first.slices();
            assert!(all.iter().all(|slice| slice.len() <= RUN_KEYS_MAX));
            let held = all.iter().filter(|slice| matches!(slice, Slice::Memory(_))).count();
            assert!(held <= 2 * in_memory.min(2) + 2, "{held} of {}", all.len());
            let mut read: Vec<u64> = all.iter().flat_map(|slice| slice.all().expect("read").into_owned()).collect();
            read.sort_unstable();
            assert_eq!(read[0], key(-1.0));
            assert!(read[1..].iter().copied().eq(numbers.iter().map(|number| key(*number))));
        }
    }

    #[test]
    fn a_run_grows_without_more_room_than_it_may_have() {
        for batch in [1_000, 16_384, 150_000] {
            let mut runs = Runs::new(&Room::default());
            let numbers: Vec<f64> = (0..200_000).map(f64::from).collect();
            for numbers in numbers.chunks(batch) {
                runs.push(numbers).expect("there is room");
                assert!(runs.open.capacity() <= RUN_KEYS_MAX, "{batch}");
            }
        }
    }
}
