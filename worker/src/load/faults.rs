//! What is wrong with a dataset: the first faults of its file in full, the rest as a number.

use datasets::{RowFault, Unit};

/// Faults that are told in full; of more only the number is.
const FAULTS_TOLD: usize = 10;

/// The faults of a dataset, found in any order and told in that of the file.
#[derive(Default)]
pub(crate) struct Faults {
    unit: Unit,
    told: Vec<RowFault>,
    untold: u64,
}

impl Faults {
    pub(crate) fn of(unit: Unit) -> Self {
        Self {
            unit,
            ..Self::default()
        }
    }

    pub(crate) fn push(&mut self, fault: RowFault) {
        let place = self.told.partition_point(|told| told.line <= fault.line);
        self.told.insert(place, fault);
        if self.told.len() > FAULTS_TOLD {
            self.told.pop();
            self.untold += 1;
        }
    }

    /// Whether a fault in that line would be told, as far as faults are known.
    pub(crate) fn tells(&self, line: u64) -> bool {
        self.told.len() < FAULTS_TOLD || self.told.last().is_some_and(|last| line < last.line)
    }

    /// Counts a fault that is not told.
    pub(crate) fn count(&mut self) {
        self.untold += 1;
    }

    pub(crate) fn into_result(self) -> Result<(), String> {
        if self.told.is_empty() {
            return Ok(());
        }
        let fault = |fault: &RowFault| format!("{} {}: {}", self.unit, fault.line, fault.message);
        let mut parts: Vec<String> = self.told.iter().map(fault).collect();
        if self.untold > 0 {
            parts.push(format!("and {} more faults", self.untold));
        }
        Err(parts.join("; "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_faults_of_the_file_are_told_and_the_rest_counted() {
        let mut faults = Faults::default();
        for line in [90, 30, 10, 20, 80, 40, 70, 60, 50, 100] {
            assert!(faults.tells(line));
            faults.push(RowFault::new(line, "bad"));
        }
        assert!(!faults.tells(101) && faults.tells(99));
        faults.count();
        faults.push(RowFault::new(5, "bad"));
        let message = faults.into_result().unwrap_err();
        assert!(
            message.starts_with("line 5: bad; line 10: bad; line 20: bad; "),
            "{message}"
        );
        assert!(
            message.ends_with("; line 90: bad; and 2 more faults"),
            "{message}"
        );
        assert_eq!(Faults::default().into_result(), Ok(()));
    }
}
