//! Adding an entry (RFC 4511 section 4.7).

use super::edges::{SOME_MEMBER, Siblings};
use super::naming::{complete_naming, new_naming};
use super::passwords::passwords_are_hashed;
use super::{Draft, Origin, below_alias, description, uuid_of, violation};
use crate::directory::access::Right;
use crate::directory::attributes::{Attribute, Attributes, Difference};
use crate::directory::dn::{Dn, Rdn};
use crate::directory::entry::{Actor, EntryId, Head, ROOT};
use crate::directory::error::Error;
use crate::directory::history;
use crate::directory::identity::Identity;
use crate::directory::members::{Edge, EdgeKind};
use crate::directory::referrals;
use crate::directory::request::Terms;
use crate::directory::schema::well_known::class;
use crate::directory::schema::{AttributeDescription, Schema};
use crate::directory::snapshot::Found;
use crate::directory::target;
use crate::directory::time;
use crate::directory::view::{Computed, View};

/// What an entry to be added consists of.
struct New {
    attributes: Attributes,
    members: Vec<(EdgeKind, Vec<u8>)>,
    operational: Vec<(Computed, Vec<u8>)>,
}

impl Draft<'_> {
    pub(super) fn add(
        &mut self,
        identity: &Identity,
        dn: &Dn,
        sent: &[(String, Vec<Vec<u8>>)],
        terms: &Terms,
    ) -> Result<EntryId, Error> {
        let parent = self.place(identity, dn, terms)?;
        let schema = self.snapshot.shared_schema();
        let kept = terms.relaxed || self.origin == Origin::Import;
        let new = sort_out(&schema, kept, sent)?;
        let New {
            mut attributes,
            members,
            operational,
        } = new;
        let rdns = if parent == ROOT {
            dn.rdns()
        } else {
            dn.rdns().get(..1).unwrap_or_default()
        };
        let first = rdns
            .first()
            .ok_or_else(|| Error::NamingViolation("the root cannot be added".to_owned()))?;
        let naming = new_naming(&schema, first)?;
        complete_naming(&schema, &mut attributes, &naming);
        let forgiven = self.forgiven(&schema, &attributes, &members);
        let forgiven = forgiven
            .into_iter()
            .map(|kind| (kind, SOME_MEMBER.to_vec()));
        let seen: Vec<_> = first_members(&members).cloned().chain(forgiven).collect();
        with_first_member(&mut attributes, &seen, |attributes| {
            schema.admit(attributes, &naming).map_err(violation)
        })?;
        self.begin_account(identity, dn, &mut attributes);
        let nothing = Attributes::default();
        let difference = Difference::between(&nothing, &attributes);
        passwords_are_hashed(&difference)?;
        self.policy_is_kept(&attributes)?;
        referrals::check(&attributes)?;
        let edges = self.new_edges(&schema, &members)?;
        let id = self.snapshot.next_id();
        self.keep_unique(identity, id, &difference, &attributes)?;
        self.may_gain_by_uid(identity, id, &nothing, &attributes)?;
        self.may_select(identity, id, &difference, (&nothing, &attributes))?;
        let rdn = rdns
            .iter()
            .map(Rdn::to_string)
            .collect::<Vec<_>>()
            .join(",");
        let uuid = uuid_of((self.random)());
        let mut head = Head {
            parent,
            uuid,
            created: self.seconds(),
            modified: self.seconds(),
            csn: self.snapshot.csn().next(self.now),
            rdn,
            creator: self.actor(identity, id),
            modifier: self.actor(identity, id),
        };
        take_operational(&mut head, &operational)?;
        if terms.relaxed {
            self.check_relaxed(&head, id, &operational)?;
        }
        self.snapshot.take_id();
        self.snapshot.advance_csn(head.csn);
        self.store(id, &head, &attributes)?;
        self.put_edges(id, &edges);
        self.claim_names(identity, id)?;
        if terms.assertion.is_some() {
            let mut access = self.rules.access(&self.snapshot, identity);
            let view = View::new(&self.snapshot, id).ok_or(Error::AssertionFailed)?;
            target::assert(&mut access, &view, terms.assertion.as_ref())?;
        }
        self.record(head.csn, |draft| {
            draft
                .entry(identity, draft.snapshot.dn(id), history::Kind::Add)
                .with_added(&schema, &attributes)
                .with_edges(&draft.snapshot, edges.iter(), std::iter::empty())
        });
        // An import may bring the groups of a network itself, and is completed at its end.
        if let Some(network) = self.network(id)?
            && self.origin == Origin::Client
        {
            self.complete_network(identity, &network)?;
        }
        Ok(id)
    }

    /// The parent of an entry to be added, once it is clear that the asker may add there.
    fn place(&self, identity: &Identity, dn: &Dn, terms: &Terms) -> Result<EntryId, Error> {
        let mut access = self.rules.access(&self.snapshot, identity);
        let found = self.snapshot.find(dn);
        if !terms.manage_referrals {
            referrals::pass(&self.snapshot, &mut access, dn, found, None)?;
        }
        let (parent, exists) = match found {
            Found::Entry(id) => (
                self.snapshot.entry(id).map_or(ROOT, |entry| entry.parent()),
                true,
            ),
            Found::Nothing {
                nearest: Some(parent),
                missing: 1,
            } => (parent, false),
            Found::Nothing {
                nearest: None,
                missing: 1,
            } => (ROOT, false),
            Found::Nothing { nearest, .. } => {
                return Err(Error::NoSuchObject {
                    matched: access.nearest_visible(&self.snapshot, nearest),
                });
            }
            Found::Outside if access.is_administrator() => return Err(Error::OutsideSuffixes),
            Found::Outside => {
                return Err(Error::NoSuchObject {
                    matched: String::new(),
                });
            }
        };
        match View::new(&self.snapshot, parent) {
            None if access.is_administrator() => {}
            None => return Err(Error::InsufficientAccess),
            Some(view) if access.sees(&view) => self.may(&access, parent, Right::Add)?,
            Some(_) => {
                return Err(Error::NoSuchObject {
                    matched: access.nearest_visible(&self.snapshot, Some(parent)),
                });
            }
        }
        let is_alias = |view: View<'_>| view.has_class(class::ALIAS);
        if exists {
            Err(Error::EntryAlreadyExists)
        } else if View::new(&self.snapshot, parent).is_some_and(is_alias) {
            Err(below_alias(&self.snapshot, parent))
        } else {
            Ok(parent)
        }
    }
}

/// Sends each attribute to where it is kept; `kept` when those that the server keeps itself may be among them.
fn sort_out(schema: &Schema, kept: bool, sent: &[(String, Vec<Vec<u8>>)]) -> Result<New, Error> {
    let mut new = New {
        attributes: Attributes::default(),
        members: Vec::new(),
        operational: Vec::new(),
    };
    for (text, values) in sent {
        let description = description(schema, text)?;
        let attribute = schema.attribute(description.attribute);
        if let Some(kind) = EdgeKind::of(description.attribute) {
            new.members
                .extend(values.iter().map(|value| (kind, value.clone())));
        } else if let Some(computed) = Computed::of(description.attribute) {
            if !kept {
                return Err(not_for_users(text));
            }
            new.operational
                .extend(values.first().map(|value| (computed, value.clone())));
        } else if attribute.no_user_modification && !kept {
            return Err(not_for_users(text));
        } else {
            match new.attributes.find_mut(&description) {
                Some(known) => known.extend(values.iter().cloned()),
                None => {
                    new.attributes.insert(Attribute {
                        description,
                        values: values.clone(),
                    });
                }
            }
        }
    }
    Ok(new)
}

pub(super) fn not_for_users(attribute: &str) -> Error {
    Error::ConstraintViolation(format!(
        "\"{attribute}\" is kept by the server and cannot be set"
    ))
}

/// Takes over what an import or a relaxed change says of an entry's past (`slapcat` writes it), so that UUIDs and times survive a move.
pub(super) fn take_operational(
    head: &mut Head,
    operational: &[(Computed, Vec<u8>)],
) -> Result<(), Error> {
    for (computed, value) in operational {
        let text = || String::from_utf8_lossy(value).into_owned();
        let bad = || {
            Error::InvalidAttributeSyntax(format!(
                "a value of \"{computed:?}\" is not of its syntax"
            ))
        };
        match computed {
            Computed::EntryUuid => {
                head.uuid = *uuid::Uuid::try_parse(&text())
                    .map_err(|_| bad())?
                    .as_bytes();
            }
            Computed::CreateTimestamp => {
                head.created = time::parse_generalized(value).ok_or_else(bad)?
            }
            Computed::ModifyTimestamp => {
                head.modified = time::parse_generalized(value).ok_or_else(bad)?
            }
            Computed::CreatorsName => head.creator = Actor::Named(text()),
            Computed::ModifiersName => head.modifier = Actor::Named(text()),
            // Change numbers are this directory's own; the others follow from the tree.
            _ => {}
        }
    }
    Ok(())
}

/// The first value of each membership attribute.
fn first_members(
    members: &[(EdgeKind, Vec<u8>)],
) -> impl Iterator<Item = &(EdgeKind, Vec<u8>)> + Clone {
    EdgeKind::ALL
        .into_iter()
        .filter_map(|kind| members.iter().find(|(of, _)| *of == kind))
}

/// Lets the schema see one value for each membership attribute, since the values themselves are kept elsewhere.
pub(super) fn with_first_member(
    attributes: &mut Attributes,
    members: &[(EdgeKind, Vec<u8>)],
    check: impl FnOnce(&mut Attributes) -> Result<(), Error>,
) -> Result<(), Error> {
    let present = first_members(members);
    let plain = |kind: EdgeKind| AttributeDescription::from(kind.attribute());
    for (kind, value) in present.clone() {
        attributes.insert(Attribute {
            description: plain(*kind),
            values: vec![value.clone()],
        });
    }
    let result = check(attributes);
    for (kind, _) in present {
        attributes.remove(&plain(*kind));
    }
    result
}

impl Draft<'_> {
    /// The edges that the values of membership attributes stand for, each once.
    pub(super) fn new_edges(
        &self,
        schema: &Schema,
        members: &[(EdgeKind, Vec<u8>)],
    ) -> Result<Vec<Edge>, Error> {
        let mut edges = Vec::with_capacity(members.len());
        let mut seen = std::collections::HashSet::with_capacity(members.len());
        let mut siblings = Siblings::default();
        for (at, (kind, value)) in members.iter().enumerate() {
            let edge = self.edge(schema, *kind, value, at, &mut siblings)?;
            if !seen.insert(edge.key()) {
                let name = schema.attribute(kind.attribute()).name();
                return Err(Error::AttributeOrValueExists(format!(
                    "value {} of \"{name}\" is given twice",
                    at + 1
                )));
            }
            edges.push(edge);
        }
        Ok(edges)
    }
}
