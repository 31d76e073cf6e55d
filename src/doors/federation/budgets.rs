//! Who may ask how much of an inbox and of what must be computed: TRUST's rates by address and by server, and what
//! strangers may make us fetch.
//! An address is a household: of IPv6 the first 64 bits.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use quick_cache::sync::Cache;

use crate::foundation::clock::Time;
use crate::foundation::config::Config;
use crate::foundation::domain::Domain;

type By<K> = RateLimiter<K, DefaultKeyedStateStore<K>, DefaultClock>;

/// All of them, or none where `rate_limits` is off.
pub struct Budgets(Option<Rates>);

struct Rates {
    by_address: By<IpAddr>,
    by_strange_address: By<IpAddr>,
    by_domain: By<Domain>,
    answers_by_address: By<IpAddr>,
    fetches_by_address: By<IpAddr>,
    fetches_by_host: By<Domain>,
    follows_by_host: By<Domain>,
    reports_by_host: By<Domain>,
    /// Key ids that could not be had, and until when nobody asks again.
    missing: Cache<String, Time>,
    /// Addresses without credit left, and until when.
    spent: Cache<IpAddr, Time>,
}

const FIVE_MINUTES: Duration = Duration::from_mins(5);
const MINUTE: Duration = Duration::from_mins(1);
/// How long a key that could not be had is not asked for again.
const MISSING_FOR: Duration = Duration::from_mins(10);

impl Budgets {
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let limits = &config.limits;
        Self(config.rate_limits.then(|| Rates {
            by_address: RateLimiter::keyed(quota(limits.inbox_per_address, FIVE_MINUTES, 500)),
            by_strange_address: RateLimiter::keyed(quota(
                limits.inbox_per_strange_address,
                FIVE_MINUTES,
                120,
            )),
            by_domain: RateLimiter::keyed(quota(limits.inbox_per_domain, FIVE_MINUTES, 3_000)),
            answers_by_address: RateLimiter::keyed(quota(
                limits.pages_per_address,
                FIVE_MINUTES,
                limits.pages_per_address,
            )),
            fetches_by_address: RateLimiter::keyed(quota(
                limits.fetches_per_strange_address,
                MINUTE,
                10,
            )),
            fetches_by_host: RateLimiter::keyed(quota(limits.fetches_per_host, MINUTE, 120)),
            follows_by_host: RateLimiter::keyed(quota(limits.follows_per_host, MINUTE, 60)),
            reports_by_host: RateLimiter::keyed(quota(limits.reports_per_host, MINUTE, 30)),
            missing: Cache::new(10_000),
            spent: Cache::new(10_000),
        }))
    }

    /// Any POST to an inbox.
    #[must_use]
    pub fn allows_request(&self, address: IpAddr) -> bool {
        self.ask(|rates| rates.by_address.check_key(&address).is_ok())
    }

    /// Whether this address still has credit for requests that failed or came for hosts never heard of. A peek: it is
    /// [`Budgets::note_strange`] that spends.
    #[must_use]
    pub fn allows_strange(&self, address: IpAddr, now: Time) -> bool {
        self.ask(|rates| rates.spent.get(&address).is_none_or(|until| until <= now))
    }

    pub fn note_strange(&self, address: IpAddr, now: Time) {
        if let Some(rates) = &self.0
            && rates.by_strange_address.check_key(&address).is_err()
        {
            rates.spent.insert(address, now.plus(MINUTE));
        }
    }

    /// After the signature held.
    #[must_use]
    pub fn allows_domain(&self, domain: &Domain) -> bool {
        self.ask(|rates| rates.by_domain.check_key(domain).is_ok())
    }

    /// A GET of what must be computed.
    #[must_use]
    pub fn allows_answer(&self, address: IpAddr) -> bool {
        self.ask(|rates| rates.answers_by_address.check_key(&address).is_ok())
    }

    #[must_use]
    pub fn allows_follow(&self, domain: &Domain) -> bool {
        self.ask(|rates| rates.follows_by_host.check_key(domain).is_ok())
    }

    #[must_use]
    pub fn allows_report(&self, domain: &Domain) -> bool {
        self.ask(|rates| rates.reports_by_host.check_key(domain).is_ok())
    }

    /// A fetch for a key of `host`; `is_strange` where we never heard of that host.
    #[must_use]
    pub fn allows_fetch(&self, address: IpAddr, host: &Domain, is_strange: bool) -> bool {
        self.ask(|rates| {
            (!is_strange || rates.fetches_by_address.check_key(&address).is_ok())
                && rates.fetches_by_host.check_key(host).is_ok()
        })
    }

    /// Asked for lately, and not had.
    #[must_use]
    pub fn is_missing(&self, key_id: &str, now: Time) -> bool {
        self.0
            .as_ref()
            .is_some_and(|rates| rates.missing.get(key_id).is_some_and(|until| now < until))
    }

    pub fn note_missing(&self, key_id: &str, now: Time) {
        if let Some(rates) = &self.0 {
            rates.missing.insert(key_id.to_owned(), now.plus(MISSING_FOR));
        }
    }

    /// Forgets addresses and hosts that have their full credit again.
    pub fn sweep(&self) {
        if let Some(rates) = &self.0 {
            rates.by_address.retain_recent();
            rates.by_strange_address.retain_recent();
            rates.fetches_by_address.retain_recent();
            rates.by_domain.retain_recent();
            rates.answers_by_address.retain_recent();
            rates.fetches_by_host.retain_recent();
            rates.follows_by_host.retain_recent();
            rates.reports_by_host.retain_recent();
        }
    }

    fn ask(&self, allows: impl FnOnce(&Rates) -> bool) -> bool {
        self.0.as_ref().is_none_or(allows)
    }
}

fn quota(most: u32, within: Duration, burst: u32) -> Quota {
    let most = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
    let burst = NonZeroU32::new(burst.min(most.get())).unwrap_or(NonZeroU32::MIN);
    Quota::with_period(within / most.get()).unwrap_or(Quota::per_minute(most)).allow_burst(burst)
}
