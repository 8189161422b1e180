//! One `memberURL` as this directory can keep it: which part of the tree, and which entries there.
//!
//! Owns which URLs are good for that. Members have to be found again whenever an entry changes, from the entry alone: so a
//! filter asks for stored attributes only, and never for secret ones.

use std::fmt;

use crate::directory::access::AttributeMask;
use crate::directory::entry::EntryId;
use crate::directory::filter::Filter;
use crate::directory::filter::evaluate::{Evaluator, Truth};
use crate::directory::filter::resolve::{Name, Resolved, Target};
use crate::directory::ldap_url::{LdapUrl, LdapUrlError};
use crate::directory::request::Scope;
use crate::directory::schema::{AttributeTypeId, Rule, Schema};
use crate::directory::search::Root;
use crate::directory::snapshot::Snapshot;
use crate::directory::view::View;

/// Which entries a URL selects.
#[derive(Clone, Debug)]
pub struct Selector {
    /// Below which name.
    pub base: Name,
    /// How far below.
    pub scope: Scope,
    /// Which of them.
    pub filter: Resolved,
    /// The attribute types that the filter asks for, each once.
    pub attributes: Box<[AttributeTypeId]>,
}

/// Why a group cannot have the members of a URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SelectorFault {
    /// It is no URL.
    Url(LdapUrlError),
    /// Its text is not UTF-8 or longer than [`Selector::LONGEST`] bytes.
    Text,
    /// It names a server.
    Server(String),
    /// It asks for attributes of the members.
    Attributes(String),
    /// It has an extension that must not be passed over.
    Extension(String),
    /// Its base lies in no suffix.
    Outside(String),
    /// Its filter makes more than [`Selector::MOST_TESTS`] comparisons.
    Long,
    /// The schema does not know an attribute of its filter.
    Unknown(String),
    /// An attribute of its filter is not stored with the entry.
    NotStored(String),
    /// An attribute of its filter is secret.
    Secret(String),
    /// A part of its filter is about no attribute, or about names or other entries.
    Elsewhere(String),
    /// A part of its filter can never match: its value is not of the syntax, or the attribute has no such rule.
    Never(String),
}

impl Selector {
    /// The most bytes a URL may have.
    pub const LONGEST: usize = 4_096;
    /// The most parts its filter may have.
    pub const MOST_TESTS: usize = 64;

    /// Reads a value of `memberURL`.
    ///
    /// # Errors
    /// What is wrong with it first.
    pub fn parse(snapshot: &Snapshot, value: &[u8]) -> Result<Selector, SelectorFault> {
        let schema = snapshot.schema();
        let text = std::str::from_utf8(value).ok();
        let text = text.filter(|text| text.len() <= Self::LONGEST);
        let url = LdapUrl::parse(text.ok_or(SelectorFault::Text)?).map_err(SelectorFault::Url)?;
        if !url.server.is_empty() {
            return Err(SelectorFault::Server(url.server));
        }
        let other = |name: &&String| !name.eq_ignore_ascii_case("dn");
        if let Some(name) = url.attributes.iter().find(other) {
            return Err(SelectorFault::Attributes(name.clone()));
        }
        if let Some(extension) = url.extensions.into_iter().find(|one| one.critical) {
            return Err(SelectorFault::Extension(extension.name));
        }
        let base = Name {
            normalized: url.base.normalize(schema),
            dn: url.base,
        };
        let mut suffixes = snapshot.suffixes().iter();
        if !suffixes.any(|suffix| base.normalized.is_within(&suffix.normalized)) {
            return Err(SelectorFault::Outside(base.dn.to_string()));
        }
        let mut attributes = Vec::new();
        judge(schema, &url.filter, &mut attributes)?;
        attributes.sort_unstable();
        attributes.dedup();
        let filter = url.filter.resolve(schema);
        if filter.tests() > Self::MOST_TESTS {
            return Err(SelectorFault::Long);
        }
        Ok(Selector {
            base,
            scope: url.scope,
            filter,
            attributes: attributes.into(),
        })
    }

    /// Whether an entry is selected; `base` is the entry of that name, `open` holds all attributes.
    pub fn selects(
        &self,
        base: EntryId,
        view: &View<'_>,
        open: &AttributeMask,
        evaluator: &mut Evaluator,
    ) -> bool {
        let root = Root {
            id: base,
            scope: self.scope,
        };
        root.covers(view.snapshot, view.id)
            && evaluator.evaluate(&self.filter, view, open) == Truth::True
    }
}

/// Looks at every part of a filter, and gathers the types that it asks for.
fn judge(
    schema: &Schema,
    filter: &Filter,
    attributes: &mut Vec<AttributeTypeId>,
) -> Result<(), SelectorFault> {
    let (name, elsewhere) = match filter {
        Filter::And(list) | Filter::Or(list) => {
            return list
                .iter()
                .try_for_each(|part| judge(schema, part, attributes));
        }
        Filter::Not(inner) => return judge(schema, inner, attributes),
        Filter::Equality(item)
        | Filter::Approx(item)
        | Filter::GreaterOrEqual(item)
        | Filter::LessOrEqual(item) => (Some(&item.attribute), false),
        Filter::Substrings(item) => (Some(&item.attribute), false),
        Filter::Present(name) => (Some(name), false),
        Filter::Extensible(item) => {
            let rule = item.rule.as_deref().and_then(Rule::by_name);
            let chained = rule == Some(Rule::InChain);
            (item.attribute.as_ref(), item.dn_attributes || chained)
        }
    };
    let Some(name) = name.filter(|_| !elsewhere) else {
        return Err(SelectorFault::Elsewhere(filter.to_string()));
    };
    let unknown = || SelectorFault::Unknown(name.clone());
    let target = Target::parse(schema, name).ok_or_else(unknown)?;
    if !target.computed.is_empty() {
        return Err(SelectorFault::NotStored(name.clone()));
    }
    let mut types = target.types().iter();
    if types.any(|id| schema.attribute(*id).is_secret()) {
        return Err(SelectorFault::Secret(name.clone()));
    }
    if matches!(filter.resolve(schema), Resolved::Undefined) {
        return Err(SelectorFault::Never(filter.to_string()));
    }
    attributes.extend(target.types());
    Ok(())
}

impl fmt::Display for SelectorFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(error) => write!(f, "not an LDAP URL (RFC 4516): {error}"),
            Self::Text => write!(f, "not UTF-8, or longer than {} bytes", Selector::LONGEST),
            Self::Server(server) => write!(
                f,
                "names the server {server}, but members come from this directory alone: begin with ldap:///"
            ),
            Self::Attributes(name) => write!(
                f,
                "asks for \"{name}\", but members are entries: leave the attributes empty"
            ),
            Self::Extension(name) => write!(f, "the critical extension \"{name}\" is not known"),
            Self::Outside(base) => write!(f, "the base \"{base}\" lies in no suffix"),
            Self::Long => write!(f, "the filter has more than {} parts", Selector::MOST_TESTS),
            Self::Unknown(name) => {
                write!(
                    f,
                    "the filter asks for \"{name}\", which is no attribute of the schema"
                )
            }
            Self::NotStored(name) => write!(
                f,
                "the filter asks for \"{name}\", which is computed: only stored attributes decide membership"
            ),
            Self::Secret(name) => {
                write!(f, "the filter asks for \"{name}\", which is secret")
            }
            Self::Elsewhere(part) => write!(
                f,
                "{part} is not about an attribute of the entry itself, and nothing else decides membership"
            ),
            Self::Never(part) => write!(
                f,
                "{part} never matches: the attribute has no such comparison, or the value is not of its syntax"
            ),
        }
    }
}

impl std::error::Error for SelectorFault {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::fixture;

    fn fault(url: &str) -> String {
        let (_, snapshot) = fixture::directory(&fixture::schema());
        match Selector::parse(&snapshot, url.as_bytes()) {
            Ok(_) => "good".to_owned(),
            Err(fault) => fault.to_string(),
        }
    }

    #[test]
    fn urls_of_this_tree_that_ask_for_stored_attributes_are_good() {
        for url in [
            "ldap:///dc=a",
            "ldap:///DC=A??sub?(objectClass=person)",
            "ldap:///ou=later,dc=a??one?(|(cn=a*)(!(uidNumber>=7)))",
            "ldap:///dc=a?dn?sub?(name=x)",
            "ldap:///dc=a??sub?(&)?x-hint=7",
            "ldap:///dc=a??sub?(departmentNumber:caseExactMatch:=A)",
        ] {
            assert_eq!(fault(url), "good", "{url}");
        }
    }

    #[test]
    fn what_is_wrong_with_a_url_is_said() {
        let long = format!("ldap:///dc=a??sub?(|{})", "(cn=a*)".repeat(64));
        for (url, expected) in [
            ("cn=x", "not an LDAP URL"),
            ("ldap://other/dc=a??sub?(cn=x)", "names the server other"),
            ("ldap:///dc=a?mail?sub?(cn=x)", "asks for \"mail\""),
            ("ldap:///dc=a??sub?(cn=x)?!x-only", "extension \"x-only\""),
            ("ldap:///??sub?(cn=x)", "lies in no suffix"),
            ("ldap:///dc=org??sub?(cn=x)", "\"dc=org\" lies in no suffix"),
            (
                "ldap:///dc=a??sub?(shoeSize=7)",
                "\"shoeSize\", which is no attribute",
            ),
            (
                "ldap:///dc=a??sub?(memberOf=cn=two,dc=a)",
                "\"memberOf\", which is computed",
            ),
            (
                "ldap:///dc=a??sub?(!(member=*))",
                "\"member\", which is computed",
            ),
            ("ldap:///dc=a??sub?(pwdFailureTime=*)", "which is computed"),
            ("ldap:///dc=a??sub?(userPassword=*)", "which is secret"),
            (
                "ldap:///dc=a??sub?(ou:dn:=x)",
                "not about an attribute of the entry",
            ),
            (
                "ldap:///dc=a??sub?(:caseExactMatch:=x)",
                "not about an attribute of the entry",
            ),
            (
                "ldap:///dc=a??sub?(manager:1.2.840.113556.1.4.1941:=cn=a)",
                "not about an attribute",
            ),
            (
                "ldap:///dc=a??sub?(uidNumber=many)",
                "(uidNumber=many) never matches",
            ),
            (&long, "more than 64 parts"),
            (&"ldap:///dc=a".repeat(400), "longer than 4096"),
        ] {
            let fault = fault(url);
            assert!(fault.contains(expected), "{url}: {fault}");
        }
    }
}
