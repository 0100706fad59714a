//! Medians and ranges.

/// What several rounds gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Summary {
    /// `None` without values.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = values.into_iter().collect();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.get(sorted.len() / 2)?;
        let below = sorted.get(sorted.len().saturating_sub(1) / 2)?;
        Some(Self {
            median: f64::midpoint(*below, *middle),
            min: *sorted.first()?,
            max: *sorted.last()?,
        })
    }

    pub(crate) const fn single(value: f64) -> Self {
        Self {
            median: value,
            min: value,
            max: value,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        let table: [(&[f64], f64); 3] = [
            (&[3.0, 1.0, 2.0], 2.0),
            (&[4.0, 1.0, 2.0, 3.0], 2.5),
            (&[7.0], 7.0),
        ];
        for (values, median) in table {
            let summary = Summary::of(values.iter().copied()).unwrap();
            assert!((summary.median - median).abs() < 1e-9, "{values:?}");
        }
        assert_eq!(Summary::of([]), None);
        assert_eq!(
            Summary::of([2.0, 1.0]),
            Some(Summary {
                median: 1.5,
                min: 1.0,
                max: 2.0
            })
        );
    }
}
