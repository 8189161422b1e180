//! Distinguished names: their string form (RFC 4514) and their normal form.
//!
//! A [`Dn`] keeps the spelling of whoever wrote it; a [`NormalizedDn`] is what names are compared, ordered and looked up
//! by. Whether an entry of that name exists, or may exist, is not this module's.

mod ber;
mod normal;
mod parse;
#[cfg(test)]
mod tests;

use std::fmt;

use smallvec::SmallVec;

pub use normal::NormalizedDn;
pub(crate) use normal::normalize_text;
use parse::{Assertions, Separator};
pub use parse::{DnError, DnErrorReason};

/// Names of entries seldom have more.
const USUAL_RDNS: usize = 6;

/// A distinguished name in its writer's spelling, leaf first. The default is the root, the empty name.
///
/// Equality is of spelling; compare [`NormalizedDn`]s to learn whether two names are the same.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Dn {
    rdns: Vec<Rdn>,
}

/// A relative distinguished name: one assertion or more, in their writer's order and spelling.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Rdn {
    /// Nearly always one.
    assertions: SmallVec<[Ava; 1]>,
}

/// An attribute value assertion, the part of an RDN around one `=`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Ava {
    /// A descriptor or numeric object identifier (RFC 4512 1.4), without options.
    pub attribute: String,
    /// The value without escapes; any octets.
    pub value: Vec<u8>,
}

impl Dn {
    /// Reads the string form: RFC 4514, and the older forms of RFC 2253 but for `;` as separator. An empty text is the
    /// root. Values in hexadecimal are decoded when they are a BER OCTET STRING, UTF8String, PrintableString or
    /// IA5String, and kept as the BER they are otherwise.
    ///
    /// # Errors
    /// [`DnError`] with the position; also for more than 64 KiB of text, 256 RDNs, or 64 assertions in one.
    pub fn parse(text: &str) -> Result<Dn, DnError> {
        let mut rdns = Vec::with_capacity(USUAL_RDNS);
        read(text, |rdn| rdns.push(rdn))?;
        Ok(Dn { rdns })
    }

    /// The RDNs, leaf first as in the text.
    pub fn rdns(&self) -> &[Rdn] {
        &self.rdns
    }

    /// The RDN of the entry itself; the root has none.
    pub fn rdn(&self) -> Option<&Rdn> {
        self.rdns.first()
    }

    /// Whether this is the empty name.
    pub fn is_root(&self) -> bool {
        self.rdns.is_empty()
    }

    /// The name above; none above the root.
    pub fn parent(&self) -> Option<Dn> {
        let (_, above) = self.rdns.split_first()?;
        Some(Dn {
            rdns: above.to_vec(),
        })
    }

    /// The name of a sibling, which differs in this RDN of its own; none of the root.
    pub fn with_rdn(mut self, rdn: Rdn) -> Option<Dn> {
        *self.rdns.first_mut()? = rdn;
        Some(self)
    }

    /// The name below this one with the given RDN.
    pub fn child(&self, rdn: Rdn) -> Dn {
        let mut rdns = Vec::with_capacity(self.rdns.len().saturating_add(1));
        rdns.push(rdn);
        rdns.extend_from_slice(&self.rdns);
        Dn { rdns }
    }
}

/// Hands over each RDN of a text.
fn read(text: &str, mut each: impl FnMut(Rdn)) -> Result<(), DnError> {
    let mut assertions = SmallVec::new();
    for assertion in Assertions::of(text) {
        let assertion = assertion?;
        assertions.push(Ava {
            attribute: assertion.attribute.to_owned(),
            value: assertion.value.into_owned(),
        });
        if assertion.separator != Separator::Assertion {
            each(Rdn {
                assertions: std::mem::take(&mut assertions),
            });
        }
    }
    Ok(())
}

/// Checks that `text` is the string form of a name, as [`Dn::parse`] does.
pub(crate) fn check(text: &str) -> Result<(), DnError> {
    Assertions::of(text).try_for_each(|assertion| assertion.map(drop))
}

impl Rdn {
    /// Reads the string form of one RDN.
    ///
    /// # Errors
    /// As [`Dn::parse`], and when the text is empty or has a comma.
    pub fn parse(text: &str) -> Result<Rdn, DnError> {
        let (mut only, mut count) = (None, 0_usize);
        read(text, |rdn| {
            only = Some(rdn);
            count = count.saturating_add(1);
        })?;
        only.filter(|_| count == 1).ok_or(DnError {
            position: 0,
            reason: DnErrorReason::NotOneRdn,
        })
    }

    /// The assertions in their writer's order; never empty.
    pub fn assertions(&self) -> &[Ava] {
        &self.assertions
    }
}

impl From<Ava> for Rdn {
    fn from(assertion: Ava) -> Rdn {
        Rdn {
            assertions: SmallVec::from([assertion]),
        }
    }
}

/// Prints RFC 4514 2: what [`Dn::parse`] reads back as the same name.
impl fmt::Display for Dn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_separated(&self.rdns, ',', f)
    }
}

/// Prints RFC 4514 2.2.
impl fmt::Display for Rdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_separated(&self.assertions, '+', f)
    }
}

/// Prints RFC 4514 2.3: the type as spelled, and the value as text when it is UTF-8, else in hexadecimal. Besides what
/// must be escaped, control characters are, so that a printed name stays on its line.
impl fmt::Display for Ava {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=", self.attribute)?;
        let Ok(text) = str::from_utf8(&self.value) else {
            return ber::write_octet_string(&self.value, f);
        };
        for (position, character) in text.char_indices() {
            let is_last = position.saturating_add(character.len_utf8()) == text.len();
            match character {
                '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
                '#' if position == 0 => f.write_str("\\#")?,
                ' ' if position == 0 || is_last => f.write_str("\\ ")?,
                '\0'..='\x1f' | '\x7f' => write!(f, "\\{:02X}", u32::from(character))?,
                _ => write!(f, "{character}")?,
            }
        }
        Ok(())
    }
}

fn write_separated(
    items: &[impl fmt::Display],
    separator: char,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            write!(f, "{separator}")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
