//! Access rules as the operator wrote them: still names and strings. Turning
//! them into decisions, and knowing which names exist, belongs to the directory.

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected};

use crate::directory::access::{Right, Scope};

/// One `[[access]]` rule. The first rule whose `who`, `to`, `filter` and
/// `attributes` all match decides; its `allow` is then the whole answer.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct AccessRule {
    /// Who asks.
    pub who: Who,
    /// The DN (RFC 4514) of the subtree the rule covers; empty: every suffix.
    #[serde(default)]
    pub to: String,
    /// Whether it covers all of that subtree, or the entry at its top alone.
    #[serde(default, deserialize_with = "scope")]
    pub scope: Scope,
    /// Narrows the rule to the entries that match this filter (RFC 4515).
    #[serde(default)]
    pub filter: Option<String>,
    /// Attribute names; `*` is every user attribute and `+` every operational
    /// one. Both when absent.
    #[serde(default = "every_attribute")]
    pub attributes: Vec<String>,
    /// What is granted; nothing when empty.
    #[serde(deserialize_with = "rights")]
    pub allow: Vec<Right>,
}

/// Who a rule speaks of.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Who {
    /// Every client, bound or not.
    Anyone,
    /// Clients that are not bound.
    Anonymous,
    /// Every bound client.
    Users,
    /// The client whose own entry is asked for.
    SelfEntry,
    /// The members, direct and nested, of the group with this DN.
    Group(String),
    /// The client bound as this DN.
    Dn(String),
}

fn every_attribute() -> Vec<String> {
    vec!["*".to_owned(), "+".to_owned()]
}

fn scope<'de, D: Deserializer<'de>>(input: D) -> Result<Scope, D::Error> {
    let name = String::deserialize(input)?;
    Scope::parse(&name).ok_or_else(|| {
        let known = Scope::ALL.map(|(name, _)| name).join(" or ");
        D::Error::custom(format!("\"{name}\" is no scope: use {known}"))
    })
}

fn rights<'de, D: Deserializer<'de>>(input: D) -> Result<Vec<Right>, D::Error> {
    let names = Vec::<String>::deserialize(input)?;
    let rights = names.iter().map(|name| {
        Right::parse(name).ok_or_else(|| {
            let known = Right::ALL.map(|(name, _)| name).join(", ");
            D::Error::custom(format!("\"{name}\" is no right: use {known}"))
        })
    });
    rights.collect()
}

impl AccessRule {
    pub(super) fn contradictions(&self, key: &str, found: &mut Vec<(String, String)>) {
        if self.attributes.is_empty() {
            found.push((
                format!("{key}.attributes"),
                "an empty list matches nothing; leave the key out to mean every attribute"
                    .to_owned(),
            ));
        }
    }
}

impl Who {
    fn parse(text: &str) -> Option<Who> {
        match text {
            "anyone" => return Some(Who::Anyone),
            "anonymous" => return Some(Who::Anonymous),
            "users" => return Some(Who::Users),
            "self" => return Some(Who::SelfEntry),
            _ => {}
        }
        let (kind, dn) = text.split_once(':')?;
        let dn = dn.trim();
        match kind {
            _ if dn.is_empty() => None,
            "group" => Some(Who::Group(dn.to_owned())),
            "dn" => Some(Who::Dn(dn.to_owned())),
            _ => None,
        }
    }
}

impl<'de> Deserialize<'de> for Who {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Who, D::Error> {
        let text = String::deserialize(input)?;
        Who::parse(&text).ok_or_else(|| {
            D::Error::invalid_value(
                Unexpected::Str(&text),
                &"\"anyone\", \"anonymous\", \"users\", \"self\", \"group:DN\" or \"dn:DN\"",
            )
        })
    }
}
