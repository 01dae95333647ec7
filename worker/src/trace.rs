//! The names of traces: whoever tells of an item outside gives it the same name, so that scores and spans meet there.

use sha2::{Digest as _, Sha256};

/// The trace of a sample of an item of a run, as OpenTelemetry and Langfuse name one: 32 hexadecimal digits, the first half
/// of the SHA-256 of the experiment's id, the run's index, the item's id and, unless it is the first, the sample's number,
/// each on a line.
pub(crate) fn trace_id(experiment_id: &str, index: u32, item_id: &str, sample: u32) -> String {
    let (index, number) = (index.to_string(), sample.to_string());
    match sample {
        0 => digest([experiment_id, &index, item_id]),
        _ => digest([experiment_id, &index, item_id, &number]),
    }
}

/// The first 32 hexadecimal digits of the SHA-256 of some lines.
pub(crate) fn digest<const N: usize>(lines: [&str; N]) -> String {
    hex::encode(&Sha256::digest(lines.join("\n"))[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_has_its_own_trace() {
        assert_ne!(trace_id("e", 0, "a", 0), trace_id("e", 0, "a", 1));
    }

    /// `printf 'e\n0\nitem-1' | sha256sum | cut -c1-32`
    #[test]
    fn a_trace_id_can_be_worked_out_by_anybody() {
        assert_eq!(
            trace_id("e", 0, "item-1", 0),
            "4d93376fdfea9de70962eaa6091e9bde"
        );
    }
}
