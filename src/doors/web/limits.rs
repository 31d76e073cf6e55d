//! How often somebody may ask, by address and by account (TRUST.md §4).

use std::hash::Hash;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

use super::failure::Failure;
use crate::foundation::config::Config;

/// Askings after which those who are quiet again are forgotten.
const SWEEP_EVERY: u32 = 1000;

pub(super) struct Limits {
    /// Pages that must be computed, by address.
    pub(super) pages: Limiter<IpAddr>,
    /// Looking up a server for who wants to follow, by address.
    pub(super) lookups: Limiter<IpAddr>,
    /// What is reported on our own pages, by address.
    pub(super) reports: Limiter<IpAddr>,
    pub(super) sign_ins_by_address: Limiter<IpAddr>,
    /// By the name that was typed, also where nobody has it.
    pub(super) sign_ins_by_account: Limiter<String>,
}

impl Limits {
    pub(super) fn new(config: &Config) -> Self {
        let (on, limits) = (config.rate_limits, &config.limits);
        let five_minutes = Duration::from_mins(5);
        Self {
            pages: Limiter::new(on, limits.pages_per_address, five_minutes),
            lookups: Limiter::new(on, limits.fetches_per_strange_address, Duration::from_mins(1)),
            reports: Limiter::new(on, limits.reports_per_address, five_minutes),
            sign_ins_by_address: Limiter::new(on, limits.sign_ins_per_address, five_minutes),
            sign_ins_by_account: Limiter::new(
                on,
                limits.sign_ins_per_account,
                Duration::from_hours(1),
            ),
        }
    }
}

/// So many times within that time, at once or spread.
pub(super) struct Limiter<K: Hash + Eq + Clone> {
    /// `None`: switched off, or no quota that counts.
    limiter: Option<DefaultKeyedRateLimiter<K>>,
    asked: AtomicU32,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    fn new(is_on: bool, times: u32, within: Duration) -> Self {
        let quota = std::num::NonZeroU32::new(times)
            .and_then(|burst| Some(Quota::with_period(within / times)?.allow_burst(burst)));
        let limiter = quota.filter(|_| is_on).map(RateLimiter::keyed);
        Self { limiter, asked: AtomicU32::new(0) }
    }

    /// Counts this one.
    ///
    /// # Errors
    /// 429 with the time to wait.
    pub(super) fn check(&self, who: &K) -> Result<(), Failure> {
        let Some(limiter) = &self.limiter else { return Ok(()) };
        if self.asked.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        limiter.check_key(who).map_err(|until| {
            Failure::too_often(until.wait_time_from(DefaultClock::default().now()))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_and_no_more_each() {
        let limiter = Limiter::new(true, 3, Duration::from_mins(5));
        for _ in 0..3 {
            assert!(limiter.check(&1).is_ok());
        }
        assert!(limiter.check(&1).is_err());
        assert!(limiter.check(&2).is_ok());
    }

    #[test]
    fn none_where_it_is_off() {
        let limiter = Limiter::new(false, 1, Duration::from_mins(5));
        assert!((0..100).all(|_| limiter.check(&1).is_ok()));
    }
}
