//! The names of traces: whoever tells of an item outside gives it the same name, so that scores and spans meet there.

use sha2::{Digest as _, Sha256};

/// The trace of an item of a run, as OpenTelemetry and Langfuse name one: 32 hexadecimal digits, the first half of the
/// SHA-256 of the experiment's id, the run's index and the item's id, each on a line.
pub(crate) fn trace_id(experiment_id: &str, index: u32, item_id: &str) -> String {
    digest([experiment_id, &index.to_string(), item_id])
}

/// The first 32 hexadecimal digits of the SHA-256 of some lines.
pub(crate) fn digest<const N: usize>(lines: [&str; N]) -> String {
    hex::encode(&Sha256::digest(lines.join("\n"))[..16])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf 'e\n0\nitem-1' | sha256sum | cut -c1-32`
    #[test]
    fn a_trace_id_can_be_worked_out_by_anybody() {
        assert_eq!(
            trace_id("e", 0, "item-1"),
            "4d93376fdfea9de70962eaa6091e9bde"
        );
    }
}
