//! One entry as reads see it: what is stored and what is computed on the way out, under one set of names.
//!
//! Owns the computed attributes (RFC 4512 section 3.4, RFC 4530, RFC 5020, and membership, which is kept as edges).
//! It does not own who may see them.

use super::account;
use super::entry::{Actor, Block, EntryId, EntryRef};
use super::members::EdgeKind;
use super::schema::{AttributeTypeId, ClassId, ClassKind, Schema, well_known};
use super::short_id;
use super::snapshot::{IdSet, Snapshot};
use super::time;

/// The name of the subschema entry, which `subschemaSubentry` of every entry holds.
pub const SUBSCHEMA_DN: &str = "cn=Subschema";

/// An entry and the snapshot it belongs to.
#[derive(Copy, Clone)]
pub struct View<'a> {
    /// The state of the directory.
    pub snapshot: &'a Snapshot,
    /// The entry's id.
    pub id: EntryId,
    /// What is stored of it.
    pub entry: EntryRef<'a>,
}

impl<'a> View<'a> {
    /// The entry of an id.
    pub fn new(snapshot: &'a Snapshot, id: EntryId) -> Option<Self> {
        Some(Self {
            snapshot,
            id,
            entry: snapshot.entry(id)?,
        })
    }

    /// The schema.
    pub fn schema(&self) -> &'a Schema {
        self.snapshot.schema()
    }

    /// Whether the entry is of a class.
    pub fn has_class(&self, class: ClassId) -> bool {
        let descriptions = self.snapshot.descriptions();
        let of = |block: &Block<'_>| {
            descriptions.attribute(block.description) == Some(well_known::OBJECT_CLASS)
        };
        self.entry.blocks().filter(of).any(|block| {
            let mut names = block.values();
            names.any(|name| self.schema().class_id(name) == Some(class))
        })
    }
}

/// An attribute whose values are not among the stored ones.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Computed {
    /// The values of a membership attribute.
    Edges(EdgeKind),
    /// `memberOf`: the groups that the entry is in, all of them or those that name it.
    MemberOf,
    /// `isMemberOf`: the same.
    IsMemberOf,
    /// `memberOfIndirect`: the groups that it is in through others alone.
    MemberOfIndirect,
    /// `entryDN` (RFC 5020).
    EntryDn,
    /// `entryUUID` (RFC 4530).
    EntryUuid,
    /// `hedgerowId`, which follows from it.
    ShortId,
    /// `entryCSN`.
    EntryCsn,
    /// `createTimestamp`.
    CreateTimestamp,
    /// `modifyTimestamp`.
    ModifyTimestamp,
    /// `creatorsName`.
    CreatorsName,
    /// `modifiersName`.
    ModifiersName,
    /// `structuralObjectClass`.
    StructuralObjectClass,
    /// `subschemaSubentry`.
    SubschemaSubentry,
    /// `hasSubordinates`.
    HasSubordinates,
    /// `numSubordinates`.
    NumSubordinates,
    /// `pwdLastSuccess`.
    LastSuccess,
    /// `pwdFailureTime`.
    FailureTime,
    /// `hedgerowTemporarilyLocked`: there only while a lock after failed logins holds.
    TemporarilyLocked,
}

impl Computed {
    /// All of them, in the order in which results list them.
    pub const ALL: [Computed; 20] = [
        Computed::Edges(EdgeKind::Member),
        Computed::Edges(EdgeKind::UniqueMember),
        Computed::StructuralObjectClass,
        Computed::EntryUuid,
        Computed::ShortId,
        Computed::CreatorsName,
        Computed::CreateTimestamp,
        Computed::ModifiersName,
        Computed::ModifyTimestamp,
        Computed::EntryCsn,
        Computed::MemberOf,
        Computed::IsMemberOf,
        Computed::MemberOfIndirect,
        Computed::EntryDn,
        Computed::SubschemaSubentry,
        Computed::HasSubordinates,
        Computed::NumSubordinates,
        Computed::LastSuccess,
        Computed::FailureTime,
        Computed::TemporarilyLocked,
    ];

    /// Those of them that are not operational.
    pub const USER: [Computed; 2] = [
        Computed::Edges(EdgeKind::Member),
        Computed::Edges(EdgeKind::UniqueMember),
    ];

    /// The attribute type.
    pub fn attribute(self) -> AttributeTypeId {
        match self {
            Self::Edges(kind) => kind.attribute(),
            Self::MemberOf => well_known::MEMBER_OF,
            Self::IsMemberOf => well_known::IS_MEMBER_OF,
            Self::MemberOfIndirect => well_known::MEMBER_OF_INDIRECT,
            Self::EntryDn => well_known::ENTRY_DN,
            Self::EntryUuid => well_known::ENTRY_UUID,
            Self::ShortId => well_known::HEDGEROW_ID,
            Self::EntryCsn => well_known::ENTRY_CSN,
            Self::CreateTimestamp => well_known::CREATE_TIMESTAMP,
            Self::ModifyTimestamp => well_known::MODIFY_TIMESTAMP,
            Self::CreatorsName => well_known::CREATORS_NAME,
            Self::ModifiersName => well_known::MODIFIERS_NAME,
            Self::StructuralObjectClass => well_known::STRUCTURAL_OBJECT_CLASS,
            Self::SubschemaSubentry => well_known::SUBSCHEMA_SUBENTRY,
            Self::HasSubordinates => well_known::HAS_SUBORDINATES,
            Self::NumSubordinates => well_known::NUM_SUBORDINATES,
            Self::LastSuccess => well_known::PWD_LAST_SUCCESS,
            Self::FailureTime => well_known::PWD_FAILURE_TIME,
            Self::TemporarilyLocked => well_known::HEDGEROW_TEMPORARILY_LOCKED,
        }
    }

    /// How an attribute type is computed, if it is.
    pub fn of(attribute: AttributeTypeId) -> Option<Computed> {
        Some(match attribute {
            well_known::MEMBER => Self::Edges(EdgeKind::Member),
            well_known::UNIQUE_MEMBER => Self::Edges(EdgeKind::UniqueMember),
            well_known::MEMBER_OF => Self::MemberOf,
            well_known::IS_MEMBER_OF => Self::IsMemberOf,
            well_known::MEMBER_OF_INDIRECT => Self::MemberOfIndirect,
            well_known::ENTRY_DN => Self::EntryDn,
            well_known::ENTRY_UUID => Self::EntryUuid,
            well_known::HEDGEROW_ID => Self::ShortId,
            well_known::ENTRY_CSN => Self::EntryCsn,
            well_known::CREATE_TIMESTAMP => Self::CreateTimestamp,
            well_known::MODIFY_TIMESTAMP => Self::ModifyTimestamp,
            well_known::CREATORS_NAME => Self::CreatorsName,
            well_known::MODIFIERS_NAME => Self::ModifiersName,
            well_known::STRUCTURAL_OBJECT_CLASS => Self::StructuralObjectClass,
            well_known::SUBSCHEMA_SUBENTRY => Self::SubschemaSubentry,
            well_known::HAS_SUBORDINATES => Self::HasSubordinates,
            well_known::NUM_SUBORDINATES => Self::NumSubordinates,
            well_known::PWD_LAST_SUCCESS => Self::LastSuccess,
            well_known::PWD_FAILURE_TIME => Self::FailureTime,
            well_known::HEDGEROW_TEMPORARILY_LOCKED => Self::TemporarilyLocked,
            _ => return None,
        })
    }

    /// Whether the attribute is one for the administration of the directory (RFC 4512 section 3.4).
    pub fn is_operational(self) -> bool {
        !matches!(self, Self::Edges(_))
    }

    /// Whether an entry has a value, without making one.
    pub fn is_present(self, view: &View<'_>) -> bool {
        match self {
            Self::Edges(kind) => {
                let membership = view.snapshot.membership();
                let members = membership.members(view.id);
                members.is_some_and(|members| members.has(kind))
                    || kind == EdgeKind::Member && membership.selects_any(view.id)
            }
            Self::MemberOf | Self::IsMemberOf => view.snapshot.membership().has_groups(view.id),
            Self::MemberOfIndirect => {
                let membership = view.snapshot.membership();
                membership.has_groups(view.id) && !membership.indirect_groups_of(view.id).is_empty()
            }
            Self::LastSuccess => {
                let seen = view.snapshot.activity().of(view.id);
                seen.is_some_and(|seen| seen.success.is_some())
            }
            Self::FailureTime => {
                let seen = view.snapshot.activity().of(view.id);
                seen.is_some_and(|seen| !seen.failures.is_empty())
            }
            Self::TemporarilyLocked => account::is_temporarily_locked(view),
            _ => true,
        }
    }

    /// How many values an entry has.
    pub fn count(self, view: &View<'_>) -> usize {
        match self {
            Self::Edges(kind) => {
                let members = view.snapshot.members(view.id);
                let dangling = members.map_or(0, |members| members.dangling(kind).count());
                let shown = view.snapshot.membership().shown_members(view.id, kind);
                shown.len() + dangling
            }
            Self::MemberOf | Self::IsMemberOf | Self::MemberOfIndirect => {
                self.groups(view).map_or(0, |groups| groups.len())
            }
            Self::FailureTime => {
                let seen = view.snapshot.activity().of(view.id);
                seen.map_or(0, |seen| seen.failures.len())
            }
            _ => usize::from(self.is_present(view)),
        }
    }

    /// The groups whose names are the values.
    fn groups(self, view: &View<'_>) -> Option<IdSet> {
        let membership = view.snapshot.membership();
        match self {
            Self::MemberOf | Self::IsMemberOf => Some(membership.shown_groups_of(view.id)),
            Self::MemberOfIndirect => Some(membership.indirect_groups_of(view.id)),
            _ => None,
        }
    }

    /// Hands each value to `each` until it says to stop.
    pub fn for_each(self, view: &View<'_>, each: &mut dyn FnMut(&[u8]) -> bool) {
        self.for_each_from(view, 0, each);
    }

    /// The same without the first values, whose names are not even made.
    pub fn for_each_from(
        self,
        view: &View<'_>,
        skipped: usize,
        each: &mut dyn FnMut(&[u8]) -> bool,
    ) {
        let mut text = String::new();
        match self {
            Self::Edges(kind) => return for_each_member(view, kind, skipped, each),
            Self::MemberOf | Self::IsMemberOf | Self::MemberOfIndirect => {
                let groups = self.groups(view).unwrap_or_default();
                return for_each_name(view, groups.iter_after(skipped), each);
            }
            Self::FailureTime => {
                let seen = view.snapshot.activity().of(view.id).unwrap_or_default();
                let times = seen
                    .failures
                    .iter()
                    .skip(skipped)
                    .map(|time| time::generalized_micros(*time));
                return times
                    .take_while(|text| each(text.as_bytes()))
                    .for_each(drop);
            }
            _ if skipped > 0 => return,
            Self::LastSuccess => {
                let seen = view.snapshot.activity().of(view.id);
                if let Some(success) = seen.and_then(|seen| seen.success) {
                    text = time::generalized_micros(success);
                }
            }
            Self::TemporarilyLocked => {
                if self.is_present(view) {
                    text.push_str("TRUE");
                }
            }
            Self::EntryDn => text = view.snapshot.dn(view.id),
            Self::EntryUuid => {
                let uuid = uuid::Uuid::from_bytes(view.entry.uuid());
                let mut digits = uuid::Uuid::encode_buffer();
                text.push_str(uuid.hyphenated().encode_lower(&mut digits));
            }
            Self::ShortId => text = short_id::text(&view.entry.uuid()),
            Self::EntryCsn => text = view.entry.csn().to_string(),
            Self::CreateTimestamp => text = time::generalized(view.entry.created()),
            Self::ModifyTimestamp => text = time::generalized(view.entry.modified()),
            Self::CreatorsName => write_actor(view, view.entry.creator(), &mut text),
            Self::ModifiersName => write_actor(view, view.entry.modifier(), &mut text),
            Self::StructuralObjectClass => {
                text.push_str(structural_class(view).unwrap_or_default())
            }
            Self::SubschemaSubentry => text.push_str(SUBSCHEMA_DN),
            Self::HasSubordinates => {
                let any = view
                    .snapshot
                    .children(view.id)
                    .is_some_and(|children| !children.is_empty());
                text.push_str(if any { "TRUE" } else { "FALSE" });
            }
            Self::NumSubordinates => {
                text = view
                    .snapshot
                    .children(view.id)
                    .map_or(0, IdSet::len)
                    .to_string();
            }
        }
        if !text.is_empty() {
            each(text.as_bytes());
        }
    }
}

fn for_each_member(
    view: &View<'_>,
    kind: EdgeKind,
    skipped: usize,
    each: &mut dyn FnMut(&[u8]) -> bool,
) {
    let mut go_on = true;
    let ids = view.snapshot.membership().shown_members(view.id, kind);
    for_each_name(view, ids.iter_after(skipped), &mut |name| {
        go_on = each(name);
        go_on
    });
    let members = view.snapshot.members(view.id).into_iter();
    let mut dangling = members
        .flat_map(|members| members.dangling(kind))
        .skip(skipped.saturating_sub(ids.len()))
        .take_while(|_| go_on);
    while dangling
        .next()
        .is_some_and(|(_, name)| each(name.as_bytes()))
    {}
}

fn for_each_name(
    view: &View<'_>,
    entries: impl Iterator<Item = EntryId>,
    each: &mut dyn FnMut(&[u8]) -> bool,
) {
    let mut name = Vec::new();
    for id in entries {
        name.clear();
        view.snapshot.write_dn(id, &mut name);
        if !each(&name) {
            return;
        }
    }
}

fn write_actor(view: &View<'_>, actor: Actor, out: &mut String) {
    match actor {
        Actor::Administrator => out.push_str(view.snapshot.administrator()),
        Actor::Own => out.push_str(&view.snapshot.dn(view.id)),
        Actor::Named(name) => out.push_str(&name),
    }
}

/// The most specific structural class of an entry.
fn structural_class<'a>(view: &View<'a>) -> Option<&'a str> {
    let schema = view.schema();
    let classes = view.entry.blocks().find(|block| {
        view.snapshot.descriptions().attribute(block.description) == Some(well_known::OBJECT_CLASS)
    })?;
    let structural = classes
        .values()
        .filter_map(|value| schema.class_id(value))
        .filter(|class| schema.class(*class).kind == ClassKind::Structural);
    structural
        .max_by_key(|class| schema.superclasses(*class).len())
        .map(|class| schema.class(class).name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::schema::PosixGroup;

    #[test]
    fn a_computed_attribute_is_known_by_its_type() {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        for computed in Computed::ALL {
            let attribute = computed.attribute();
            assert_eq!(Computed::of(attribute), Some(computed));
            let is_operational = schema.attribute(attribute).is_operational();
            assert_eq!(computed.is_operational(), is_operational, "{computed:?}");
            assert_eq!(Computed::USER.contains(&computed), !is_operational);
        }
        assert_eq!(Computed::of(well_known::CN), None);
    }
}
