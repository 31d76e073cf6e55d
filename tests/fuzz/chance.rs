//! Chance that can be had again.

/// splitmix64 (Steele, Lea and Flood 2014).
pub(super) struct Chance(u64);

impl Chance {
    /// That of one case: cases do not depend on each other.
    pub(super) fn of(seed: u64, case: usize) -> Chance {
        let case = u64::try_from(case).expect("few cases");
        Chance(seed ^ case.wrapping_mul(0xd134_2543_de82_ef95))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end.max(1)).expect("few of them");
        usize::try_from(self.next() % end).expect("less than end")
    }

    pub(super) fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub(super) fn one_of<'a, T>(&mut self, many: &'a [T]) -> &'a T {
        &many[self.below(many.len())]
    }

    pub(super) fn word<'a>(&mut self, many: &[&'a str]) -> &'a str {
        many[self.below(many.len())]
    }
}
