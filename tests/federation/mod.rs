//! The contract with other servers: `understands` reads what each of them sends (`specimens/`, written by us in
//! exactly their shape), `speaks` keeps everything we say (`snapshots/`, also the examples of FEDERATION.md),
//! `gotchas` what each of them trips over.

mod house;
mod kinds;
mod polls;
mod saying;

mod authors;
mod gotchas;
mod pictures;
mod speaks;
mod tidy;
mod understands;
mod reacting;
mod reporting;
mod declining;
