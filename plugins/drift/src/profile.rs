//! The rule that draws bins and treats shares of zero.

use watchkeeper_plugin::Failure;

/// Tools disagree on PSI; a profile is one tool's whole rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Bins start at the baseline's deciles; shares are at least 1e-4.
    Quantile10,
    /// Bins of equal width over both samples by Sturges' rule, up to 20 distinct values as they are; empty shares are
    /// replaced.
    Evidently,
}

/// The least share of `quantile10`, so that an empty bin weighs much but not without bound; `evidently` takes it for
/// empty bins, too.
const FLOOR: f64 = 1e-4;

impl Profile {
    /// The profile of a name.
    pub(crate) fn named(name: &str) -> Result<Self, Failure> {
        match name {
            "quantile10" => Ok(Self::Quantile10),
            "evidently" => Ok(Self::Evidently),
            other => Err(Failure::config(format!(
                "parameter \"profile\": there is no profile \"{other}\"; the profiles are quantile10, evidently"
            ))),
        }
    }

    /// The share of rows in each bin, none of them zero. There must be a row.
    pub(crate) fn shares(self, counts: &[u64]) -> Vec<f64> {
        let shares = shares(counts);
        let replaced = match self {
            Self::Quantile10 => return shares.into_iter().map(|share| share.max(FLOOR)).collect(),
            Self::Evidently => instead_of_zero(&shares),
        };
        shares.into_iter().map(|share| if share == 0.0 { replaced } else { share }).collect()
    }
}

/// The share of rows in each bin.
pub(crate) fn shares(counts: &[u64]) -> Vec<f64> {
    let total = counts.iter().sum::<u64>() as f64;
    counts.iter().map(|count| *count as f64 / total).collect()
}

/// 1e-4, or a millionth of the least share that is there where that one is no greater.
fn instead_of_zero(shares: &[f64]) -> f64 {
    let least = shares.iter().copied().filter(|share| *share > 0.0).fold(f64::INFINITY, f64::min);
    if least <= FLOOR { least / 1e6 } else { FLOOR }
}

#[cfg(test)]
mod tests {
    use super::Profile;

    #[test]
    fn profiles_treat_small_and_empty_bins_their_own_way() {
        assert_eq!(Profile::Quantile10.shares(&[99_999, 1, 0]), [0.99999, 1e-4, 1e-4]);
        assert_eq!(Profile::Evidently.shares(&[99_999, 1, 0]), [0.99999, 1e-5, 1e-5 / 1e6]);
        assert_eq!(Profile::Evidently.shares(&[3, 1, 0]), [0.75, 0.25, 1e-4]);
    }
}
