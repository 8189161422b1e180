//! The normal form of names: one byte string a name, equal exactly when the names are.
//!
//! ```text
//! name      = *( rdn %x00 )                       root first
//! rdn       = assertion *( %x02 assertion )       in byte order
//! assertion = type "=" normal                     the value by the equality rule of the type
//!           / type "#" exact                      the value as it is: no rule, or the rule refused it
//! type      = numeric object identifier / lower-case name of a type the schema lacks
//! ```
//!
//! The bytes 00, 01 and 02 inside an assertion are written 01 01, 01 02 and 01 03. This keeps their order, so that byte
//! order of names is order by RDN from the root: an entry comes before what is below it, and a subtree is contiguous.
//! An ancestor is a prefix.

use std::borrow::Borrow;
use std::fmt;

use crate::directory::schema::Schema;
use crate::directory::schema::rule::Nesting;

use super::parse::{Assertions, Separator};
use super::{Dn, DnError, Rdn};

const END_OF_RDN: u8 = 0;
const ESCAPE: u8 = 1;
const BETWEEN_ASSERTIONS: u8 = 2;

/// The normal form of a distinguished name: two names are equal exactly when their normal forms are, in any spelling
/// of types and values and any order inside an RDN (RFC 4517 4.2.15).
///
/// Names order tree-wise: an ancestor comes before its descendants, and these before its next sibling.
#[derive(Clone, Default, Eq, PartialEq, Ord, PartialOrd, Hash)]
pub struct NormalizedDn {
    bytes: Box<[u8]>,
}

impl NormalizedDn {
    /// Reads and normalises a name at once, without the [`Dn`] between.
    ///
    /// # Errors
    /// As [`Dn::parse`].
    pub fn parse(text: &str, schema: &Schema) -> Result<NormalizedDn, DnError> {
        let mut bytes = Vec::new();
        normalize_text(text, schema, Nesting::default(), &mut bytes)?;
        Ok(NormalizedDn {
            bytes: bytes.into_boxed_slice(),
        })
    }

    /// The whole normal form: also what distinguishedNameMatch makes of a value that is this name.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether this is the empty name.
    pub fn is_root(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The RDNs as [`Rdn::normalize`] writes them, root first.
    pub fn rdns(&self) -> impl Iterator<Item = &[u8]> {
        self.bytes
            .split_inclusive(|byte| *byte == END_OF_RDN)
            .filter_map(|rdn| rdn.strip_suffix(&[END_OF_RDN]))
    }

    /// Whether this name is `ancestor` or below it.
    pub fn is_within(&self, ancestor: &NormalizedDn) -> bool {
        self.bytes.starts_with(&ancestor.bytes)
    }
}

impl Borrow<[u8]> for NormalizedDn {
    fn borrow(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for NormalizedDn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NormalizedDn({})", self.bytes.escape_ascii())
    }
}

impl Dn {
    /// The normal form under `schema`. A value that its equality rule refuses counts by its exact bytes, so that every
    /// name has a normal form.
    pub fn normalize(&self, schema: &Schema) -> NormalizedDn {
        // About what an RDN takes: an object identifier and a short value.
        let mut bytes = Vec::with_capacity(self.rdns.len().saturating_mul(48));
        for rdn in self.rdns.iter().rev() {
            rdn.normalize(schema, &mut bytes);
            bytes.push(END_OF_RDN);
        }
        NormalizedDn {
            bytes: bytes.into_boxed_slice(),
        }
    }
}

impl Rdn {
    /// Appends the normal form under `schema` to `out`: what [`NormalizedDn::rdns`] yields.
    pub fn normalize(&self, schema: &Schema, out: &mut Vec<u8>) {
        let mut writer = Writer {
            schema,
            nesting: Nesting::default(),
            out,
            rdn: 0,
            assertions: 0,
        };
        writer.begin_rdn();
        for assertion in &self.assertions {
            writer.assertion(&assertion.attribute, &assertion.value);
        }
        writer.sort_assertions();
    }
}

/// Appends the normal form of the name in `text` to `out`.
pub(crate) fn normalize_text(
    text: &str,
    schema: &Schema,
    nesting: Nesting,
    out: &mut Vec<u8>,
) -> Result<(), DnError> {
    // The text has the leaf first: written as read, then turned around by RDN.
    let mut leaf_first = Vec::with_capacity(text.len().min(256).saturating_mul(4));
    let mut writer = Writer {
        schema,
        nesting,
        out: &mut leaf_first,
        rdn: 0,
        assertions: 0,
    };
    for assertion in Assertions::of(text) {
        let assertion = assertion?;
        writer.assertion(assertion.attribute, &assertion.value);
        if assertion.separator != Separator::Assertion {
            writer.sort_assertions();
            writer.out.push(END_OF_RDN);
            writer.begin_rdn();
        }
    }
    out.reserve(leaf_first.len());
    let rdns = leaf_first.strip_suffix(&[END_OF_RDN]).unwrap_or_default();
    for rdn in rdns
        .rsplit(|byte| *byte == END_OF_RDN)
        .filter(|rdn| !rdn.is_empty())
    {
        out.extend_from_slice(rdn);
        out.push(END_OF_RDN);
    }
    Ok(())
}

/// Writes RDNs in normal form.
struct Writer<'a> {
    schema: &'a Schema,
    nesting: Nesting,
    out: &'a mut Vec<u8>,
    /// Where the RDN in hand begins in `out`.
    rdn: usize,
    /// How many assertions it has so far.
    assertions: usize,
}

impl Writer<'_> {
    fn begin_rdn(&mut self) {
        self.rdn = self.out.len();
        self.assertions = 0;
    }

    fn assertion(&mut self, attribute: &str, value: &[u8]) {
        if self.assertions > 0 {
            self.out.push(BETWEEN_ASSERTIONS);
        }
        self.assertions = self.assertions.saturating_add(1);

        let known = self
            .schema
            .attribute_id(attribute)
            .map(|id| self.schema.attribute(id));
        match known {
            Some(known) => self.out.extend_from_slice(known.oid.as_bytes()),
            None => self
                .out
                .extend(attribute.bytes().map(|byte| byte.to_ascii_lowercase())),
        }
        let mark = self.out.len();
        self.out.push(b'=');
        let rule = known.and_then(|known| known.equality);
        let normalized = rule.is_some_and(|rule| {
            rule.normalize_nested(self.schema, self.nesting.deeper(), value, self.out)
                .is_ok()
        });
        if !normalized {
            self.out.truncate(mark);
            self.out.push(b'#');
            self.out.extend_from_slice(value);
        }
        // Types have none of the bytes that separate.
        escape(mark, self.out);
    }

    fn sort_assertions(&mut self) {
        if self.assertions < 2 {
            return;
        }
        let written = self.out.split_off(self.rdn);
        let mut assertions: Vec<&[u8]> =
            written.split(|byte| *byte == BETWEEN_ASSERTIONS).collect();
        assertions.sort_unstable();
        for (index, assertion) in assertions.into_iter().enumerate() {
            if index > 0 {
                self.out.push(BETWEEN_ASSERTIONS);
            }
            self.out.extend_from_slice(assertion);
        }
    }
}

/// Escapes the bytes that separate, from `start` on.
fn escape(start: usize, out: &mut Vec<u8>) {
    let is_separator = |byte: &u8| *byte <= BETWEEN_ASSERTIONS;
    let written = out.get(start..).unwrap_or_default();
    let Some(first) = written.iter().position(is_separator) else {
        return;
    };
    let tail = out.split_off(start.saturating_add(first));
    for byte in tail {
        if is_separator(&byte) {
            out.push(ESCAPE);
            out.push(byte.saturating_add(1));
        } else {
            out.push(byte);
        }
    }
}
