//! Request controls (RFC 4511 section 4.1.11): which ones work, with which operations, and the one rule of criticality.
//!
//! Owns the table of the controls and the typed form that operations take them in. What the value of one means is read in
//! its own file; what it does is the business of the operation.

use super::message::{Control, Operation, ResultCode};
use super::result::Answer;

/// The controls of one request that are to be applied to its operation.
#[derive(Debug, Default)]
pub struct Controls {}

/// A control that works.
struct Kind {
    oid: &'static str,
    /// The operations that it can be applied to.
    operations: &'static [Operation],
    /// Reads its value.
    read: fn(&mut Controls, &Control) -> Result<(), Malformed>,
}

/// What is wrong with a control's value, in words.
type Malformed = String;

/// Every control that works, in the order in which the root DSE announces them.
const KINDS: &[Kind] = &[];

/// The OIDs of the controls that work (RFC 4512 section 5.1).
pub fn supported() -> impl Iterator<Item = &'static str> {
    KINDS.iter().map(|kind| kind.oid)
}

impl Controls {
    /// Takes the controls of a request. What is not known, or not for this operation, is ignored unless it is critical;
    /// unbind and abandon are never refused (RFC 4511 section 4.1.11).
    ///
    /// # Errors
    /// The answer to a request that a critical control must be applied to when it cannot be, or whose controls are
    /// malformed or sent twice.
    pub fn of(operation: Operation, sent: &[Control]) -> Result<Self, Answer> {
        let mut controls = Self::default();
        if matches!(operation, Operation::Unbind | Operation::Abandon) {
            return Ok(controls);
        }
        for (at, control) in sent.iter().enumerate() {
            let kind = KINDS
                .iter()
                .find(|kind| kind.oid == control.oid && kind.operations.contains(&operation));
            match kind {
                Some(kind) => {
                    let twice = sent.iter().take(at).any(|before| before.oid == kind.oid);
                    let read = if twice {
                        Err("it is sent twice".to_owned())
                    } else {
                        (kind.read)(&mut controls, control)
                    };
                    read.map_err(|reason| {
                        let text = format!("control {}: {reason}", kind.oid);
                        Answer::because(ResultCode::ProtocolError, text)
                    })?;
                }
                None if control.critical => {
                    let oid = control.oid.escape_default();
                    let text =
                        format!("control {oid} is critical and not supported for {operation}");
                    return Err(Answer::because(
                        ResultCode::UnavailableCriticalExtension,
                        text,
                    ));
                }
                None => {}
            }
        }
        Ok(controls)
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
        assert!(Controls::of(Operation::Search, &[control(false)]).is_ok());
        let refused = Controls::of(Operation::Search, &[control(false), control(true)]);
        assert!(refused.is_err_and(|answer| {
            answer.code == ResultCode::UnavailableCriticalExtension
                && answer.text.contains("1.2.3.4")
        }));
        assert!(Controls::of(Operation::Abandon, &[control(true)]).is_ok());
    }
}
