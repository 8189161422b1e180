//! The matching rules the server knows (RFC 4517 4, RFC 4530, and some in wide use): their identifiers, which syntaxes
//! they apply to, and the normal forms by which they compare.
//!
//! A rule never compares two values itself: it brings each to a normal form whose bytes do. Rules of one family share
//! one normal form, so that an index for equality serves order and substrings as well. Subclasses of an object class
//! and subtypes of an attribute are not considered here.

mod form;
mod integer;
mod prepare;
mod time;
mod words;

use form::Form;
pub use prepare::{MAX_EFFORT, exceeds_effort};

use super::Schema;
use super::syntax::Syntax;

pub use super::syntax::InvalidValue;

/// How a rule decides over the normal form of an attribute value and that of an assertion.
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum RuleKind {
    /// Both normal forms are the same bytes.
    Equality,
    /// The value's normal form is less than the assertion's in byte order.
    Ordering,
    /// The pieces of the assertion occur in the value's normal form: the initial one at its start, the final one at its
    /// end, all in order and without overlap.
    Substrings,
    /// The assertion's normal form occurs anywhere in the value's.
    Word,
    /// By [`Rule::bit_and`] or [`Rule::bit_or`] over the values as they are.
    Bitwise,
    /// The value leads to the entry of the assertion, at once or through the same attribute of other entries.
    Chain,
}

/// Which part of a substring assertion a piece is (RFC 4511 4.5.1.7.2).
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
pub enum SubstringPiece {
    /// What the value must begin with.
    Initial,
    /// What it must contain.
    Any,
    /// What it must end with.
    Final,
}

/// How deep a name lies inside values of names: `member=member\=cn\=x` is a name in a name. A client chooses the
/// depth, so that it needs a bound; beyond it a value has no normal form.
#[derive(Copy, Clone, Default)]
pub(crate) struct Nesting(u8);

impl Nesting {
    const DEEPEST: u8 = 4;

    /// One level further in.
    pub(crate) fn deeper(self) -> Nesting {
        Nesting(self.0.saturating_add(1))
    }

    fn is_too_deep(self) -> bool {
        self.0 > Self::DEEPEST
    }
}

macro_rules! rules {
    ($($rule:ident $oid:literal $name:literal $kind:ident $syntax:ident,)*) => {
        /// A matching rule, named after its descriptor without `Match`.
        #[derive(Copy, Clone, Eq, PartialEq, Hash, Debug)]
        pub enum Rule {
            $(#[doc = $name] $rule,)*
        }

        impl Rule {
            /// Every rule, for the subschema to publish.
            pub const ALL: &[Rule] = &[$(Self::$rule,)*];

            /// The descriptor, such as `caseIgnoreMatch`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$rule => $name,)* }
            }

            /// The numeric object identifier.
            pub fn oid(self) -> &'static str {
                match self { $(Self::$rule => $oid,)* }
            }

            /// How the rule compares.
            pub fn kind(self) -> RuleKind {
                match self { $(Self::$rule => RuleKind::$kind,)* }
            }

            /// The syntax of assertion values.
            pub fn assertion_syntax(self) -> Syntax {
                match self { $(Self::$rule => Syntax::$syntax,)* }
            }
        }
    };
}

rules! {
    // Rule, identifier, descriptor, kind, assertion syntax.
    ObjectIdentifier "2.5.13.0" "objectIdentifierMatch" Equality Oid,
    DistinguishedName "2.5.13.1" "distinguishedNameMatch" Equality DistinguishedName,
    CaseIgnore "2.5.13.2" "caseIgnoreMatch" Equality DirectoryString,
    CaseIgnoreOrdering "2.5.13.3" "caseIgnoreOrderingMatch" Ordering DirectoryString,
    CaseIgnoreSubstrings "2.5.13.4" "caseIgnoreSubstringsMatch" Substrings SubstringAssertion,
    CaseExact "2.5.13.5" "caseExactMatch" Equality DirectoryString,
    CaseExactOrdering "2.5.13.6" "caseExactOrderingMatch" Ordering DirectoryString,
    CaseExactSubstrings "2.5.13.7" "caseExactSubstringsMatch" Substrings SubstringAssertion,
    NumericString "2.5.13.8" "numericStringMatch" Equality NumericString,
    NumericStringOrdering "2.5.13.9" "numericStringOrderingMatch" Ordering NumericString,
    NumericStringSubstrings "2.5.13.10" "numericStringSubstringsMatch" Substrings SubstringAssertion,
    CaseIgnoreList "2.5.13.11" "caseIgnoreListMatch" Equality PostalAddress,
    CaseIgnoreListSubstrings "2.5.13.12" "caseIgnoreListSubstringsMatch" Substrings SubstringAssertion,
    Boolean "2.5.13.13" "booleanMatch" Equality Boolean,
    Integer "2.5.13.14" "integerMatch" Equality Integer,
    IntegerOrdering "2.5.13.15" "integerOrderingMatch" Ordering Integer,
    BitString "2.5.13.16" "bitStringMatch" Equality BitString,
    OctetString "2.5.13.17" "octetStringMatch" Equality OctetString,
    OctetStringOrdering "2.5.13.18" "octetStringOrderingMatch" Ordering OctetString,
    TelephoneNumber "2.5.13.20" "telephoneNumberMatch" Equality TelephoneNumber,
    TelephoneNumberSubstrings "2.5.13.21" "telephoneNumberSubstringsMatch" Substrings SubstringAssertion,
    UniqueMember "2.5.13.23" "uniqueMemberMatch" Equality NameAndOptionalUid,
    GeneralizedTime "2.5.13.27" "generalizedTimeMatch" Equality GeneralizedTime,
    GeneralizedTimeOrdering "2.5.13.28" "generalizedTimeOrderingMatch" Ordering GeneralizedTime,
    IntegerFirstComponent "2.5.13.29" "integerFirstComponentMatch" Equality Integer,
    ObjectIdentifierFirstComponent "2.5.13.30" "objectIdentifierFirstComponentMatch" Equality Oid,
    DirectoryStringFirstComponent "2.5.13.31" "directoryStringFirstComponentMatch" Equality DirectoryString,
    Word "2.5.13.32" "wordMatch" Word DirectoryString,
    Keyword "2.5.13.33" "keywordMatch" Word DirectoryString,
    CaseExactIa5 "1.3.6.1.4.1.1466.109.114.1" "caseExactIA5Match" Equality Ia5String,
    CaseIgnoreIa5 "1.3.6.1.4.1.1466.109.114.2" "caseIgnoreIA5Match" Equality Ia5String,
    CaseIgnoreIa5Substrings "1.3.6.1.4.1.1466.109.114.3" "caseIgnoreIA5SubstringsMatch" Substrings SubstringAssertion,
    CaseExactIa5Substrings "1.3.6.1.4.1.4203.1.2.1" "caseExactIA5SubstringsMatch" Substrings SubstringAssertion,
    Uuid "1.3.6.1.1.16.2" "uuidMatch" Equality Uuid,
    UuidOrdering "1.3.6.1.1.16.3" "uuidOrderingMatch" Ordering Uuid,
    Csn "1.3.6.1.4.1.4203.666.11.2.2" "CSNMatch" Equality Csn,
    CsnOrdering "1.3.6.1.4.1.4203.666.11.2.3" "CSNOrderingMatch" Ordering Csn,
    BitAnd "1.2.840.113556.1.4.803" "integerBitAndMatch" Bitwise Integer,
    BitOr "1.2.840.113556.1.4.804" "integerBitOrMatch" Bitwise Integer,
    InChain "1.2.840.113556.1.4.1941" "inChainMatch" Chain DistinguishedName,
}

impl Rule {
    /// The rule with this descriptor, in any case, or numeric object identifier.
    pub fn by_name(name_or_oid: &str) -> Option<Rule> {
        Self::ALL
            .iter()
            .copied()
            .find(|rule| rule.oid() == name_or_oid || rule.name().eq_ignore_ascii_case(name_or_oid))
    }

    /// Whether the rule can compare values of this syntax (RFC 4517 4.1): what an extensible match asks of a rule
    /// that is not the attribute's own (RFC 4511 4.5.1.7.7).
    ///
    /// Wider than the letter in two places that clients count on: the case rules for Directory Strings take IA5 and
    /// Numeric Strings too (sorting by mail with caseIgnoreOrderingMatch), and octetStringMatch takes all syntaxes of
    /// opaque octets.
    pub fn compares_with(self, syntax: Syntax) -> bool {
        Form::of(self).takes(syntax)
    }

    /// Whether values have the same normal form under both rules.
    pub fn shares_form(self, other: Rule) -> bool {
        self == other || Form::of(self).is_same(&Form::of(other))
    }

    /// Appends the normal form of an attribute value to `out`: two values are equal exactly when their normal forms
    /// are the same bytes, and ordered as the bytes are. The normal form of a name is that of
    /// [`NormalizedDn`](crate::directory::dn::NormalizedDn).
    ///
    /// # Errors
    /// When the value cannot be compared by this rule; what is in `out` after its former end is then without meaning.
    pub fn normalize_value(
        self,
        schema: &Schema,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        self.normalize_nested(schema, Nesting::default(), value, out)
    }

    /// Whether one of these attribute values has this normal form; `None` where only making theirs tells, which is seldom.
    pub fn is_among<'a>(
        self,
        schema: &Schema,
        values: impl Iterator<Item = &'a [u8]> + Clone,
        form: &[u8],
    ) -> Option<bool> {
        Form::of(self).is_among(schema, values, form)
    }

    /// Appends the normal form of an assertion value to `out`. It differs from that of an attribute value for the
    /// first component rules, which assert the component alone; for object identifiers, where an unknown descriptor is
    /// refused (RFC 4517 4.2.26); for Booleans, which are understood in any case; and for word rules, which need a word.
    ///
    /// # Errors
    /// When the value is not of the assertion syntax: the assertion is then Undefined. Always for substrings rules,
    /// whose pieces go to [`Rule::normalize_substring`].
    pub fn normalize_assertion(
        self,
        schema: &Schema,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        if self.kind() == RuleKind::Substrings {
            return Err(InvalidValue::new(
                self.assertion_syntax(),
                "a substrings rule compares pieces, not a whole value",
            ));
        }
        Form::of(self).write_assertion(schema, value, out)
    }

    /// Appends the normal form of one piece of a substring assertion to `out` (RFC 4518 2.6.1).
    ///
    /// # Errors
    /// When this is not a substrings rule, or the piece is empty or not text.
    pub fn normalize_substring(
        self,
        piece: SubstringPiece,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        let invalid = |reason| Err(InvalidValue::new(Syntax::SubstringAssertion, reason));
        if self.kind() != RuleKind::Substrings {
            return invalid("this rule compares whole values only");
        }
        if value.is_empty() {
            return invalid("a piece must not be empty");
        }
        Form::of(self).write_piece(piece, value, out)
    }

    /// Whether every bit that is set in `assertion` is set in `value`: 1.2.840.113556.1.4.803. Both are Integers in
    /// their text form, negative ones in two's complement of 128 bits.
    ///
    /// # Errors
    /// When either is not an Integer or needs more than 128 bits.
    pub fn bit_and(value: &[u8], assertion: &[u8]) -> Result<bool, InvalidValue> {
        let mask = integer::bits(assertion)?;
        Ok(integer::bits(value)? & mask == mask)
    }

    /// Whether any bit that is set in `assertion` is set in `value`: 1.2.840.113556.1.4.804. Otherwise as
    /// [`Rule::bit_and`].
    ///
    /// # Errors
    /// As [`Rule::bit_and`].
    pub fn bit_or(value: &[u8], assertion: &[u8]) -> Result<bool, InvalidValue> {
        Ok(integer::bits(value)? & integer::bits(assertion)? != 0)
    }

    /// [`Rule::normalize_value`] for a value that is itself inside a name.
    pub(crate) fn normalize_nested(
        self,
        schema: &Schema,
        nesting: Nesting,
        value: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InvalidValue> {
        Form::of(self).write_value(schema, nesting, value, out)
    }
}

#[cfg(test)]
mod tests;
