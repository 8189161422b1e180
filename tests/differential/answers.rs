//! Both servers asked the same, and whether their answers are the same.
//!
//! Owns what of an answer counts: codes, matched names, and entries as sets of attributes as sets of values, names in
//! any spelling. What may differ none the less is listed in `differences`.

use std::cmp::Reverse;

use hedgerow::directory::dn::Dn;
use hedgerow::directory::schema::{PosixGroup, Schema, Syntax};

use super::differences::is_intended;
use super::server::{ADMIN, PASSWORD, SUFFIX, Server};
use super::slapd::Slapd;
use super::wire::{Answer, Client, Entry, Operation};

/// Operational attributes that slapd does not have.
const OF_OURS: [&str; 4] = ["numSubordinates", "memberOf", "isMemberOf", "hedgerowId"];
/// Those that each server makes itself: that they are there is compared, and how many values they have.
const OF_EACH: [&str; 4] = [
    "createTimestamp",
    "entryCSN",
    "entryUUID",
    "modifyTimestamp",
];

const ALIAS_PROBLEM: u8 = 33;
const SIZE_LIMIT_EXCEEDED: u8 = 4;

/// A connection to each server, bound as administrator.
pub struct Pair {
    slapd: Client,
    hedgerow: Client,
    schema: Schema,
}

impl Pair {
    /// The suffix is added where it is missing.
    pub fn new(slapd: &Slapd, server: &Server) -> Pair {
        let mut hedgerow = Client::over_tcp(server.ldap).unwrap();
        hedgerow.bind(ADMIN, PASSWORD);
        let mut pair = Pair {
            slapd: slapd.client(),
            hedgerow,
            schema: Schema::built_in(PosixGroup::Structural).unwrap(),
        };
        let suffix = pair
            .hedgerow
            .ask(&Operation::dump(SUFFIX, &["*"]))
            .entries
            .remove(0);
        let added = pair.slapd.ask(&Operation::Add {
            dn: suffix.dn,
            attributes: suffix.attributes,
        });
        assert_eq!(added.code, 0, "{added:?}");
        pair
    }

    /// Removes everything but the suffix, by the names that each server gives.
    pub fn clear(&mut self) {
        for client in [&mut self.slapd, &mut self.hedgerow] {
            let entries = client.ask(&Operation::dump(SUFFIX, &["*"])).entries;
            let depth = |dn: &String| Dn::parse(dn).unwrap().rdns().len();
            let mut names: Vec<String> = entries.into_iter().map(|entry| entry.dn).collect();
            names.sort_by_key(|dn| Reverse(depth(dn)));
            names.pop();
            for dn in names {
                let deleted = client.ask(&Operation::Delete { dn: dn.clone() });
                assert_eq!(deleted.code, 0, "{dn}: {deleted:?}");
            }
        }
    }

    /// Asks both, and brings the answers into one form.
    pub fn ask(&mut self, operation: &Operation) -> (Answer, Answer) {
        let slapd = self.slapd.ask(operation);
        let hedgerow = self.hedgerow.ask(operation);
        let mut slapd = self.normalized(slapd);
        // An entry that aliases lead to as well comes once (RFC 4511 section 4.5.1.3); slapd sends it for each way.
        slapd.entries.dedup();
        (slapd, self.normalized(hedgerow))
    }

    /// Whether both did it; otherwise both refused it.
    ///
    /// # Errors
    /// What they disagree on.
    pub fn agree_on(&mut self, operation: &Operation) -> Result<bool, String> {
        let (slapd, hedgerow) = self.ask(operation);
        if alike(operation, &slapd, &hedgerow) {
            return Ok(slapd.code == 0 && operation.is_update());
        }
        Err(format!(
            "{operation:?}\n  slapd: {slapd:?}\n  hedgerow: {hedgerow:?}"
        ))
    }

    fn normalized(&self, mut answer: Answer) -> Answer {
        answer.matched = self.name(&answer.matched);
        for entry in &mut answer.entries {
            self.normalize(entry);
        }
        answer.entries.sort();
        answer
    }

    fn normalize(&self, entry: &mut Entry) {
        entry.dn = self.name(&entry.dn);
        entry
            .attributes
            .retain(|(name, _)| !OF_OURS.contains(&&name[..]));
        let of_each = |name: &str| OF_EACH.contains(&name);
        for (_, values) in entry
            .attributes
            .iter_mut()
            .filter(|(name, _)| of_each(name))
        {
            values.fill(Vec::new());
        }
        for (name, values) in &mut entry.attributes {
            let id = self.schema.attribute_id(name.split(';').next().unwrap());
            let syntax = id.map(|id| self.schema.attribute(id).syntax);
            if name == "objectClass" {
                *values = self.classes(values);
            } else if syntax == Some(Syntax::DistinguishedName) {
                for value in values.iter_mut() {
                    *value = self.name(str::from_utf8(value).unwrap()).into_bytes();
                }
            }
            values.sort();
        }
        entry.attributes.sort();
    }

    /// One spelling for every name.
    fn name(&self, text: &str) -> String {
        let dn = Dn::parse(text).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        let rdns = dn.normalize(&self.schema);
        let rdns = rdns.rdns().map(|rdn| rdn.escape_ascii().to_string());
        rdns.collect::<Vec<_>>().join(" / ")
    }

    /// Classes under their first names, with their superclasses, which slapd leaves out when a client does (RFC 4512
    /// section 3.3 wants them).
    fn classes(&self, values: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let ids = values.iter().map(|value| {
            let name = str::from_utf8(value).unwrap();
            self.schema.class_id(name).expect(name)
        });
        let all = ids.flat_map(|id| [&[id], self.schema.superclasses(id)].concat());
        let mut names: Vec<_> = all
            .map(|id| self.schema.class(id).name().as_bytes().to_vec())
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

fn alike(operation: &Operation, slapd: &Answer, hedgerow: &Answer) -> bool {
    if slapd.code != hedgerow.code {
        return slapd.code != 0 && hedgerow.code != 0 && is_intended(operation, slapd, hedgerow);
    }
    // slapd names no nearest entry when it renames (RFC 4511 section 4.1.9 wants one), and ours none beside an alias.
    let matched = slapd.matched == hedgerow.matched
        || slapd.code == ALIAS_PROBLEM
        || matches!(operation, Operation::Rename { .. });
    // Which entries come before a limit is reached is the server's choice.
    let entries = if slapd.code == SIZE_LIMIT_EXCEEDED {
        slapd.entries.len() == hedgerow.entries.len()
    } else {
        slapd.entries == hedgerow.entries
    };
    matched && entries
}
