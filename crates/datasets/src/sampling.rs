//! Which items a sample takes: those with the smallest ranks.

use domain::config::SampleConfig;
use sha2::{Digest, Sha256};

/// The rank of an item in a sample: the first 128 bits of the SHA-256 of `<seed>:<id>`.
pub fn rank(sample: SampleConfig, id: &str) -> u128 {
    let digest = Sha256::digest(format!("{}:{id}", sample.seed));
    digest
        .iter()
        .take(16)
        .fold(0, |rank, byte| rank << 8 | u128::from(*byte))
}
