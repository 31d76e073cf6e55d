//! The promises of TRUST.md §3.2, small enough for every run: kill, restart, refuse, stop.

mod load;
mod kills;
mod moved_inboxes;
mod outages;
mod refreshing;
mod slow_origins;
mod stopping;
