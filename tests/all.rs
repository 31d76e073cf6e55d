//! One binary, so that it links once: `journeys` tell what the neighbourhood sees, `trust` holds
//! the cases of TRUST.md by their ids, `promises` kills and restarts. All of them from outside.

#[cfg(test)]
mod harness;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod trust;
