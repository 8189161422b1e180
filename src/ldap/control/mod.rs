//! Request controls (RFC 4511 section 4.1.11) and the one rule of criticality.

use super::message::{Control, Operation};

/// Refuses an operation that a critical control must be applied to when it cannot be. What is not critical and not known
/// is ignored; unbind and abandon are never refused (RFC 4511 section 4.1.11).
pub fn check(operation: Operation, controls: &[Control]) -> Result<(), String> {
    if matches!(operation, Operation::Unbind | Operation::Abandon) {
        return Ok(());
    }
    match controls.iter().find(|control| control.critical) {
        Some(control) => Err(format!(
            "control {} is critical and not supported",
            control.oid
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(critical: bool) -> Control {
        Control {
            oid: "1.2.3.4".to_owned(),
            critical,
            value: None,
        }
    }

    #[test]
    fn only_a_critical_unknown_control_is_refused() {
        assert_eq!(check(Operation::Search, &[control(false)]), Ok(()));
        let refused = check(Operation::Search, &[control(false), control(true)]);
        assert!(refused.is_err_and(|text| text.contains("1.2.3.4")));
        assert_eq!(check(Operation::Abandon, &[control(true)]), Ok(()));
    }
}
