//! One binary, so that it links once. From outside: `journeys` tell what the neighbourhood sees,
//! `trust` holds the cases of TRUST.md by their ids, `promises` kills and restarts. From inside:
//! `architecture` reads the laws of the house from its sources, `federation` what we understand and
//! say, `database` the rules that a race or a restart could break, `access` who may what, `fuzz` what
//! nobody wrote. With real outsiders: `peers`
//! another implementation as a process of its own, `browser` real Chromium.

#[cfg(test)]
mod access;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod database;
#[cfg(test)]
mod federation;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod journeys;
#[cfg(test)]
mod peers;
#[cfg(test)]
mod promises;
#[cfg(test)]
mod trust;
