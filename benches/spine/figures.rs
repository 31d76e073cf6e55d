//! Numbers: rates, spreads, percentiles, and how they are written.

use std::time::Duration;

/// So many in that time, per second.
pub(crate) fn per_second(count: usize, took: Duration) -> f64 {
    number(count) / took.as_secs_f64().max(f64::EPSILON)
}

#[expect(clippy::cast_precision_loss, reason = "counts here stay far below 2^52")]
pub(crate) fn number(count: usize) -> f64 {
    count as f64
}

/// What several rounds gave.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spread(Vec<f64>);

impl Spread {
    pub(crate) fn add(&mut self, value: f64) {
        let place = self.0.partition_point(|other| *other < value);
        self.0.insert(place, value);
    }

    fn median(&self) -> f64 {
        self.0.get(self.0.len() / 2).copied().unwrap_or_default()
    }

    /// The median with its unit; the least and the most where there were several rounds.
    pub(crate) fn written(&self, unit: &str) -> String {
        match self.0.as_slice() {
            [] => "not measured".to_owned(),
            [only] => format!("**{}{unit}**", digits(*only)),
            [least, .., most] => format!(
                "**{}{unit}** ({}–{})",
                digits(self.median()),
                digits(*least),
                digits(*most)
            ),
        }
    }
}

impl FromIterator<f64> for Spread {
    fn from_iter<I: IntoIterator<Item = f64>>(values: I) -> Self {
        let mut spread = Self::default();
        values.into_iter().for_each(|value| spread.add(value));
        spread
    }
}

/// Three or four digits that mean something: `12,345`, `98.7`, `1.23`.
pub(crate) fn digits(value: f64) -> String {
    if value >= 100.0 {
        return grouped(&format!("{value:.0}"));
    }
    if value >= 10.0 { format!("{value:.1}") } else { format!("{value:.2}") }
}

fn grouped(digits: &str) -> String {
    let mut written = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            written.push(',');
        }
        written.push(digit);
    }
    written
}

/// The value that so many of a thousand do not exceed.
pub(crate) fn per_mille(sorted: &[Duration], mille: usize) -> Duration {
    let place = (sorted.len() * mille).div_ceil(1000).saturating_sub(1);
    sorted.get(place).copied().unwrap_or_default()
}

pub(crate) fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
