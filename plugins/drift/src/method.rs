//! What can be measured between two samples.

use watchkeeper_plugin::{Failure, Field, Metric};

use crate::bins::Binned;
use crate::columns::is_number;
use crate::profile::Profile;
use crate::samples::Samples;
use crate::{chi_square, jensen_shannon, kolmogorov, psi, wasserstein};

pub(crate) const PSI: Metric<1> =
    Metric::new("psi", "index", "Population stability index, 0 when the distributions agree.").by(["column"]);
pub(crate) const JS_DISTANCE: Metric<1> =
    Metric::new("js_distance", "distance", "Jensen-Shannon distance (base 2), between 0 and 1.").by(["column"]);
pub(crate) const KS: Metric<1> =
    Metric::new("ks", "distance", "Kolmogorov-Smirnov statistic of two samples, between 0 and 1; numbers only.")
        .by(["column"]);
pub(crate) const WASSERSTEIN: Metric<1> = Metric::new(
    "wasserstein",
    "deviations",
    "Wasserstein distance divided by the baseline's standard deviation; numbers only.",
)
.by(["column"]);
pub(crate) const CHI_SQUARE: Metric<1> = Metric::new(
    "chi_square",
    "statistic",
    "Statistic of the chi-square test that both samples are of one distribution.",
)
.by(["column"]);
pub(crate) const CHI_SQUARE_P_VALUE: Metric<1> =
    Metric::new("chi_square_p_value", "probability", "The test's p-value: small when the distributions differ.")
        .by(["column"]);

/// One way to say how far apart two samples are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    Psi,
    JensenShannon,
    Kolmogorov,
    Wasserstein,
    ChiSquare,
}

impl Method {
    /// Every method, in the order of the manual.
    pub(crate) const ALL: [Self; 5] =
        [Self::Psi, Self::JensenShannon, Self::Kolmogorov, Self::Wasserstein, Self::ChiSquare];

    /// The methods of some names, each once.
    pub(crate) fn named(names: &[String]) -> Result<Vec<Self>, Failure> {
        let mut methods = Vec::new();
        for name in names {
            let method = Self::ALL.into_iter().find(|method| method.name() == name);
            let all = Self::ALL.map(Self::name).join(", ");
            let method = method.ok_or_else(|| {
                Failure::config(format!("parameter \"methods\": there is no method \"{name}\"; the methods are {all}"))
            })?;
            if !methods.contains(&method) {
                methods.push(method);
            }
        }
        match methods.is_empty() {
            true => Err(Failure::config("parameter \"methods\": the list is empty; name one, such as psi")),
            false => Ok(methods),
        }
    }

    /// As parameters name it.
    pub(crate) fn name(self) -> &'static str {
        self.metrics()[0].name()
    }

    /// Its metrics.
    pub(crate) fn metrics(self) -> &'static [Metric<1>] {
        match self {
            Self::Psi => &[PSI],
            Self::JensenShannon => &[JS_DISTANCE],
            Self::Kolmogorov => &[KS],
            Self::Wasserstein => &[WASSERSTEIN],
            Self::ChiSquare => &[CHI_SQUARE, CHI_SQUARE_P_VALUE],
        }
    }

    /// Whether it compares counts a bin, which every column has.
    pub(crate) fn needs_bins(&self) -> bool {
        matches!(self, Self::Psi | Self::JensenShannon | Self::ChiSquare)
    }

    /// Whether it compares values in order, which only numbers have.
    pub(crate) fn needs_samples(&self) -> bool {
        !self.needs_bins()
    }

    /// Its metrics' values of a column whose samples have nothing in common; none where no distance can be told.
    pub(crate) fn of_lost(self, field: &Field, profile: Profile, binned: &Binned) -> Vec<(Metric<1>, f64)> {
        let values = match self {
            Self::Psi => vec![psi::index(binned, profile)],
            Self::JensenShannon => vec![jensen_shannon::distance(binned)],
            Self::ChiSquare => chi_square::test(binned).into(),
            Self::Kolmogorov if is_number(field) => vec![1.0],
            Self::Kolmogorov | Self::Wasserstein => Vec::new(),
        };
        self.metrics().iter().copied().zip(values).collect()
    }

    /// Its metrics' values; none where it does not fit the column.
    pub(crate) fn values(
        self,
        field: &Field,
        profile: Profile,
        binned: Option<&Binned>,
        samples: Option<&Samples>,
    ) -> Result<Vec<(Metric<1>, f64)>, Failure> {
        let values: Vec<f64> = match (self, binned, samples) {
            (Self::Psi, Some(bins), _) => vec![psi::index(bins, profile)],
            (Self::JensenShannon, Some(bins), _) => vec![jensen_shannon::distance(bins)],
            (Self::ChiSquare, Some(bins), _) => chi_square::test(bins).into(),
            (Self::Kolmogorov, _, Some(samples)) => vec![kolmogorov::statistic(samples)],
            (Self::Wasserstein, _, Some(samples)) => wasserstein::distance(samples).into_iter().collect(),
            _ => Vec::new(),
        };
        let metrics = self.metrics().iter().copied();
        let values: Vec<_> = metrics.zip(values).collect();
        match values.iter().find(|(_, value)| !value.is_finite()) {
            None => Ok(values),
            Some((metric, value)) => Err(Failure::config(format!(
                "{} of column \"{}\" is {value}: it holds infinite values or values too far apart; \
                 make them null in a view",
                metric.name(),
                field.name
            ))),
        }
    }
}
