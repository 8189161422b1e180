//! A filter made ready for one directory: names turned into ids, assertion values normalised once.
//!
//! Owns which parts of a filter are Undefined before any entry is looked at (RFC 4511 section 4.5.1.7): attributes the
//! schema does not know, values that are not of the syntax, rules that do not exist or do not fit. It does not own
//! what the asker may search, which is decided entry by entry.

use std::collections::HashMap;

use smallvec::SmallVec;

use super::{Assertion, Extensible, Filter, Substrings};
use crate::directory::descriptions::Described;
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::entry::EntryId;
use crate::directory::members::EdgeKind;
use crate::directory::schema::syntax::SubstringAssertion;
use crate::directory::schema::{
    AttributeDescription, AttributeTypeId, Rule, RuleKind, Schema, SubstringPiece, well_known,
};
use crate::directory::snapshot::{Found, Snapshot};
use crate::directory::view::Computed;

/// A filter ready to be evaluated.
#[derive(Clone, Debug)]
pub enum Resolved {
    /// Every one must be true; none at all is true (RFC 4526).
    And(Vec<Resolved>),
    /// One must be true; none at all is false.
    Or(Vec<Resolved>),
    /// The opposite.
    Not(Box<Resolved>),
    /// Neither true nor false for any entry.
    Undefined,
    /// Some value is there.
    Present(Target),
    /// A comparison of values.
    Match(Target, Test),
    /// An extensible match that names a rule and no attribute.
    AnyAttribute(Rule, Test),
    /// The values of the entry's attributes, or those in its name (`:dn`).
    WithName(Box<Resolved>, Target, Test),
}

/// The attributes that one item of a filter is about: a type with its subtypes, and options that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Seldom more than the one that is named.
    types: SmallVec<[AttributeTypeId; 4]>,
    options: Option<Box<str>>,
    /// Those of the types that are computed.
    pub computed: Vec<Computed>,
}

/// What a value is put to.
#[derive(Clone, Debug)]
pub enum Test {
    /// Equality under a rule, with the normalised assertion.
    Equality(Rule, Box<[u8]>),
    /// Equality with any of these, sorted, each once.
    AnyOf(Rule, Box<[Box<[u8]>]>),
    /// Equality with a name, for attributes whose values are edges: the normal form serves those that dangle.
    Edge(Rule, Box<Name>, Box<[u8]>),
    /// Whether the attribute leads to the entry of a name through any chain (1.2.840.113556.1.4.1941).
    Chain(Box<Name>),
    /// At least the normalised assertion, under an ordering rule.
    AtLeast(Rule, Box<[u8]>),
    /// At most the normalised assertion.
    AtMost(Rule, Box<[u8]>),
    /// Less than the normalised assertion (an ordering rule in an extensible match, RFC 4517 section 4.2).
    Less(Rule, Box<[u8]>),
    /// Pieces in their order.
    Pieces(Rule, Pieces),
    /// The word or keyword rules.
    Word(Rule, Box<[u8]>),
    /// All bits of the assertion (1.2.840.113556.1.4.803).
    AllBits(Box<[u8]>),
    /// Any bit of the assertion (1.2.840.113556.1.4.804).
    AnyBit(Box<[u8]>),
}

/// The name of an entry, ready to be looked up.
#[derive(Clone, Debug)]
pub struct Name {
    /// As it came.
    pub dn: Dn,
    /// Its normal form.
    pub normalized: NormalizedDn,
}

impl Name {
    /// Reads a name; `None` when the value is none.
    pub fn parse(schema: &Schema, value: &[u8]) -> Option<Name> {
        let dn = Dn::parse(std::str::from_utf8(value).ok()?).ok()?;
        Some(Name {
            normalized: dn.normalize(schema),
            dn,
        })
    }

    /// The entry of the name.
    pub fn find(&self, snapshot: &Snapshot) -> Option<EntryId> {
        match snapshot.find_normalized(&self.dn, &self.normalized) {
            Found::Entry(id) => Some(id),
            Found::Nothing { .. } | Found::Outside => None,
        }
    }
}

/// The normalised pieces of a substring assertion.
#[derive(Clone, Debug)]
pub struct Pieces {
    /// What the value begins with.
    pub initial: Option<Box<[u8]>>,
    /// What comes in between, in order.
    pub any: Vec<Box<[u8]>>,
    /// What the value ends with.
    pub last: Option<Box<[u8]>>,
}

impl Resolved {
    /// How many tests judging an entry takes at the most.
    pub fn tests(&self) -> usize {
        match self {
            Resolved::And(list) | Resolved::Or(list) => list
                .iter()
                .map(Resolved::tests)
                .fold(1, usize::saturating_add),
            Resolved::Not(inner) | Resolved::WithName(inner, ..) => inner.tests().saturating_add(1),
            Resolved::Undefined
            | Resolved::Present(_)
            | Resolved::Match(..)
            | Resolved::AnyAttribute(..) => 1,
        }
    }

    /// The types of the attributes that items name; one may come several times.
    pub fn types(&self) -> Vec<AttributeTypeId> {
        let mut types = Vec::new();
        self.for_each_target(&mut |target| types.extend_from_slice(target.types()));
        types
    }

    /// Hands over what each item that names an attribute is about.
    pub fn for_each_target(&self, each: &mut dyn FnMut(&Target)) {
        match self {
            Resolved::And(list) | Resolved::Or(list) => {
                list.iter().for_each(|item| item.for_each_target(each));
            }
            Resolved::Not(inner) => inner.for_each_target(each),
            Resolved::WithName(plain, target, _) => {
                plain.for_each_target(each);
                each(target);
            }
            Resolved::Present(target) | Resolved::Match(target, _) => each(target),
            Resolved::Undefined | Resolved::AnyAttribute(..) => {}
        }
    }
}

impl Target {
    /// The attributes that a description names; `None` when the schema does not know it.
    pub fn parse(schema: &Schema, text: &str) -> Option<Target> {
        AttributeDescription::parse(schema, text)
            .ok()
            .map(|description| Self::new(schema, &description))
    }

    /// The attributes that a description stands for (RFC 4512 section 2.5.1): the type, its subtypes, any further options.
    pub fn new(schema: &Schema, description: &AttributeDescription) -> Target {
        Target {
            options: description.options.clone(),
            ..Self::of_type(schema, description.attribute)
        }
    }

    /// All attributes of a type and its subtypes.
    pub fn of_type(schema: &Schema, attribute: AttributeTypeId) -> Target {
        let types = SmallVec::from_slice(schema.subtypes(attribute));
        let computed = types.iter().filter_map(|id| Computed::of(*id)).collect();
        Target {
            types,
            options: None,
            computed,
        }
    }

    /// The type that was named.
    pub fn attribute(&self) -> AttributeTypeId {
        self.types
            .first()
            .copied()
            .unwrap_or(AttributeTypeId(u16::MAX))
    }

    /// The type that was named and its subtypes.
    pub fn types(&self) -> &[AttributeTypeId] {
        &self.types
    }

    /// Whether an attribute of an entry is one of these.
    pub fn covers(&self, described: &Described) -> bool {
        let own = &described.description;
        self.types.contains(&own.attribute)
            && self.options.as_deref().is_none_or(|options| {
                options
                    .split(';')
                    .all(|option| own.options().split(';').any(|has| has == option))
            })
    }

    /// Whether the attribute is asked for without options, as computed ones are.
    pub fn is_plain(&self) -> bool {
        self.options.is_none()
    }
}

impl Filter {
    /// Makes the filter ready for a directory of this schema.
    pub fn resolve(&self, schema: &Schema) -> Resolved {
        match self {
            Filter::And(list) => {
                Resolved::And(list.iter().map(|item| item.resolve(schema)).collect())
            }
            Filter::Or(list) => {
                let list = list.iter().map(|item| item.resolve(schema)).collect();
                Resolved::Or(together(list))
            }
            Filter::Not(inner) => match inner.resolve(schema) {
                Resolved::Undefined => Resolved::Undefined,
                other => Resolved::Not(Box::new(other)),
            },
            Filter::Present(text) => {
                Target::parse(schema, text).map_or(Resolved::Undefined, Resolved::Present)
            }
            Filter::Equality(assertion) | Filter::Approx(assertion) => {
                comparison(schema, assertion, equality)
            }
            Filter::GreaterOrEqual(assertion) => {
                comparison(schema, assertion, |schema, attribute, value| {
                    let rule = schema.attribute(attribute).ordering?;
                    Some(Test::AtLeast(rule, normal(schema, rule, value)?))
                })
            }
            Filter::LessOrEqual(assertion) => {
                comparison(schema, assertion, |schema, attribute, value| {
                    let rule = schema.attribute(attribute).ordering?;
                    Some(Test::AtMost(rule, normal(schema, rule, value)?))
                })
            }
            Filter::Substrings(substrings) => {
                resolve_substrings(schema, substrings).unwrap_or(Resolved::Undefined)
            }
            Filter::Extensible(extensible) => {
                resolve_extensible(schema, extensible).unwrap_or(Resolved::Undefined)
            }
        }
    }
}

/// Makes one test of all comparisons of one attribute with different values: clients ask for many by their names at
/// once, and each value of an entry is then looked at once.
fn together(list: Vec<Resolved>) -> Vec<Resolved> {
    type Key = (AttributeTypeId, Option<Box<str>>, Rule);
    type Wanted = (Target, Vec<Box<[u8]>>);
    let mut wanted: HashMap<Key, Wanted> = HashMap::new();
    let mut rest = Vec::new();
    for item in list {
        match item {
            Resolved::Match(target, Test::Equality(rule, value)) if target.computed.is_empty() => {
                let key = (target.attribute(), target.options.clone(), rule);
                let (_, values) = wanted.entry(key).or_insert_with(|| (target, Vec::new()));
                values.push(value);
            }
            other => rest.push(other),
        }
    }
    for ((_, _, rule), (target, mut values)) in wanted {
        values.sort_unstable();
        values.dedup();
        let only = if values.len() == 1 {
            values.pop()
        } else {
            None
        };
        let test = match only {
            Some(value) => Test::Equality(rule, value),
            None => Test::AnyOf(rule, values.into()),
        };
        rest.push(Resolved::Match(target, test));
    }
    rest
}

fn comparison(
    schema: &Schema,
    assertion: &Assertion,
    test: impl FnOnce(&Schema, AttributeTypeId, &[u8]) -> Option<Test>,
) -> Resolved {
    let found = Target::parse(schema, &assertion.attribute).and_then(|target| {
        let test = test(schema, target.attribute(), &assertion.value)?;
        Some(Resolved::Match(target, test))
    });
    found.unwrap_or(Resolved::Undefined)
}

/// The equality test of an attribute; `None` when it has no such rule or the value is not of the syntax.
pub fn equality(schema: &Schema, attribute: AttributeTypeId, value: &[u8]) -> Option<Test> {
    let rule = schema.attribute(attribute).equality?;
    equality_by(schema, attribute, rule, value)
}

fn equality_by(
    schema: &Schema,
    attribute: AttributeTypeId,
    rule: Rule,
    value: &[u8],
) -> Option<Test> {
    let normalized = normal(schema, rule, value)?;
    let by_name = matches!(rule, Rule::DistinguishedName | Rule::UniqueMember)
        && (EdgeKind::of(attribute).is_some() || Computed::of(attribute).is_some());
    if by_name && let Some(name) = Name::parse(schema, value) {
        return Some(Test::Edge(rule, Box::new(name), normalized));
    }
    Some(Test::Equality(rule, normalized))
}

fn normal(schema: &Schema, rule: Rule, value: &[u8]) -> Option<Box<[u8]>> {
    let room = match rule {
        // What a name stands for has a length of its own.
        Rule::ObjectIdentifier => 0,
        // Text gets a space at either end.
        _ => value.len().saturating_add(2),
    };
    let mut out = Vec::with_capacity(room);
    rule.normalize_assertion(schema, value, &mut out).ok()?;
    Some(out.into_boxed_slice())
}

fn resolve_substrings(schema: &Schema, substrings: &Substrings) -> Option<Resolved> {
    let target = Target::parse(schema, &substrings.attribute)?;
    let rule = schema.attribute(target.attribute()).substrings?;
    let pieces = pieces(
        rule,
        substrings.initial.as_deref(),
        substrings.any.iter().map(Vec::as_slice),
        substrings.last.as_deref(),
    )?;
    Some(Resolved::Match(target, Test::Pieces(rule, pieces)))
}

fn pieces<'a>(
    rule: Rule,
    initial: Option<&[u8]>,
    any: impl Iterator<Item = &'a [u8]>,
    last: Option<&[u8]>,
) -> Option<Pieces> {
    let piece = |kind, value: &[u8]| {
        let mut out = Vec::new();
        rule.normalize_substring(kind, value, &mut out).ok()?;
        Some(out.into_boxed_slice())
    };
    Some(Pieces {
        initial: initial
            .map(|value| piece(SubstringPiece::Initial, value))
            .map_or(Some(None), |p| p.map(Some))?,
        any: any
            .map(|value| piece(SubstringPiece::Any, value))
            .collect::<Option<_>>()?,
        last: last
            .map(|value| piece(SubstringPiece::Final, value))
            .map_or(Some(None), |p| p.map(Some))?,
    })
}

fn resolve_extensible(schema: &Schema, extensible: &Extensible) -> Option<Resolved> {
    let rule = match &extensible.rule {
        Some(name) => Some(Rule::by_name(name)?),
        None => None,
    };
    let Some(description) = &extensible.attribute else {
        let rule = rule?;
        let test = test_of(schema, rule, &extensible.value)?;
        return Some(Resolved::AnyAttribute(rule, test));
    };
    let target = Target::parse(schema, description)?;
    let attribute = schema.attribute(target.attribute());
    let test = match rule {
        None => equality(schema, target.attribute(), &extensible.value)?,
        Some(Rule::InChain) => chain(schema, &target, &extensible.value)?,
        Some(rule) if !rule.compares_with(attribute.syntax) => return None,
        Some(rule) if rule.kind() == RuleKind::Equality => {
            equality_by(schema, target.attribute(), rule, &extensible.value)?
        }
        Some(rule) => test_of(schema, rule, &extensible.value)?,
    };
    let plain = Resolved::Match(target.clone(), test.clone());
    if extensible.dn_attributes {
        Some(Resolved::WithName(Box::new(plain), target, test))
    } else {
        Some(plain)
    }
}

/// A chain leads along attributes that are known to form one, and to an entry by its name.
fn chain(schema: &Schema, target: &Target, value: &[u8]) -> Option<Test> {
    let chained = well_known::CHAINED.contains(&target.attribute()) && target.is_plain();
    let name = chained.then(|| Name::parse(schema, value))??;
    Some(Test::Chain(Box::new(name)))
}

/// What a rule named in an extensible match does with its assertion.
fn test_of(schema: &Schema, rule: Rule, value: &[u8]) -> Option<Test> {
    Some(match rule.kind() {
        RuleKind::Equality => Test::Equality(rule, normal(schema, rule, value)?),
        RuleKind::Ordering => Test::Less(rule, normal(schema, rule, value)?),
        RuleKind::Word => Test::Word(rule, normal(schema, rule, value)?),
        RuleKind::Substrings => Test::Pieces(rule, substring_assertion(rule, value)?),
        RuleKind::Bitwise => {
            Rule::bit_and(b"0", value).ok()?;
            let assertion = value.to_vec().into_boxed_slice();
            if rule == Rule::BitAnd {
                Test::AllBits(assertion)
            } else {
                Test::AnyBit(assertion)
            }
        }
        RuleKind::Chain => return None,
    })
}

/// A substring assertion that came as one value (RFC 4517 section 3.3.30).
fn substring_assertion(rule: Rule, value: &[u8]) -> Option<Pieces> {
    let SubstringAssertion { initial, any, last } = SubstringAssertion::parse(value).ok()?;
    pieces(
        rule,
        initial.as_deref(),
        any.iter().map(Vec::as_slice),
        last.as_deref(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::PosixGroup;

    fn parts(filter: &str) -> Vec<(String, usize)> {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let Resolved::Or(list) = Filter::parse(filter).unwrap().resolve(&schema) else {
            panic!("{filter}");
        };
        let mut parts: Vec<(String, usize)> = list
            .iter()
            .map(|item| match item {
                Resolved::Match(target, test) => {
                    let name = schema.attribute(target.attribute()).name();
                    let values = match test {
                        Test::AnyOf(_, values) => values.len(),
                        _ => 1,
                    };
                    (
                        format!("{name};{}", target.options.as_deref().unwrap_or_default()),
                        values,
                    )
                }
                other => panic!("{other:?}"),
            })
            .collect();
        parts.sort();
        parts
    }

    #[test]
    fn comparisons_of_one_attribute_are_one_test_in_an_or() {
        let filter = "(|(cn=a)(sn=a)(cn=B)(cn=b)(cn;lang-en=c)(commonName=d)(cn=*e*)(uid=f))";
        let expected = [
            ("cn;", 1),
            ("cn;", 3),
            ("cn;lang-en", 1),
            ("sn;", 1),
            ("uid;", 1),
        ];
        let expected: Vec<(String, usize)> = expected
            .iter()
            .map(|(name, values)| ((*name).to_owned(), *values))
            .collect();
        assert_eq!(parts(filter), expected);
    }

    #[test]
    fn names_of_entries_are_compared_one_by_one() {
        let filter = "(|(member=cn=a)(member=cn=b))";
        assert_eq!(parts(filter).len(), 2);
    }
}
