//! Random moments, repeatable by the seed that a run prints.

#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed | 1)
    }

    /// A number in `from..to` (xorshift64*: spread evenly enough to choose moments).
    pub(crate) fn between(&mut self, from: u64, to: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        from + (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) % (to - from).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::Random;

    #[test]
    fn numbers_stay_inside_and_move() {
        let mut random = Random::new(7);
        let drawn: Vec<u64> = (0..100).map(|_| random.between(10, 20)).collect();
        assert!(drawn.iter().all(|number| (10..20).contains(number)));
        assert!((10..20).all(|number| drawn.contains(&number)));
    }
}
