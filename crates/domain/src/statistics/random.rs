//! Random numbers that anyone can draw again: xoshiro256**, seeded by SplitMix64.
//!
//! Blackman and Vigna, "Scrambled linear pseudorandom number generators" (ACM TOMS 47(4), 2021); Steele, Lea and Flood,
//! "Fast splittable pseudorandom number generators" (OOPSLA 2014). Neither is meant for secrets. The crate draws nothing
//! on its own: every function that needs chance takes a seed, and the same seed gives the same result everywhere.

/// A stream of random numbers.
#[derive(Clone, Debug)]
pub struct Random {
    state: [u64; 4],
}

impl Random {
    /// The stream of a seed.
    pub fn new(seed: u64) -> Self {
        let mut split = seed;
        Self {
            state: std::array::from_fn(|_| split_mix(&mut split)),
        }
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let state = &mut self.state;
        let result = state[1].wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = state[1] << 17;
        state[2] ^= state[0];
        state[3] ^= state[1];
        state[1] ^= state[2];
        state[0] ^= state[3];
        state[2] ^= shifted;
        state[3] = state[3].rotate_left(45);
        result
    }

    /// A number below `bound`, each equally likely (Lemire, ACM TOMACS 29(1), 2019); 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        loop {
            let product = u128::from(self.bits()) * u128::from(bound);
            // The lowest 2^64 mod bound of the fractions are one too many for some numbers.
            let fraction = product as u64;
            if fraction >= bound || fraction >= bound.wrapping_neg() % bound.max(1) {
                return (product >> 64) as u64;
            }
        }
    }
}

fn split_mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first numbers of the authors' own programs.
    #[test]
    fn the_numbers_are_those_of_the_papers() {
        let mut split = 1_234_567;
        let seeds: [u64; 3] = std::array::from_fn(|_| split_mix(&mut split));
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(seeds, published);
        let mut random = Random {
            state: [1, 2, 3, 4],
        };
        let numbers: [u64; 4] = std::array::from_fn(|_| random.bits());
        assert_eq!(
            numbers,
            [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]
        );
    }

    #[test]
    fn bounded_numbers_are_even_and_in_bounds() {
        let mut random = Random::new(7);
        let mut seen = [0_u32; 6];
        (0..60_000).for_each(|_| seen[random.below(6) as usize] += 1);
        assert!(
            seen.iter().all(|count| (9_600..10_400).contains(count)),
            "{seen:?}"
        );
        assert_eq!(random.below(0), 0);
        assert_eq!(random.below(1), 0);
    }
}
