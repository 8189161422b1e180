//! Which rule decides what an asker may do with an entry, and how: for people who administer the directory.
//!
//! Owns the words. Which rules speak of the asker and fit the entry is decided by [`Access`], as for any request.

use std::fmt;

use super::{Access, AccessRules, AttributeMask, Right};
use crate::directory::identity::Identity;
use crate::directory::naming;
use crate::directory::schema::well_known::UID;
use crate::directory::schema::{AttributeDescription, AttributeTypeId};
use crate::directory::snapshot::Snapshot;
use crate::directory::view::View;

/// What decides about one right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The rule of this place among all, counted from 1, allows it: on these of its attributes, where not one was asked for.
    Allowed(Vec<usize>),
    /// The rule of this place among all, counted from 1, denies it.
    Denied(usize),
    /// No rule fits, or none of those that fit has it.
    NotGranted,
    /// No rule binds the administrator.
    Administrator,
    /// It is a secret, for everyone.
    Secret,
}

/// What an asker may do with an entry, as of one moment.
pub struct Explanation {
    /// About each right, in the order of the configuration's words.
    pub decisions: Vec<(&'static str, Decision)>,
    /// The rules that fit, by their places counted from 1, each in words.
    rules: Vec<(usize, String)>,
    hidden: bool,
}

impl Explanation {
    /// How many rights there are.
    pub fn granted(&self) -> usize {
        let granted = |decision: &Decision| {
            matches!(decision, Decision::Allowed(_) | Decision::Administrator)
        };
        let decisions = self.decisions.iter();
        decisions.filter(|(_, decision)| granted(decision)).count()
    }
}

/// Explains what somebody may do with an entry, or with one of its attributes. `who` and `entry` are each a DN or the
/// `uid` of one entry; whoever has not bound is `anonymous`.
///
/// # Errors
/// What was looked for in vain; the attribute is not in the schema.
pub fn explain(
    rules: &AccessRules,
    snapshot: &Snapshot,
    who: &str,
    entry: &str,
    attribute: Option<&str>,
) -> Result<Explanation, String> {
    let asker = asker(snapshot, who)?;
    let id = naming::entry(snapshot, entry, UID)?;
    let view = View::new(snapshot, id).ok_or_else(|| format!("there is no entry \"{entry}\""))?;
    let attribute = attribute.map(|name| {
        let description = AttributeDescription::parse(snapshot.schema(), name);
        let description = description.map_err(|error| format!("\"{name}\": {error}"))?;
        Ok::<_, String>(description.attribute)
    });
    let attribute = attribute.transpose()?;
    let mut access = rules.access(snapshot, &asker);
    let hidden = !access.sees(&view);
    let fitting = fitting(&access, &view);
    let decide = |right| match attribute {
        Some(attribute) => of_attribute(&access, &fitting, right, attribute),
        None => of_entry(&access, &fitting, right),
    };
    let decisions = Right::ALL.map(|(name, right)| (name, decide(right)));
    Ok(Explanation {
        decisions: decisions.into(),
        rules: fitting
            .iter()
            .map(|at| (at + 1, words(rules, *at)))
            .collect(),
        hidden,
    })
}

fn asker(snapshot: &Snapshot, who: &str) -> Result<Identity, String> {
    if who.is_empty() || who == "anonymous" {
        return Ok(Identity::anonymous());
    }
    let (dn, _) = naming::name(snapshot, who, UID)?;
    if naming::is_administrator(snapshot, &dn) {
        return Ok(Identity::administrator());
    }
    naming::entry(snapshot, who, UID).map(Identity::entry)
}

/// The places of the rules that speak of the asker and fit the entry, in their order.
fn fitting(access: &Access<'_>, view: &View<'_>) -> Vec<usize> {
    let applied = access.applied();
    let fitting = applied.filter(|(applied, rule)| access.fits(applied, rule, view));
    fitting.map(|(applied, _)| applied.rule).collect()
}

/// Whether a right shows something of the value.
fn reveals(right: Right) -> bool {
    matches!(right, Right::Read | Right::Search | Right::Compare)
}

fn of_attribute(
    access: &Access<'_>,
    fitting: &[usize],
    right: Right,
    attribute: AttributeTypeId,
) -> Decision {
    if reveals(right) && access.all.secret.contains(attribute) {
        return Decision::Secret;
    }
    if access.is_administrator() {
        return Decision::Administrator;
    }
    let rule = |at: &usize| Some((*at, access.all.rules.get(*at)?));
    let mut rules = fitting.iter().filter_map(rule);
    match rules.find(|(_, rule)| rule.attributes.contains(attribute)) {
        Some((at, rule)) if rule.allow.contains(&right) => Decision::Allowed(vec![at + 1]),
        Some((at, _)) => Decision::Denied(at + 1),
        None => Decision::NotGranted,
    }
}

/// On any attribute, which is what an entry as a whole takes.
fn of_entry(access: &Access<'_>, fitting: &[usize], right: Right) -> Decision {
    if access.is_administrator() {
        return Decision::Administrator;
    }
    let mut open = access.all.everything.clone();
    if reveals(right) {
        open.remove_all(&access.all.secret);
    }
    let mut granting = Vec::new();
    for (at, rule) in fitting
        .iter()
        .filter_map(|at| Some((at, access.all.rules.get(*at)?)))
    {
        let mut granted = AttributeMask::default();
        granted.grant(&rule.attributes, &open);
        if !granted.is_empty() && rule.allow.contains(&right) {
            granting.push(at + 1);
        }
        open.remove_all(&rule.attributes);
    }
    match granting.is_empty() {
        true => Decision::NotGranted,
        false => Decision::Allowed(granting),
    }
}

fn words(rules: &AccessRules, at: usize) -> String {
    let Some(rule) = rules.rules.get(at) else {
        return String::new();
    };
    let place = match rule.place.as_str() {
        "" => "one of those that hold when the configuration has none",
        place => place,
    };
    let rights = Right::ALL
        .iter()
        .filter(|(_, right)| rule.allow.contains(right));
    let rights: Vec<&str> = rights.map(|(name, _)| *name).collect();
    let allow = match rights.is_empty() {
        true => "allows nothing".to_owned(),
        false => format!("allows {}", rights.join(", ")),
    };
    format!("{place}: {allow} on {}", rule.wording)
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed(rules) => {
                let rules: Vec<String> = rules.iter().map(usize::to_string).collect();
                write!(f, "allowed by rule {}", rules.join(" and rule "))
            }
            Self::Denied(rule) => write!(f, "denied by rule {rule}"),
            Self::NotGranted => f.write_str("denied: no rule allows it"),
            Self::Administrator => f.write_str("allowed: no rule binds the administrator"),
            Self::Secret => f.write_str("denied: it is secret, for everyone"),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (right, decision) in &self.decisions {
            writeln!(f, "{right}: {decision}")?;
        }
        if self.hidden {
            writeln!(
                f,
                "the entry cannot be seen, and is answered as one that does not exist"
            )?;
        }
        if !self.rules.is_empty() {
            writeln!(
                f,
                "rules that fit, of which the first that speaks of an attribute decides:"
            )?;
        }
        for (place, words) in &self.rules {
            writeln!(f, "  rule {place}, {words}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
