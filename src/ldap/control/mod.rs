//! Request controls (RFC 4511 section 4.1.11): which ones work, with which operations, and the one rule of criticality.
//!
//! Owns the table of the controls and the typed form that operations take them in. What the value of one means is read in
//! its own file; what it does is the business of the operation.

pub mod list_view;
pub mod paged_results;
pub mod password_policy;
pub mod read_entry;
pub mod sort;

mod assertion;
mod matched_values;
mod proxied_authorization;
mod subentries;

use std::ops::{Deref, DerefMut};
use std::sync::LazyLock;

use super::ber::{ReadError, Reader, SEQUENCE, put_element};
use super::message::Operation::{Add, Compare, Delete, Extended, Modify, ModifyDn, Search};
use super::message::{Control, Operation, ResultCode};
use super::result::Answer;
use crate::directory::filter::Filter;
use crate::directory::request::{Page, Sort, Subentries, Terms, Window};

/// The controls of one request that are to be applied to its operation; most have none, which takes no room.
#[derive(Debug, Default)]
pub struct Controls(Option<Box<Wishes>>);

/// What the controls of one request ask for.
#[derive(Debug, Default)]
pub struct Wishes {
    /// The terms on which an entry is read, compared or changed.
    pub terms: Terms,
    /// The authorization identity for which it is done (RFC 4370).
    pub proxy: Option<String>,
    /// Which page is wanted.
    pub page: Option<Page>,
    /// In which order entries are wanted.
    pub sort: Option<Sort>,
    /// Which window on the list is wanted.
    pub window: Option<Window>,
    /// Which values are wanted.
    pub values: Option<Vec<Filter>>,
    /// Whether subentries are wanted.
    pub subentries: Subentries,
    /// Whether the client wants to know what the password policy has to do with the answer.
    pub policy: bool,
    /// Whether search result references are not wanted.
    pub domain_scope: bool,
}

impl Controls {
    /// Whether nothing is asked for.
    pub fn are_none(&self) -> bool {
        self.0.is_none()
    }
}

impl Deref for Controls {
    type Target = Wishes;

    fn deref(&self) -> &Wishes {
        static NONE: LazyLock<Wishes> = LazyLock::new(Wishes::default);
        self.0.as_deref().unwrap_or(&NONE)
    }
}

impl DerefMut for Controls {
    fn deref_mut(&mut self) -> &mut Wishes {
        self.0.get_or_insert_default()
    }
}

/// A control that works.
struct Kind {
    oid: &'static str,
    /// The operations that it can be applied to.
    operations: &'static [Operation],
    /// Reads its value.
    read: fn(&mut Controls, &Control) -> Result<(), Malformed>,
}

/// The longest value that is read, in octets. What a value is made of was not counted with the message around it, and
/// grows when it is read: a few octets of filter become a node of a hundred.
const LONGEST_VALUE: usize = 64 * 1024;

/// What is wrong with a control's value, in words.
type Malformed = String;

/// Every control that works, in the order in which the root DSE announces them.
const KINDS: &[Kind] = &[
    paged_results::KIND,
    DOMAIN_SCOPE,
    sort::KIND,
    matched_values::KIND,
    DONT_USE_COPY,
    subentries::KIND,
    password_policy::KIND,
    list_view::KIND,
    // ManageDsaIT (RFC 3296 section 3)
    Kind {
        oid: "2.16.840.1.113730.3.4.2",
        operations: ENTRIES,
        read: |controls, control| {
            controls.terms.manage_referrals = true;
            without_value(control)
        },
    },
    Kind {
        oid: proxied_authorization::OID,
        operations: &[Search, Compare, Add, Modify, Delete, ModifyDn, Extended],
        read: proxied_authorization::read,
    },
    Kind {
        oid: assertion::OID,
        operations: ENTRIES,
        read: assertion::read,
    },
    Kind {
        oid: read_entry::BEFORE,
        operations: &[Modify, Delete, ModifyDn],
        read: read_entry::read_before,
    },
    Kind {
        oid: read_entry::AFTER,
        operations: &[Add, Modify, ModifyDn],
        read: read_entry::read_after,
    },
    // Tree delete (draft-armijo-ldap-treedelete)
    Kind {
        oid: "1.2.840.113556.1.4.805",
        operations: &[Delete],
        read: |controls, control| {
            controls.terms.subtree = true;
            without_value(control)
        },
    },
    // No-op (draft-zeilenga-ldap-noop): the registered number, and the one that OpenLDAP's clients send
    Kind {
        oid: "1.3.6.1.4.1.4203.1.10.2",
        operations: UPDATES,
        read: trial,
    },
    Kind {
        oid: "1.3.6.1.4.1.4203.666.5.2",
        operations: UPDATES,
        read: trial,
    },
    // Relax rules (draft-zeilenga-ldap-relax, under OpenLDAP's number)
    Kind {
        oid: "1.3.6.1.4.1.4203.666.5.12",
        operations: UPDATES,
        read: |controls, control| {
            controls.terms.relaxed = true;
            without_value(control)
        },
    },
];

const UPDATES: &[Operation] = &[Add, Modify, Delete, ModifyDn];
const ENTRIES: &[Operation] = &[Search, Compare, Add, Modify, Delete, ModifyDn];

fn trial(controls: &mut Controls, control: &Control) -> Result<(), Malformed> {
    controls.terms.trial = true;
    without_value(control)
}

/// Microsoft's domain scope: no search result references (MS-ADTS section 3.1.1.3.4.1.4).
const DOMAIN_SCOPE: Kind = Kind {
    oid: "1.2.840.113556.1.4.1339",
    operations: &[Search],
    read: |controls, control| {
        controls.domain_scope = true;
        without_value(control)
    },
};

/// Don't use copy (RFC 6171): answers come from the original, and there is no other here.
const DONT_USE_COPY: Kind = Kind {
    oid: "1.3.6.1.1.22",
    operations: &[Search, Compare],
    read: |_, control| without_value(control),
};

/// The value that a control must have.
fn value(control: &Control) -> Result<&[u8], Malformed> {
    control
        .value
        .as_deref()
        .ok_or_else(|| "it must have a value".to_owned())
}

/// The elements of the one SEQUENCE that a control's value must be.
fn sequence<'a>(control: &'a Control, field: &'static str) -> Result<Reader<'a>, Malformed> {
    let mut reader = Reader::new(value(control)?);
    let elements = reader.constructed(SEQUENCE, field).map_err(malformed)?;
    if reader.is_empty() {
        Ok(elements)
    } else {
        Err(format!("{field} is followed by more"))
    }
}

/// The value of a response control: one SEQUENCE.
fn to_sequence(elements: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    put_element(&mut value, SEQUENCE, elements);
    Some(value)
}

fn malformed(error: ReadError) -> Malformed {
    error.to_string()
}

/// Some libraries send an empty value where there is to be none.
fn without_value(control: &Control) -> Result<(), Malformed> {
    match control.value.as_deref() {
        None | Some([]) => Ok(()),
        Some(_) => Err("it has a value, but takes none".to_owned()),
    }
}

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
                    let length = control.value.as_ref().map_or(0, Vec::len);
                    let read = if twice {
                        Err("it is sent twice".to_owned())
                    } else if length > LONGEST_VALUE {
                        Err(format!("its value is longer than {LONGEST_VALUE} octets"))
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
    use proptest::prelude::*;

    fn control(critical: bool) -> Control {
        Control {
            oid: "1.2.3.4".to_owned(),
            critical,
            value: None,
        }
    }

    /// What is read from a control with this value.
    pub(super) fn accepted(oid: &str, value: &[u8]) -> Controls {
        Controls::of(Operation::Search, &[with_value(oid, value)]).unwrap()
    }

    /// Sees a control with this value refused, and one without any.
    pub(super) fn refused(oid: &str, value: &[u8]) {
        let without = Control {
            value: None,
            ..with_value(oid, &[])
        };
        for control in [with_value(oid, value), without] {
            let answer = Controls::of(Operation::Search, &[control]).unwrap_err();
            assert_eq!(answer.code, ResultCode::ProtocolError, "{value:x?}");
            assert!(answer.text.contains(oid), "{}", answer.text);
        }
    }

    fn with_value(oid: &str, value: &[u8]) -> Control {
        Control {
            oid: oid.to_owned(),
            critical: false,
            value: Some(value.to_vec()),
        }
    }

    #[test]
    fn a_control_is_for_its_operations_only() {
        let sent = |oid: &str, critical| Control {
            oid: oid.to_owned(),
            critical,
            value: None,
        };
        let tree_delete = "1.2.840.113556.1.4.805";
        let taken = Controls::of(Delete, &[sent(tree_delete, true)]);
        assert!(taken.is_ok_and(|controls| controls.terms.subtree));
        let ignored = Controls::of(Modify, &[sent(tree_delete, false)]);
        assert!(ignored.is_ok_and(|controls| !controls.terms.subtree));
        let refused = Controls::of(Modify, &[sent(tree_delete, true)]);
        let code = refused.map_err(|answer| answer.code).err();
        assert_eq!(code, Some(ResultCode::UnavailableCriticalExtension));
        let bind = Controls::of(Operation::Bind, &[sent(proxied_authorization::OID, true)]);
        assert!(bind.is_err());
    }

    #[test]
    fn a_value_that_is_too_long_is_not_read() {
        let empty_ands = |count: usize| {
            let content = [0xa0, 0].repeat(count);
            let length = u32::try_from(content.len()).unwrap().to_be_bytes();
            Control {
                oid: assertion::OID.to_owned(),
                critical: true,
                value: Some([&[0xa1, 0x84], &length[..], &content].concat()),
            }
        };
        assert!(Controls::of(Modify, &[empty_ands(30_000)]).is_ok());
        let refused = Controls::of(Modify, &[empty_ands(LONGEST_VALUE)]);
        assert!(refused.is_err_and(|answer| answer.code == ResultCode::ProtocolError));
    }

    #[test]
    fn a_control_without_a_value_takes_an_empty_one_and_no_other() {
        let read = |value: Option<&[u8]>| {
            let control = Control {
                oid: "2.16.840.1.113730.3.4.2".to_owned(),
                critical: false,
                value: value.map(<[u8]>::to_vec),
            };
            Controls::of(Search, &[control]).map_err(|answer| answer.code)
        };
        for value in [None, Some(&[][..])] {
            assert!(read(value).is_ok_and(|controls| controls.terms.manage_referrals));
        }
        let refused = read(Some(&[0x30, 0])).err();
        assert_eq!(refused, Some(ResultCode::ProtocolError));
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

    #[test]
    fn a_control_that_is_sent_twice_or_has_a_value_it_must_not_have_is_refused() {
        let copy = |value| Control {
            oid: DONT_USE_COPY.oid.to_owned(),
            critical: true,
            value,
        };
        assert!(Controls::of(Operation::Compare, &[copy(None)]).is_ok());
        for controls in [vec![copy(None), copy(None)], vec![copy(Some(vec![5, 0]))]] {
            let refused = Controls::of(Operation::Search, &controls).unwrap_err();
            assert_eq!(refused.code, ResultCode::ProtocolError);
        }
        let refused = Controls::of(Operation::Delete, &[copy(None)]).unwrap_err();
        assert_eq!(refused.code, ResultCode::UnavailableCriticalExtension);
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_refused(
            kind in 0..KINDS.len(),
            mut value in prop::collection::vec(any::<u8>(), 0..40),
            framed in any::<bool>(),
        ) {
            if framed {
                value.splice(0..0, [0x30, u8::try_from(value.len()).unwrap()]);
            }
            let read = Controls::of(Operation::Search, &[with_value(KINDS[kind].oid, &value)]);
            prop_assert!(read.is_ok() || read.is_err_and(|answer| answer.code == ResultCode::ProtocolError));
        }
    }
}
