//! Histograms of a baseline that is not read any more: bins that depend on the window are other ones at every tick.

use futures::{FutureExt, future::BoxFuture};

use super::memory::Memory;
use crate::ports::baseline::Spread;
use crate::ports::frame::{Aggregate, Answer, Frame, FrameError, Values};

/// Up to so many different values are kept as they are.
const VALUES_MAX: u32 = 10_000;

/// Of more, so many equal shares.
const SHARES: u32 = 4_096;

/// A column of more rows than this stays where it is, and is asked for fewer shares.
const READ_MAX: u64 = 5_000_000;
const SHARES_ASKED: u32 = 512;

/// Learns of every column whose histogram was asked, of queries' results as well, how its values are spread: a later tick
/// may ask for other bins, when the rows are gone.
pub(super) fn learn_all<'a>(memory: &'a Memory, frame: &'a dyn Frame) -> BoxFuture<'a, Result<(), FrameError>> {
    async move {
        for column in memory.unspread() {
            if let Some(spread) = Spread::learn(frame, &column).await? {
                memory.learn_spread(&column, spread);
            }
        }
        for (sql, result) in memory.queries() {
            if result.asks_for_bins() {
                learn_all(&result, &*frame.query(&sql).await?).await?;
            }
        }
        Ok(())
    }
    .boxed()
}

impl Spread {
    /// Learns it from the rows.
    pub(crate) async fn learn(frame: &dyn Frame, column: &str) -> Result<Option<Self>, FrameError> {
        let top = Aggregate::Top(column.to_owned(), VALUES_MAX + 1);
        if let [Answer::Groups(groups)] = &frame.aggregate(&[top]).await?[..]
            && groups.len() <= VALUES_MAX as usize
        {
            let value = |(text, count): &(String, u64)| Some((text.parse::<f64>().ok()?, *count));
            let values: Option<Vec<_>> = groups.iter().map(value).collect();
            return Ok(values.map(|mut values| {
                values.sort_by(|one, other| one.0.total_cmp(&other.0));
                Self::Values(values)
            }));
        }
        if frame.count().await? <= READ_MAX {
            Self::read(frame, column).await
        } else {
            Self::asked(frame, column).await
        }
    }

    /// Reads the column and takes its quantiles.
    async fn read(frame: &dyn Frame, column: &str) -> Result<Option<Self>, FrameError> {
        let (mut numbers, mut scan) = (Vec::new(), frame.scan(&[column.to_owned()]).await?);
        while let Some(chunk) = scan.next().await? {
            for column in &chunk {
                let is_valid = |row: usize| {
                    let words = column.validity.as_ref();
                    words.is_none_or(|words| words[row / 64] >> (row % 64) & 1 == 1)
                };
                match &column.values {
                    Values::Numbers(values) => {
                        let values = values.iter().enumerate().filter(|(row, value)| is_valid(*row) && !value.is_nan());
                        numbers.extend(values.map(|(_, value)| *value));
                    }
                    Values::Integers(values) => {
                        let values = values.iter().enumerate().filter(|(row, _)| is_valid(*row));
                        numbers.extend(values.map(|(_, value)| *value as f64));
                    }
                    _ => return Ok(None),
                }
            }
        }
        numbers.sort_unstable_by(f64::total_cmp);
        let Some(last) = numbers.len().checked_sub(1) else { return Ok(None) };
        let place = |share: u32| (share as usize * last).div_euclid(SHARES as usize);
        let quantiles = (0..=SHARES).map(|share| numbers[place(share)]).collect();
        Ok(Some(Self::Quantiles(numbers.len() as u64, quantiles)))
    }

    /// Asks for the quantiles of a column that is too long to be read.
    async fn asked(frame: &dyn Frame, column: &str) -> Result<Option<Self>, FrameError> {
        let share = |share: u32| f64::from(share) / f64::from(SHARES_ASKED);
        let mut asks = vec![Aggregate::Rows, Aggregate::Nulls(column.to_owned()), Aggregate::Nans(column.to_owned())];
        asks.extend((0..=SHARES_ASKED).map(|number| Aggregate::Quantile(column.to_owned(), share(number))));
        let answers = frame.aggregate(&asks).await?;
        let [Answer::Count(rows), Answer::Count(nulls), Answer::Count(nans), quantiles @ ..] = &answers[..] else {
            return Ok(None);
        };
        let quantile = |answer: &Answer| if let Answer::Number(number) = answer { *number } else { None };
        let quantiles: Option<Vec<f64>> = quantiles.iter().map(quantile).collect();
        Ok(quantiles.map(|quantiles| Self::Quantiles(rows - nulls - nans, quantiles)))
    }

    /// The counts between ascending inner edges.
    pub(crate) fn histogram(&self, edges: &[f64]) -> Vec<u64> {
        let (all, below): (u64, Vec<u64>) = match self {
            Self::Values(values) => {
                let all = values.iter().map(|(_, count)| count).sum();
                let below =
                    |edge: &f64| values.iter().take_while(|(value, _)| value < edge).map(|(_, count)| count).sum();
                (all, edges.iter().map(below).collect())
            }
            Self::Quantiles(all, quantiles) => {
                let below = |edge: &f64| (share_below(quantiles, *edge) * *all as f64).round() as u64;
                (*all, edges.iter().map(below).collect())
            }
        };
        let starts = [0].into_iter().chain(below.iter().copied());
        starts.zip(below.iter().copied().chain([all])).map(|(start, end)| end.saturating_sub(start)).collect()
    }
}

/// The share of values below an edge, interpolated between the quantiles around it.
fn share_below(quantiles: &[f64], edge: f64) -> f64 {
    let last = quantiles.len().saturating_sub(1).max(1) as f64;
    match quantiles.partition_point(|quantile| *quantile < edge) {
        0 => 0.0,
        all if all == quantiles.len() => 1.0,
        above => {
            let (low, high) = (quantiles[above - 1], quantiles[above]);
            let within = (edge - low) / (high - low);
            ((above - 1) as f64 + if within.is_finite() { within } else { 0.0 }) / last
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_give_every_histogram_exactly() {
        let spread = Spread::Values(vec![(-1.0, 2), (0.0, 3), (2.5, 5)]);
        assert_eq!(spread.histogram(&[0.0, 2.5, 9.0]), [2, 3, 5, 0]);
        assert_eq!(spread.histogram(&[]), [10]);
    }

    #[test]
    fn quantiles_give_it_to_one_share() {
        let spread = Spread::Quantiles(1_000, (0..=100).map(f64::from).collect());
        assert_eq!(spread.histogram(&[-1.0, 25.0, 50.5, 100.0, 101.0]), [0, 250, 255, 495, 0, 0]);
    }
}
