//! What whoever runs the directory should know of its dynamic groups: URLs that select nothing because they are bad, and
//! memberships that ordinary users decide for themselves.

use super::DynamicGroup;
use crate::directory::access::AccessRules;
use crate::directory::entry::EntryId;
use crate::directory::snapshot::Snapshot;

/// What there is to say of all dynamic groups.
pub fn all<'a>(
    snapshot: &'a Snapshot,
    rules: &'a AccessRules,
) -> impl Iterator<Item = String> + 'a {
    let groups = snapshot.dynamic_groups().iter();
    groups.flat_map(move |(id, group)| {
        let faults = group.faults().iter().map(move |fault| {
            format!(
                "a memberURL of {} selects nothing: {fault}",
                snapshot.dn(id)
            )
        });
        faults.chain(self_made(snapshot, rules, id, group))
    })
}

/// By which attributes ordinary users can make members, or be some, of a group on their own.
pub fn self_made(
    snapshot: &Snapshot,
    rules: &AccessRules,
    id: EntryId,
    group: &DynamicGroup,
) -> Vec<String> {
    let mut found = Vec::new();
    for attribute in group.attributes() {
        let bases = group.selectors().filter_map(|(_, base)| base);
        let mut rules = bases.filter_map(|base| rules.opens_to_users(snapshot, base, attribute));
        if let Some(rule) = rules.next() {
            found.push(format!(
                "{} selects its members by \"{}\", which access[{rule}] lets users write: they decide themselves who is a member",
                snapshot.dn(id),
                snapshot.schema().attribute(attribute).name(),
            ));
        }
    }
    found
}
