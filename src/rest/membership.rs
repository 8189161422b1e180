//! Changes of the list of a group's members.
//!
//! Owns that no group gets into itself and that a list is changed all at once. Membership itself is the directory's.

use std::collections::BTreeMap;

use super::change::{attempt, unconditional};
use super::entry::{modify, name, values};
use super::fault::Fault;
use super::list;
use super::operation::Call;
use super::term::equal;
use crate::directory::EntryCopy;
use crate::directory::dn::Dn;
use crate::directory::filter::{Extensible, Filter};
use crate::directory::request::{Change, Modification, ModificationKind};

/// The matching rule that follows memberships through any chain of groups.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// An attribute leads to an entry through any chain.
pub fn leads(attribute: &str, dn: &str) -> Filter {
    Filter::Extensible(Extensible {
        rule: Some(IN_CHAIN.to_owned()),
        attribute: Some(attribute.to_owned()),
        value: dn.as_bytes().to_vec(),
        dn_attributes: false,
    })
}

/// The groups and lists that an entry is in, at whatever distance.
pub fn listing(dn: &str) -> Filter {
    Filter::Or(vec![leads("member", dn), leads("uniqueMember", dn)])
}

/// Whether who gets into a group administers from then on: it is the one that the configuration names, or is in that.
pub fn makes_administrators(call: &Call, group: &EntryCopy) -> bool {
    let (directory, group) = (&call.rest.directory, name(group));
    let administrators = call.rest.settings.administrators.as_ref();
    administrators.is_some_and(|wanted| {
        let snapshot = directory.snapshot();
        snapshot.find_entry(wanted) == snapshot.find_entry(&group)
            || directory.is_name_in_group(&group, wanted)
    })
}

/// The attribute that lists the members of a group; its classes must have been read.
pub fn list_of(group: &EntryCopy) -> &'static str {
    let classes = values(group, "objectClass");
    let unique = classes
        .iter()
        .any(|class| class.eq_ignore_ascii_case(b"groupOfUniqueNames"));
    if unique { "uniqueMember" } else { "member" }
}

/// Who is to be in a group, by name, and who is not.
pub type Wanted<'a> = BTreeMap<&'a str, bool>;

/// Changes the list of a group's members; of the group its classes must have been read. Who is in it already, or not in it,
/// stays so.
pub async fn settle(call: &Call, group: &EntryCopy, wanted: &Wanted<'_>) -> Result<(), Fault> {
    let work = || async { Ok(unconditional(difference(call, group, wanted).await?)) };
    attempt(call, work).await?;
    Ok(())
}

/// The change that makes a list of members one that has these and not those; `None` when it is that already.
pub async fn difference(
    call: &Call,
    group: &EntryCopy,
    wanted: &Wanted<'_>,
) -> Result<Option<Change>, Fault> {
    let group_dn = name(group);
    let attribute = list_of(group);
    let (mut added, mut removed) = (Vec::new(), Vec::new());
    for (member, add) in wanted {
        let listed = holds(call, &group_dn, equal(attribute, member)).await?;
        if *add && !listed {
            let circle =
                *member == group.dn || holds(call, &group_dn, leads("memberOf", member)).await?;
            if circle {
                return Err(Fault::invalid(format!("{member} would be in itself")));
            }
            added.push(member.as_bytes().to_vec());
        }
        if !add && listed {
            removed.push(member.as_bytes().to_vec());
        }
    }
    let step = |kind, values: Vec<Vec<u8>>| {
        (!values.is_empty()).then(|| Modification {
            kind,
            attribute: attribute.to_owned(),
            values,
        })
    };
    let steps = [
        step(ModificationKind::Add, added),
        step(ModificationKind::Delete, removed),
    ];
    let modifications: Vec<Modification> = steps.into_iter().flatten().collect();
    Ok((!modifications.is_empty()).then(|| modify(group_dn, modifications)))
}

/// Whether a filter is true of an entry, as the caller may see it.
async fn holds(call: &Call, dn: &Dn, filter: Filter) -> Result<bool, Fault> {
    let found = list::one(call, (dn.clone(), filter), &["1.1"]).await?;
    Ok(found.is_some())
}
