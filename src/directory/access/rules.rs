//! The rules as they were written, and as they are compiled under a schema.
//!
//! Owns their words and what is wrong with them. What follows from them for one asker is decided by [`super::Access`].

use std::sync::atomic::{AtomicU64, Ordering};

use super::AttributeMask;
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::filter::Filter;
use crate::directory::filter::resolve::Resolved;
use crate::directory::schema::Schema;

/// What a rule may allow.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Right {
    /// Values are shown.
    Read,
    /// Filters may ask for values.
    Search,
    /// Compare may ask for values.
    Compare,
    /// Values may be changed.
    Write,
    /// Entries may be added; looked up on the entry to be.
    Add,
    /// The entry may be removed.
    Delete,
    /// Others may act as the entry (RFC 4370).
    Proxy,
}

impl Right {
    /// All of them, under the names that the configuration uses.
    pub const ALL: [(&'static str, Right); 7] = [
        ("read", Right::Read),
        ("search", Right::Search),
        ("compare", Right::Compare),
        ("write", Right::Write),
        ("add", Right::Add),
        ("delete", Right::Delete),
        ("proxy", Right::Proxy),
    ];

    /// The right of a name.
    pub fn parse(name: &str) -> Option<Right> {
        Self::ALL
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, right)| right)
    }
}

/// Which entries a rule covers, seen from the one it names (RFC 4511 section 4.5.1.2).
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// That and all below it.
    #[default]
    Subtree,
    /// That alone.
    Base,
}

impl Scope {
    /// Both of them, under the names that the configuration uses.
    pub const ALL: [(&'static str, Scope); 2] =
        [("subtree", Scope::Subtree), ("base", Scope::Base)];

    /// The scope of a name.
    pub fn parse(name: &str) -> Option<Scope> {
        Self::ALL
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, scope)| scope)
    }
}

/// A rule as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleText {
    /// `anyone`, `anonymous`, `users`, `self`, `group:DN` or `dn:DN`.
    pub who: String,
    /// The entry that it covers, or the top of the subtree; empty for everything.
    pub to: String,
    /// Whether what is below that is covered too.
    pub scope: Scope,
    /// An RFC 4515 filter that the entry must match.
    pub filter: Option<String>,
    /// Attribute descriptions without options, `*` for all user attributes, `+` for all operational ones.
    pub attributes: Vec<String>,
    /// What is granted; nothing denies.
    pub allow: Vec<Right>,
    /// Where it was written, for people; may be empty.
    pub place: String,
}

/// What is wrong with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    /// Which rule, from 0.
    pub rule: usize,
    /// Which part of it.
    pub field: &'static str,
    /// What is wrong there.
    pub reason: String,
}

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "access[{}].{}: {}", self.rule, self.field, self.reason)
    }
}

impl std::error::Error for RuleError {}

#[derive(Clone, Debug)]
pub(super) enum Subject {
    Anyone,
    Anonymous,
    Users,
    Own,
    Group(Dn),
    Named(Dn),
}

#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub who: Subject,
    pub to: Option<(Dn, NormalizedDn)>,
    pub scope: Scope,
    pub filter: Option<Resolved>,
    pub attributes: AttributeMask,
    pub allow: Vec<Right>,
    /// Where it was written.
    pub place: String,
    /// Its attributes as they were written.
    pub wording: String,
}

/// All rules of a directory, in order.
#[derive(Clone, Debug)]
pub struct AccessRules {
    /// Tells these rules from all others of this process.
    pub(super) id: u64,
    pub(super) rules: Vec<Rule>,
    pub(super) everything: AttributeMask,
    pub(super) secret: AttributeMask,
}

impl AccessRules {
    /// Compiles rules as they were written.
    pub fn compile(schema: &Schema, texts: &[RuleText]) -> Result<Self, RuleError> {
        let rules = texts
            .iter()
            .enumerate()
            .map(|(rule, text)| {
                compile_rule(schema, text).map_err(|(field, reason)| RuleError {
                    rule,
                    field,
                    reason,
                })
            })
            .collect::<Result<_, _>>()?;
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Ok(Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            rules,
            everything: AttributeMask::of(schema, |_| true),
            secret: AttributeMask::of(schema, |id| schema.attribute(id).is_secret()),
        })
    }

    /// The rules of a directory that was given none: users read people, groups, networks with their roles, and the way to
    /// them; everyone changes their own password, `mobile`, `description` and the look of what REST clients show them.
    pub fn default_texts(suffixes: &[String]) -> Vec<RuleText> {
        let reading = vec![Right::Read, Right::Search, Right::Compare];
        let all = vec!["*".to_owned(), "+".to_owned()];
        let mut rules = vec![RuleText {
            who: "self".to_owned(),
            attributes: [
                "userPassword",
                "mobile",
                "description",
                "hedgerowTheme",
                "hedgerowTextSize",
                "hedgerowReducedMotion",
            ]
            .map(str::to_owned)
            .to_vec(),
            allow: vec![Right::Read, Right::Search, Right::Compare, Right::Write],
            ..RuleText::default()
        }];
        for suffix in suffixes {
            for top in ["ou=people", "ou=groups", "ou=networks", "ou=roles"] {
                rules.push(RuleText {
                    who: "users".to_owned(),
                    to: format!("{top},{suffix}"),
                    attributes: all.clone(),
                    allow: reading.clone(),
                    ..RuleText::default()
                });
            }
            rules.push(RuleText {
                who: "users".to_owned(),
                to: suffix.clone(),
                scope: Scope::Base,
                attributes: all.clone(),
                allow: reading.clone(),
                ..RuleText::default()
            });
        }
        rules.push(RuleText {
            who: "self".to_owned(),
            attributes: all,
            allow: reading,
            ..RuleText::default()
        });
        rules
    }
}

fn compile_rule(schema: &Schema, text: &RuleText) -> Result<Rule, (&'static str, String)> {
    let dn = |field, text: &str| {
        Dn::parse(text).map_err(|error| (field, format!("\"{text}\" is not a DN: {error}")))
    };
    let who = match text.who.as_str() {
        "anyone" => Subject::Anyone,
        "anonymous" => Subject::Anonymous,
        "users" => Subject::Users,
        "self" => Subject::Own,
        other => match other.split_once(':') {
            Some(("group", name)) => Subject::Group(dn("who", name)?),
            Some(("dn", name)) => Subject::Named(dn("who", name)?),
            _ => {
                let reason =
                    format!("\"{other}\": use anyone, anonymous, users, self, group:DN or dn:DN");
                return Err(("who", reason));
            }
        },
    };
    let to = match text.to.as_str() {
        "" if text.scope == Scope::Base => {
            let reason = "\"base\" covers one entry: say in \"to\" which";
            return Err(("scope", reason.to_owned()));
        }
        "" => None,
        top => {
            let top = dn("to", top)?;
            let normalized = top.normalize(schema);
            Some((top, normalized))
        }
    };
    let filter = match &text.filter {
        None => None,
        Some(filter) => {
            let parsed = Filter::parse(filter).map_err(|error| ("filter", error.to_string()))?;
            Some(parsed.resolve(schema))
        }
    };
    let attributes = compile_attributes(schema, &text.attributes)?;
    Ok(Rule {
        who,
        to,
        scope: text.scope,
        filter,
        attributes,
        allow: text.allow.clone(),
        place: text.place.clone(),
        wording: match text.attributes.as_slice() {
            [] => "*, +".to_owned(),
            names => names.join(", "),
        },
    })
}

fn compile_attributes(
    schema: &Schema,
    names: &[String],
) -> Result<AttributeMask, (&'static str, String)> {
    if names.is_empty() {
        return Ok(AttributeMask::of(schema, |_| true));
    }
    let mut mask = AttributeMask::default();
    for name in names {
        match name.as_str() {
            "*" | "+" => {
                let operational = name == "+";
                let more = AttributeMask::of(schema, |id| {
                    schema.attribute(id).is_operational() == operational
                });
                let everything = AttributeMask::of(schema, |_| true);
                mask.grant(&more, &everything);
            }
            _ => {
                let id = schema.attribute_id(name).ok_or_else(|| {
                    (
                        "attributes",
                        format!("\"{name}\" is no attribute of the schema"),
                    )
                })?;
                schema.subtypes(id).iter().for_each(|id| mask.insert(*id));
            }
        }
    }
    Ok(mask)
}
