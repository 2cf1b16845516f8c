//! Why a check gives no measurements, in sentences for the person who reads them.

use crate::Failure;

impl Failure {
    /// A parameter is wrong: say which, what was expected, and what would do.
    pub fn config(sentence: impl Into<String>) -> Self {
        Self::Config(sentence.into())
    }

    /// There is nothing to measure, which is never the same as zero.
    pub fn no_data(sentence: impl Into<String>) -> Self {
        Self::NoData(sentence.into())
    }

    /// It failed now and may not at the next tick.
    pub fn retry(sentence: impl Into<String>) -> Self {
        Self::Retry(sentence.into())
    }

    /// What the person reads.
    pub fn sentence(&self) -> &str {
        let (Self::Config(sentence) | Self::NoData(sentence) | Self::Retry(sentence)) = self;
        sentence
    }
}

/// The known name nearest to a wrong one, to follow it: ` (did you mean "income"?)` or nothing.
pub(crate) fn did_you_mean<'a>(wrong: &str, known: impl Iterator<Item = &'a str>) -> String {
    known
        .map(|name| (strsim::jaro_winkler(wrong, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(String::new, |(_, name)| format!(" (did you mean \"{name}\"?)"))
}

#[cfg(test)]
mod tests {
    use super::did_you_mean;

    #[test]
    fn only_a_near_name_is_suggested() {
        let known = ["income", "age"];
        assert_eq!(did_you_mean("incom", known.into_iter()), " (did you mean \"income\"?)");
        assert_eq!(did_you_mean("latitude", known.into_iter()), "");
    }
}
