//! The last part of what a program says, bounded.

use watchkeeper_secret::{Mask, escaped};

/// How much of the output is kept, in bytes.
const KEPT_BYTES: usize = 64 * 1024;

const LINES_MAX: usize = 10;
const CHARS_MAX: usize = 1_000;

/// The last 64 KiB of a stream, and as much more as a secret is long.
#[derive(Debug)]
pub(super) struct Tail {
    bytes: Vec<u8>,
    secret_bytes_max: usize,
    cut: bool,
}

impl Tail {
    /// A tail of a stream in which secrets of up to `secret_bytes_max` may stand.
    pub(super) fn keeping(secret_bytes_max: usize) -> Self {
        Self { bytes: Vec::new(), secret_bytes_max, cut: false }
    }

    /// Takes the stream's next bytes.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.bytes.extend_from_slice(chunk);
        let kept_max = KEPT_BYTES + self.secret_bytes_max;
        // Twice the bound before cutting, so that moving bytes costs little per byte.
        if self.bytes.len() > 2 * kept_max {
            self.bytes.drain(..self.bytes.len() - kept_max);
            self.cut = true;
        }
    }

    /// The last lines in one, masked and escaped, at most 1,000 characters of them.
    pub(super) fn last_lines(&self, mask: &Mask) -> String {
        let text = mask.apply(&String::from_utf8_lossy(&self.bytes));
        // The cut may have left the end of a secret at the beginning, which the mask cannot recognise.
        let skipped = if self.cut { self.secret_bytes_max } else { 0 };
        let text: String = text.chars().skip(skipped).collect();
        let lines: Vec<&str> = text.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
        let last = escaped(&lines[lines.len().saturating_sub(LINES_MAX)..].join(" | "));
        let surplus = last.chars().count().saturating_sub(CHARS_MAX);
        if surplus == 0 { last } else { format!("…{}", last.chars().skip(surplus).collect::<String>()) }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::SecretString;

    use super::*;

    #[test]
    fn a_flood_is_bounded_and_its_end_is_kept() {
        let mut tail = Tail::keeping(0);
        (0..2_000).for_each(|_| tail.push(&[b'x'; 8 * 1024]));
        tail.push(b"\nthe end\n");
        assert!(tail.bytes.len() <= 2 * KEPT_BYTES + 8 * 1024);
        let last = tail.last_lines(&Mask::default());
        assert!(last.ends_with("x | the end"));
        assert_eq!(last.chars().count(), CHARS_MAX + 1);
    }

    #[test]
    fn the_last_ten_lines_are_told() {
        let mut tail = Tail::keeping(0);
        (1..=12).for_each(|line| tail.push(format!("{line}\r\n\n").as_bytes()));
        assert_eq!(tail.last_lines(&Mask::default()), "3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12");
    }

    #[test]
    fn a_secret_that_the_cut_halves_is_not_told() {
        let secret = SecretString::from("canary-0123456789");
        let mask = Mask::over([&secret]);
        let kept_max = KEPT_BYTES + mask.longest();
        let mut tail = Tail::keeping(mask.longest());
        let blank = |bytes: usize| "\n".repeat(bytes);
        tail.push(format!("{}canary-0123456789{}end", blank(kept_max), blank(kept_max - 13)).as_bytes());
        assert!(tail.bytes.starts_with(b"0123456789\n"), "the cut is not in the middle of the secret");
        assert_eq!(tail.last_lines(&mask), "end");
    }
}
