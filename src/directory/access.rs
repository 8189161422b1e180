//! Who may do what: the ordered access rules, compiled once per request into attribute masks.
//!
//! Owns the rules and their meaning: of the rules that fit the asker, the entry and the attribute, the first decides;
//! where none fits, nothing is allowed. Secret attributes can be neither read, searched nor compared by anyone.
//! It does not own the text of the configuration.

use super::dn::{Dn, NormalizedDn};
use super::entry::EntryId;
use super::error::Error;
use super::filter::Filter;
use super::filter::evaluate::{Evaluator, Truth};
use super::filter::resolve::Resolved;
use super::identity::{Identity, Who};
use super::schema::{AttributeTypeId, Schema};
use super::snapshot::{Found, Snapshot};
use super::view::View;

/// A set of attribute types.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttributeMask(Vec<u64>);

impl AttributeMask {
    /// Types for which `allowed` holds.
    pub fn of(schema: &Schema, allowed: impl Fn(AttributeTypeId) -> bool) -> Self {
        let mut mask = Self::default();
        schema
            .attribute_types()
            .filter(|(id, _)| allowed(*id))
            .for_each(|(id, _)| mask.insert(id));
        mask
    }

    /// Whether a type is in the set.
    pub fn contains(&self, id: AttributeTypeId) -> bool {
        self.0
            .get(usize::from(id.0 >> 6))
            .is_some_and(|word| word >> (id.0 & 63) & 1 == 1)
    }

    /// Puts a type in.
    pub fn insert(&mut self, id: AttributeTypeId) {
        let at = usize::from(id.0 >> 6);
        if self.0.len() <= at {
            self.0.resize(at + 1, 0);
        }
        if let Some(word) = self.0.get_mut(at) {
            *word |= 1 << (id.0 & 63);
        }
    }

    /// Whether no type is in it.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    /// Adds those of `more` that are in `within`.
    fn grant(&mut self, more: &Self, within: &Self) {
        self.0.resize(self.0.len().max(within.0.len()), 0);
        for ((own, more), within) in self.0.iter_mut().zip(&more.0).zip(&within.0) {
            *own |= more & within;
        }
    }

    fn remove_all(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own &= !other;
        }
    }
}

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
}

impl Right {
    /// All of them, under the names that the configuration uses.
    pub const ALL: [(&'static str, Right); 6] = [
        ("read", Right::Read),
        ("search", Right::Search),
        ("compare", Right::Compare),
        ("write", Right::Write),
        ("add", Right::Add),
        ("delete", Right::Delete),
    ];

    /// The right of a name.
    pub fn parse(name: &str) -> Option<Right> {
        Self::ALL
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, right)| right)
    }
}

/// A rule as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleText {
    /// `anyone`, `anonymous`, `users`, `self`, `group:DN` or `dn:DN`.
    pub who: String,
    /// The top of the subtree; empty for everything.
    pub to: String,
    /// An RFC 4515 filter that the entry must match.
    pub filter: Option<String>,
    /// Attribute descriptions without options, `*` for all user attributes, `+` for all operational ones.
    pub attributes: Vec<String>,
    /// Names of rights; none denies.
    pub allow: Vec<String>,
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
enum Subject {
    Anyone,
    Anonymous,
    Users,
    Own,
    Group(Dn),
    Named(Dn),
}

#[derive(Clone, Debug)]
struct Rule {
    who: Subject,
    to: Option<(Dn, NormalizedDn)>,
    filter: Option<Resolved>,
    attributes: AttributeMask,
    allow: Vec<Right>,
}

/// All rules of a directory, in order.
#[derive(Clone, Debug)]
pub struct AccessRules {
    rules: Vec<Rule>,
    everything: AttributeMask,
    secret: AttributeMask,
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
        Ok(Self {
            rules,
            everything: AttributeMask::of(schema, |_| true),
            secret: AttributeMask::of(schema, |id| schema.attribute(id).is_secret()),
        })
    }

    /// The rules of a directory that was given none: users read people, groups and the way to them; everyone changes
    /// their own password, `mobile` and `description`.
    pub fn default_texts(suffixes: &[String]) -> Vec<RuleText> {
        let reading = ["read", "search", "compare"].map(str::to_owned).to_vec();
        let all = vec!["*".to_owned(), "+".to_owned()];
        let mut rules = vec![RuleText {
            who: "self".to_owned(),
            attributes: ["userPassword", "mobile", "description"]
                .map(str::to_owned)
                .to_vec(),
            allow: ["read", "search", "compare", "write"]
                .map(str::to_owned)
                .to_vec(),
            ..RuleText::default()
        }];
        for suffix in suffixes {
            for top in ["ou=people", "ou=groups"] {
                rules.push(RuleText {
                    who: "users".to_owned(),
                    to: format!("{top},{suffix}"),
                    attributes: all.clone(),
                    allow: reading.clone(),
                    filter: None,
                });
            }
            rules.push(RuleText {
                who: "users".to_owned(),
                to: suffix.clone(),
                filter: Some(format!("(entryDN={})", escape(suffix))),
                attributes: all.clone(),
                allow: reading.clone(),
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

    /// What one asker may do with the entries of one snapshot.
    pub fn access<'a>(&'a self, snapshot: &Snapshot, identity: &Identity) -> Access<'a> {
        let own = match identity.who() {
            // An entry that has gone since its bind leaves nobody behind.
            Who::Entry(id) if snapshot.entry(id).is_some() => Some(id),
            _ => None,
        };
        let administrator = identity.is_administrator();
        let rules = self
            .rules
            .iter()
            .filter(|rule| !administrator && applies(rule, snapshot, own));
        let rules: Vec<Applied<'a>> = rules
            .map(|rule| Applied {
                rule,
                to: rule
                    .to
                    .as_ref()
                    .map(|(dn, normalized)| snapshot.find_normalized(dn, normalized)),
            })
            .collect();
        Access {
            all: self,
            rules,
            own,
            administrator,
            masks: Masks::default(),
            cached_for: None,
        }
    }
}

fn escape(value: &str) -> String {
    value.chars().fold(String::new(), |mut out, c| {
        match c {
            '*' | '(' | ')' | '\\' | '\0' => out.push_str(&format!("\\{:02x}", u32::from(c))),
            _ => out.push(c),
        }
        out
    })
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
    let allow = text.allow.iter().map(|name| {
        Right::parse(name).ok_or_else(|| {
            (
                "allow",
                format!("\"{name}\": use read, search, compare, write, add, delete"),
            )
        })
    });
    Ok(Rule {
        who,
        to,
        filter,
        attributes,
        allow: allow.collect::<Result<_, _>>()?,
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

fn applies(rule: &Rule, snapshot: &Snapshot, own: Option<EntryId>) -> bool {
    match &rule.who {
        Subject::Anyone => true,
        Subject::Anonymous => own.is_none(),
        Subject::Users | Subject::Own => own.is_some(),
        Subject::Named(dn) => own.is_some() && snapshot.find_entry(dn) == own,
        Subject::Group(dn) => own
            .zip(snapshot.find_entry(dn))
            .is_some_and(|(own, group)| snapshot.is_member(own, group)),
    }
}

/// A rule that fits the asker.
struct Applied<'a> {
    rule: &'a Rule,
    /// Where its subtree is in this snapshot.
    to: Option<Found>,
}

/// What may be done with the attributes of one entry.
#[derive(Clone, Debug, Default)]
pub struct Masks {
    /// Attributes whose values may be shown.
    pub read: AttributeMask,
    /// Attributes that filters may ask about.
    pub search: AttributeMask,
}

impl Masks {
    /// Whether the entry may be shown at all.
    pub fn is_visible(&self) -> bool {
        !self.read.is_empty()
    }
}

/// What one asker may do in one snapshot; remembers what it found out for the entry before, because neighbours share it.
pub struct Access<'a> {
    all: &'a AccessRules,
    rules: Vec<Applied<'a>>,
    own: Option<EntryId>,
    administrator: bool,
    masks: Masks,
    cached_for: Option<EntryId>,
}

impl Access<'_> {
    /// What may be read of and searched in an entry.
    pub fn masks(&mut self, view: &View<'_>) -> &Masks {
        let parent = view.entry.parent();
        if self.cached_for == Some(parent) && self.is_ordinary(view.id) {
            return &self.masks;
        }
        self.masks = Masks {
            read: self.mask(view, Right::Read),
            search: self.mask(view, Right::Search),
        };
        let shared = self.is_ordinary(view.id)
            && self
                .rules
                .iter()
                .all(|applied| applied.rule.filter.is_none());
        self.cached_for = shared.then_some(parent);
        &self.masks
    }

    /// Whether nothing in the rules tells this entry from its siblings.
    fn is_ordinary(&self, id: EntryId) -> bool {
        self.own != Some(id)
            && !self
                .rules
                .iter()
                .any(|applied| applied.to == Some(Found::Entry(id)))
    }

    /// The attributes of an entry on which the asker has a right. Secret ones are never among those to be read, searched
    /// or compared.
    pub fn mask(&self, view: &View<'_>, right: Right) -> AttributeMask {
        let mut granted = AttributeMask::default();
        if self.administrator {
            granted.clone_from(&self.all.everything);
        } else {
            let mut open = self.all.everything.clone();
            for applied in self.rules.iter().filter(|applied| self.fits(applied, view)) {
                if applied.rule.allow.contains(&right) {
                    granted.grant(&applied.rule.attributes, &open);
                }
                open.remove_all(&applied.rule.attributes);
                if open.is_empty() {
                    break;
                }
            }
        }
        if matches!(right, Right::Read | Right::Search | Right::Compare) {
            granted.remove_all(&self.all.secret);
        }
        granted
    }

    fn fits(&self, applied: &Applied<'_>, view: &View<'_>) -> bool {
        if matches!(applied.rule.who, Subject::Own) && self.own != Some(view.id) {
            return false;
        }
        match applied.to {
            None => {}
            Some(Found::Entry(top)) if view.snapshot.is_within(view.id, top) => {}
            Some(_) => return false,
        }
        applied.rule.filter.as_ref().is_none_or(|filter| {
            Evaluator::default().evaluate(filter, view, &self.all.everything) == Truth::True
        })
    }

    /// Whether an entry may be shown.
    pub fn sees(&mut self, view: &View<'_>) -> bool {
        self.masks(view).is_visible()
    }

    /// Whether the rules may open something below an entry that the asker may not see itself.
    pub fn may_see_below(&self, snapshot: &Snapshot, id: EntryId) -> bool {
        let leads = |top: EntryId| snapshot.is_within(top, id) || snapshot.is_within(id, top);
        self.rules.iter().any(|applied| {
            applied.rule.allow.contains(&Right::Read)
                && match (&applied.rule.who, applied.to) {
                    (Subject::Own, _) => self.own.is_some_and(leads),
                    (_, Some(Found::Entry(top))) => leads(top),
                    (_, Some(_)) => false,
                    (_, None) => true,
                }
        })
    }

    /// Whether this is the administrator.
    pub fn is_administrator(&self) -> bool {
        self.administrator
    }

    /// The entry of a name, if the asker may see it; what may not be seen does not exist.
    pub fn find(&mut self, snapshot: &Snapshot, dn: &Dn) -> Result<EntryId, Error> {
        let nearest = match snapshot.find(dn) {
            Found::Entry(id) if View::new(snapshot, id).is_some_and(|view| self.sees(&view)) => {
                return Ok(id);
            }
            Found::Entry(id) => Some(id),
            Found::Nothing { nearest, .. } => nearest,
            Found::Outside => None,
        };
        Err(Error::NoSuchObject {
            matched: self.nearest_visible(snapshot, nearest),
        })
    }

    /// The nearest of an entry and its ancestors that the asker may see, by name; empty for none.
    pub fn nearest_visible(&mut self, snapshot: &Snapshot, mut from: Option<EntryId>) -> String {
        while let Some(view) = from.and_then(|id| View::new(snapshot, id)) {
            if self.sees(&view) {
                return snapshot.dn(view.id);
            }
            from = Some(view.entry.parent());
        }
        String::new()
    }
}
