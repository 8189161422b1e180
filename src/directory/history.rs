//! Change records: what changed, when and by whom, kept beside the data.
//!
//! Owns their form, one LDIF record (RFC 2849) each: the entry's name, `actor`, `kind`, where the request came from,
//! and a line `added-<attribute>` or `removed-<attribute>` for each value. A secret leaves only the mark that it changed.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use super::attributes::{Attributes, Difference};
use super::identity::Provenance;
use super::ldif;
use super::members::Edge;
use super::schema::{AttributeDescription, Schema};
use super::snapshot::Snapshot;

/// The kind of a change.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An entry was added.
    Add,
    /// An entry was changed.
    Modify,
    /// An entry was deleted.
    Delete,
    /// An entry was renamed or moved.
    Rename,
}

/// What stands in the place of an address on the local socket.
pub const LOCAL: &str = "local";
/// What stands in the place of a secret.
const HIDDEN: &[u8] = b"(hidden)";

/// The line that names an attribute whose values were too many to keep.
const OMITTED: &str = "omitted";

/// The line that names an entry which has become a member of the groups in the lines behind it.
const GAINING: &str = "gaining";
/// The line that names such a group.
const GAINED: &str = "gained";
/// Bytes of their names that are kept; of the other groups it is told how many they are.
const MOST_GAINED: usize = 4_096;

/// A member that came about without a change of the group, which had listed it before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gain {
    /// The entry that is a member from then on.
    pub member: String,
    /// The group; of those that are too many to be named, how many they are.
    pub group: String,
}

/// What a change record says, but for the values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// The entry, by the name that it had before the change.
    pub dn: String,
    /// `add`, `modify`, `delete` or `moddn`.
    pub kind: String,
    /// Who made the change; nobody in particular when empty.
    pub actor: String,
    /// Who was bound, where that was not the actor.
    pub through: Option<String>,
    /// The client's address, or [`LOCAL`].
    pub address: Option<String>,
    /// The number of the connection.
    pub connection: Option<u64>,
    /// The message id.
    pub message: Option<i32>,
    /// The id of the request, where it had one of its own.
    pub request: Option<String>,
    /// The name after a rename.
    pub new_name: Option<String>,
    /// Members that came about with it.
    pub gains: Vec<Gain>,
    /// The attributes of which values came or went, each once.
    pub attributes: Vec<String>,
}

impl Summary {
    /// Reads a record; `None` when it is not of the form.
    pub fn read(record: &[u8]) -> Option<Summary> {
        let mut reader = ldif::Reader::new(record);
        let record = reader.next_record().ok()??;
        let ldif::Change::Content(lines) = record.change else {
            return None;
        };
        let mut summary = Summary {
            dn: record.dn.to_owned(),
            ..Summary::default()
        };
        let (mut attributes, mut gaining) = (BTreeSet::new(), String::new());
        for line in &lines {
            let text = || String::from_utf8_lossy(line.value).into_owned();
            match line.attribute {
                "actor" => summary.actor = text(),
                "kind" => summary.kind = text(),
                "through" => summary.through = Some(text()),
                "address" => summary.address = Some(text()),
                "connection" => summary.connection = text().parse().ok(),
                "message" => summary.message = text().parse().ok(),
                "request" => summary.request = Some(text()),
                "newName" => summary.new_name = Some(text()),
                GAINING => gaining = text(),
                GAINED => summary.gains.push(Gain {
                    member: gaining.clone(),
                    group: text(),
                }),
                OMITTED => {
                    attributes.insert(text());
                }
                name => attributes.extend(changed(name).map(str::to_owned)),
            }
        }
        summary.attributes = attributes.into_iter().collect();
        Some(summary)
    }
}

/// The attribute whose value a line has.
fn changed(line: &str) -> Option<&str> {
    let added = line.strip_prefix("added-");
    added.or_else(|| line.strip_prefix("removed-"))
}

/// Up to this many values are compared with each, more are hashed.
const COMPARED: usize = 8;
/// Lines that most records have room in.
const USUAL_LINES: usize = 16;

/// A change record in the making.
pub struct Entry {
    dn: String,
    lines: Vec<(Cow<'static, str>, Vec<u8>)>,
}

impl Entry {
    /// A record of a change that `actor` made to the entry named `dn`.
    pub fn new(actor: String, dn: String, kind: Kind) -> Self {
        let kind = match kind {
            Kind::Add => "add",
            Kind::Modify => "modify",
            Kind::Delete => "delete",
            Kind::Rename => "moddn",
        };
        let mut lines = Vec::with_capacity(USUAL_LINES);
        lines.push(("actor".into(), actor.into_bytes()));
        lines.push(("kind".into(), kind.into()));
        Self { dn, lines }
    }

    /// Where the request came from, if that is known.
    pub fn asked_by(mut self, provenance: Option<&Provenance>) -> Self {
        let Some(provenance) = provenance else {
            return self;
        };
        let address = match provenance.address {
            Some(address) => address.to_canonical().to_string(),
            None => LOCAL.to_owned(),
        };
        let through = provenance.through.clone().map(|name| ("through", name));
        let numbers = [
            ("connection", provenance.connection.to_string()),
            ("message", provenance.message.to_string()),
        ];
        let numbers = numbers.into_iter().filter(|(_, number)| number != "0");
        let request = provenance.request.as_deref();
        let request = request.map(|id| ("request", id.to_owned()));
        let lines = through.into_iter().chain([("address", address)]);
        let lines = lines.chain(numbers).chain(request);
        self.lines
            .extend(lines.map(|(name, value)| (name.into(), value.into_bytes())));
        self
    }

    /// All values of a new entry.
    pub fn with_added(mut self, schema: &Schema, attributes: &Attributes) -> Self {
        for attribute in attributes.iter() {
            self.push_all(
                schema,
                "added",
                &attribute.description,
                attribute.values.iter(),
            );
        }
        self
    }

    /// The values that one state of an entry has and the other lacks.
    pub fn with_difference(mut self, schema: &Schema, difference: &Difference<'_>) -> Self {
        let marked = [
            ("removed", &difference.before),
            ("added", &difference.after),
        ];
        for (mark, differing) in marked {
            for (attribute, others) in differing {
                let hashed = others.len() > COMPARED;
                let hashed: Option<HashSet<&Vec<u8>>> = hashed.then(|| others.iter().collect());
                let stays = |value: &Vec<u8>| match &hashed {
                    Some(others) => others.contains(value),
                    None => others.contains(value),
                };
                let values = attribute.values.iter().filter(|value| !stays(value));
                self.push_all(schema, mark, &attribute.description, values);
            }
        }
        self
    }

    /// Members that came and went.
    pub fn with_edges<'e>(
        mut self,
        snapshot: &Snapshot,
        added: impl Iterator<Item = &'e Edge>,
        removed: impl Iterator<Item = &'e Edge>,
    ) -> Self {
        let marked = removed
            .map(|edge| ("removed", edge))
            .chain(added.map(|edge| ("added", edge)));
        for (mark, edge) in marked {
            let name = snapshot.schema().attribute(edge.kind().attribute()).name();
            self.lines.push((
                format!("{mark}-{name}").into(),
                edge.text(snapshot).into_bytes(),
            ));
        }
        self
    }

    /// The name after a rename.
    pub fn with_new_name(mut self, dn: String) -> Self {
        self.lines.push(("newName".into(), dn.into_bytes()));
        self
    }

    /// Members that come about with it, those of one entry together.
    pub fn with_gains(mut self, mut gains: impl Iterator<Item = Gain>) -> Self {
        let mut gaining = None;
        let mut left = MOST_GAINED;
        while let Some(Gain { member, group }) = gains.next() {
            let Some(less) = left.checked_sub(member.len() + group.len()) else {
                let others = format!("{} more", gains.count() + 1);
                self.lines.push((GAINED.into(), others.into_bytes()));
                break;
            };
            left = less;
            if gaining.as_ref() != Some(&member) {
                let name = member.clone().into_bytes();
                self.lines.push((GAINING.into(), name));
                gaining = Some(member);
            }
            self.lines.push((GAINED.into(), group.into_bytes()));
        }
        self
    }

    fn push_all<'v>(
        &mut self,
        schema: &Schema,
        mark: &str,
        description: &AttributeDescription,
        values: impl Iterator<Item = &'v Vec<u8>>,
    ) {
        let name = [mark, "-", &description.name(schema)].concat();
        let secret = schema.attribute(description.attribute).is_secret();
        self.lines.extend(values.map(|value| {
            let shown = if secret {
                HIDDEN.to_vec()
            } else {
                value.clone()
            };
            (name.clone().into(), shown)
        }));
    }

    /// The bytes of the record; where they would be more than `most`, the values are left out and only the attributes named.
    pub fn encode(&self, most: usize) -> Vec<u8> {
        let whole = self.encode_lines(&self.lines);
        if whole.len() <= most {
            return whole;
        }
        let (values, mut head): (Vec<_>, Vec<_>) = self
            .lines
            .iter()
            .cloned()
            .partition(|(name, _)| changed(name).is_some());
        let names: BTreeSet<&str> = values
            .iter()
            .filter_map(|(name, _)| changed(name))
            .collect();
        let names = names.into_iter().map(|name| (OMITTED.into(), name.into()));
        head.extend(names);
        self.encode_lines(&head)
    }

    fn encode_lines(&self, lines: &[(Cow<'static, str>, Vec<u8>)]) -> Vec<u8> {
        let of_line = |(name, value): &(Cow<'_, str>, Vec<u8>)| name.len() + value.len() + 4;
        let size: usize = lines.iter().map(of_line).sum();
        let mut out = Vec::with_capacity(size + self.dn.len() + 8);
        let lines = lines
            .iter()
            .map(|(name, value)| (&**name, value.as_slice()));
        // Writing to memory does not fail, and descriptions come from the schema.
        let _ = ldif::write_entry(&mut out, &self.dn, lines);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gains() -> Vec<Gain> {
        let gain = |member: &str, group: &str| Gain {
            member: member.to_owned(),
            group: group.to_owned(),
        };
        vec![
            gain("cn=new", "cn=x"),
            gain("cn=new", "cn=y"),
            gain("cn=below,cn=new", "cn=x"),
        ]
    }

    fn record(values: usize, most: usize) -> Vec<u8> {
        let provenance = Provenance {
            through: Some("cn=b\u{e4}cker".to_owned()),
            address: Some("::ffff:192.0.2.1".parse().unwrap()),
            connection: 7,
            message: 8,
            request: Some("nine".into()),
        };
        let mut entry = Entry::new(
            "cn=actor".to_owned(),
            "cn=\u{e4}\nb".to_owned(),
            Kind::Rename,
        )
        .asked_by(Some(&provenance))
        .with_new_name("cn=new".to_owned())
        .with_gains(gains().into_iter());
        for number in 0..values {
            let value = vec![u8::try_from(number % 256).unwrap(); 40];
            entry.lines.push(("added-cn;lang-de".into(), value.clone()));
            entry.lines.push(("removed-sn".into(), value));
        }
        entry.encode(most)
    }

    #[test]
    fn a_record_tells_all_but_the_values() {
        let expected = Summary {
            dn: "cn=\u{e4}\nb".to_owned(),
            kind: "moddn".to_owned(),
            actor: "cn=actor".to_owned(),
            through: Some("cn=b\u{e4}cker".to_owned()),
            address: Some("192.0.2.1".to_owned()),
            connection: Some(7),
            message: Some(8),
            request: Some("nine".to_owned()),
            new_name: Some("cn=new".to_owned()),
            gains: gains(),
            attributes: vec!["cn;lang-de".to_owned(), "sn".to_owned()],
        };
        assert_eq!(Summary::read(&record(3, 1 << 20)).as_ref(), Some(&expected));
        // Values that are too many are left out, and their attributes are not.
        let short = record(300, 2_000);
        assert!(short.len() < 2_000);
        assert_eq!(Summary::read(&short), Some(expected));
    }

    #[test]
    fn of_gains_that_are_too_many_it_is_told_how_many_they_are() {
        let gains = (0..1_000).map(|number| Gain {
            member: "cn=a".to_owned(),
            group: format!("cn={number:04}"),
        });
        let entry = Entry::new(String::new(), "cn=a".to_owned(), Kind::Add).with_gains(gains);
        let gains = Summary::read(&entry.encode(16_384)).unwrap().gains;
        assert_eq!(gains.len(), MOST_GAINED / 11 + 1);
        let told = (gains[0].group.as_str(), gains[372].group.as_str());
        assert_eq!(told, ("cn=0000", "628 more"));
    }

    #[test]
    fn a_request_from_the_local_socket_says_so_and_one_from_nowhere_says_nothing() {
        let entry = || Entry::new(String::new(), "dc=a".to_owned(), Kind::Delete);
        let local = entry().asked_by(Some(&Provenance::default())).encode(1_000);
        assert_eq!(
            Summary::read(&local).unwrap().address.as_deref(),
            Some(LOCAL)
        );
        let nowhere = Summary::read(&entry().asked_by(None).encode(1_000)).unwrap();
        assert_eq!((nowhere.address, nowhere.connection), (None, None));
        assert_eq!(Summary::read(b"dn: cn=cut"), None);
    }
}
