//! What nobody wrote: letters, texts, names and headers changed by chance, always the same ones for the same seed
//! (`LIKEJEWIJK_TEST_SEED`). Whatever comes, nobody falls over, nobody is believed who may not be, and who comes after
//! is heard.

mod chance;
mod specimens;
mod mutation;
mod letters;
mod readers;

use crate::harness::variable;

/// Printed by whatever fails.
fn seed() -> u64 {
    variable("LIKEJEWIJK_TEST_SEED").and_then(|seed| seed.parse().ok()).unwrap_or(20_261_124)
}
