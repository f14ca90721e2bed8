//! Choices by chance that can be made again: the same in every run, unless a seed is named to find others.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

/// Choices from a seed.
pub struct Chance(u64);

impl Chance {
    /// Choices of a test, or those of `RAVEN_TEST_SEED`.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test is told by its environment which choices to make again"
    )]
    pub fn new(what: &str) -> Self {
        let named = std::env::var("RAVEN_TEST_SEED").ok();
        let own = || {
            let mut hasher = DefaultHasher::new();
            what.hash(&mut hasher);
            hasher.finish()
        };
        Self::of(what, named.map_or_else(own, |seed| seed.parse().unwrap()))
    }

    /// The choices of a seed.
    pub fn of(what: &str, seed: u64) -> Self {
        println!("{what}: RAVEN_TEST_SEED={seed}");
        Self(seed)
    }

    /// A number below a bound.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    /// The seed that the next choices can be made again from; it goes on with the next of these.
    pub fn seed(&mut self) -> u64 {
        let seed = self.0;
        self.0 = self.0.wrapping_add(1);
        seed
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}
