//! Who may log in from where at all: ordered rules by group and source network, of which the first that fits decides; where
//! none fits, everybody may.
//!
//! Owns the rules and their meaning. What becomes of a login that they deny is `authenticate`'s.

use std::net::IpAddr;

use super::Directory;
use super::dn::Dn;
use super::entry::EntryId;
use super::identity::{Identity, Who};
use super::snapshot::Snapshot;
use super::source::Network;

/// A rule as it was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleText {
    /// `anyone`, `group:DN` or `dn:DN`.
    pub who: String,
    /// Networks such as `192.0.2.0/24`; none for everywhere, the local socket included.
    pub networks: Vec<String>,
    /// Whether they may log in.
    pub allow: bool,
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

/// All rules, in order.
#[derive(Clone, Debug, Default)]
pub struct Admission(Vec<Rule>);

#[derive(Clone, Debug)]
struct Rule {
    who: Subject,
    networks: Vec<Network>,
    allow: bool,
}

#[derive(Clone, Debug)]
enum Subject {
    Anyone,
    Group(Dn),
    Named(Dn),
}

/// Who logs in.
#[derive(Copy, Clone)]
enum Asker {
    Administrator,
    Entry(EntryId),
}

impl Admission {
    /// Compiles rules as they were written.
    pub fn compile(texts: &[RuleText]) -> Result<Admission, RuleError> {
        let rules = texts.iter().enumerate().map(|(rule, text)| {
            compile(text).map_err(|(field, reason)| RuleError {
                rule,
                field,
                reason,
            })
        });
        Ok(Admission(rules.collect::<Result<_, _>>()?))
    }

    /// The rules that speak of an entry, in words, up to the first that holds everywhere.
    pub(super) fn about(&self, snapshot: &Snapshot, id: EntryId) -> Vec<String> {
        let mut words = Vec::new();
        for (at, rule) in self.0.iter().enumerate() {
            if !rule.who.is(snapshot, Asker::Entry(id)) {
                continue;
            }
            let networks: Vec<String> = rule.networks.iter().map(Network::to_string).collect();
            let verdict = if rule.allow { "allowed" } else { "denied" };
            let place = match networks.as_slice() {
                [] => "everywhere".to_owned(),
                networks => format!("from {}", networks.join(", ")),
            };
            words.push(format!("{verdict} {place} by rule {}", at + 1));
            if networks.is_empty() {
                break;
            }
        }
        words
    }

    fn admits(&self, snapshot: &Snapshot, asker: Asker, address: Option<IpAddr>) -> bool {
        let fits = |rule: &&Rule| {
            let from = |address| {
                rule.networks
                    .iter()
                    .any(|network| network.contains(address))
            };
            (rule.networks.is_empty() || address.is_some_and(from)) && rule.who.is(snapshot, asker)
        };
        self.0.iter().find(fits).is_none_or(|rule| rule.allow)
    }
}

impl Subject {
    fn is(&self, snapshot: &Snapshot, asker: Asker) -> bool {
        match (self, asker) {
            (Self::Anyone, _) => true,
            (Self::Group(group), Asker::Entry(id)) => snapshot
                .find_entry(group)
                .is_some_and(|group| snapshot.membership().is_member(id, group)),
            (Self::Named(dn), Asker::Entry(id)) => snapshot.find_entry(dn) == Some(id),
            (Self::Named(dn), Asker::Administrator) => {
                let name = Dn::parse(snapshot.administrator()).unwrap_or_default();
                let schema = snapshot.schema();
                dn.normalize(schema) == name.normalize(schema)
            }
            (Self::Group(_), Asker::Administrator) => false,
        }
    }
}

fn compile(text: &RuleText) -> Result<Rule, (&'static str, String)> {
    let dn = |text: &str| {
        let dn = Dn::parse(text);
        dn.map_err(|error| ("who", format!("\"{text}\" is not a DN: {error}")))
    };
    let who = match text.who.split_once(':') {
        None if text.who == "anyone" => Subject::Anyone,
        Some(("group", name)) => Subject::Group(dn(name)?),
        Some(("dn", name)) => Subject::Named(dn(name)?),
        _ => {
            let reason = format!("\"{}\": use anyone, group:DN or dn:DN", text.who);
            return Err(("who", reason));
        }
    };
    let network = |text: &String| {
        let wrong = || format!("\"{text}\" is no network such as 192.0.2.0/24 or 2001:db8::/32");
        Network::parse(text).ok_or_else(|| ("networks", wrong()))
    };
    Ok(Rule {
        who,
        networks: text
            .networks
            .iter()
            .map(network)
            .collect::<Result<_, _>>()?,
        allow: text.allow,
    })
}

impl Directory {
    /// Puts other rules in force, for those who are bound as well.
    pub fn set_admission(&self, admission: Admission) {
        self.0.admission.store(admission.into());
    }

    /// The rules in force.
    pub(super) fn admission(&self) -> std::sync::Arc<Admission> {
        self.0.admission.load_full()
    }

    /// Whether the rules let an identity in from an address; none stands for the local socket.
    pub fn admits(&self, identity: &Identity, address: Option<IpAddr>) -> bool {
        self.admits_who(identity.who(), address)
    }

    /// The same of somebody who is not proved yet.
    pub(super) fn admits_who(&self, who: Who, address: Option<IpAddr>) -> bool {
        let asker = match who {
            Who::Administrator => Asker::Administrator,
            Who::Entry(id) => Asker::Entry(id),
            Who::Anonymous | Who::Process { .. } => return true,
        };
        let admission = self.0.admission.load();
        admission.0.is_empty() || admission.admits(&self.snapshot(), asker, address)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::fixture::{directory, schema};

    fn rule(who: &str, networks: &[&str], allow: bool) -> RuleText {
        RuleText {
            who: who.to_owned(),
            networks: networks.iter().map(|text| (*text).to_owned()).collect(),
            allow,
        }
    }

    fn admits(rules: &[RuleText], asker: Asker, address: &str) -> bool {
        let (_, snapshot) = directory(&schema());
        let admission = Admission::compile(rules).unwrap();
        admission.admits(&snapshot, asker, address.parse().ok())
    }

    #[test]
    fn the_first_rule_that_fits_decides_and_without_one_everybody_may() {
        let rules = [
            rule("dn:cn=one,dc=a", &["198.51.100.0/24"], false),
            rule(
                "group:cn=two,dc=a",
                &["198.51.100.0/24", "2001:db8::/32"],
                true,
            ),
            rule("dn:cn=admin,dc=a", &[], true),
            rule("anyone", &["0.0.0.0/0"], false),
        ];
        let member = Asker::Entry(2);
        for (asker, address, admitted) in [
            (member, "198.51.100.7", false),
            (member, "2001:db8::1", true),
            (member, "192.0.2.1", false),
            (member, "2001:db9::1", true),
            (member, "local", true),
            (Asker::Entry(1), "198.51.100.7", false),
            (Asker::Administrator, "192.0.2.1", true),
        ] {
            assert_eq!(admits(&rules, asker, address), admitted, "{address}");
        }
        assert!(admits(&[], member, "192.0.2.1"));
    }

    #[test]
    fn the_rules_about_an_entry_are_told_up_to_the_last_that_matters() {
        let (_, snapshot) = directory(&schema());
        let rules = [
            rule("dn:cn=admin,dc=a", &[], true),
            rule(
                "group:cn=two,dc=a",
                &["192.0.2.0/24", "2001:db8::/32"],
                true,
            ),
            rule("anyone", &[], false),
            rule("anyone", &[], true),
        ];
        let told = Admission::compile(&rules).unwrap().about(&snapshot, 2);
        assert_eq!(
            told,
            [
                "allowed from 192.0.2.0/24, 2001:db8::/32 by rule 2",
                "denied everywhere by rule 3"
            ]
        );
    }

    #[test]
    fn a_rule_without_networks_holds_on_the_local_socket_too() {
        assert!(!admits(
            &[rule("anyone", &[], false)],
            Asker::Entry(2),
            "local"
        ));
    }

    #[test]
    fn what_is_wrong_with_a_rule_is_told_with_its_place() {
        for (wrong, field) in [
            (rule("everyone", &[], true), "who"),
            (rule("group:", &[], true), ""),
            (rule("group:nobody", &[], true), "who"),
            (rule("anyone", &["10.0.0.1/8"], true), "networks"),
        ] {
            let told = Admission::compile(&[rule("anyone", &[], true), wrong]);
            match told {
                Err(error) => assert_eq!((error.rule, error.field), (1, field)),
                // The root is a name.
                Ok(_) => assert_eq!(field, ""),
            }
        }
    }
}
