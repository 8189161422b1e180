//! Why an entry is in a group, or why not: for people.
//!
//! Owns the shortest chain of groups, where the groups of an entry end when there is none, and the drawing of both.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt::{self, Write};

use crate::directory::entry::EntryId;
use crate::directory::members::EdgeKind;
use crate::directory::naming;
use crate::directory::schema::well_known;
use crate::directory::snapshot::Snapshot;

/// The most groups that are named where all would be too many to read.
const NAMED: usize = 10;
/// The most groups that are drawn.
const DRAWN: usize = 200;

/// What there is to say of an entry and a group, as of one moment.
pub struct Explanation<'a> {
    snapshot: &'a Snapshot,
    member: EntryId,
    group: EntryId,
    /// The shortest way, the member first and the group last; `None` when there is none.
    chain: Option<Vec<EntryId>>,
}

/// Explains a membership. Each is named by its DN, or by what one entry alone has: the member by its `uid`, the group by its
/// `cn`.
///
/// # Errors
/// What was looked for in vain.
pub fn explain<'a>(
    snapshot: &'a Snapshot,
    member: &str,
    group: &str,
) -> Result<Explanation<'a>, String> {
    let member = naming::entry(snapshot, member, well_known::UID)?;
    let group = naming::entry(snapshot, group, well_known::CN)?;
    Ok(Explanation {
        snapshot,
        member,
        group,
        chain: shortest(snapshot, member, group),
    })
}

/// A walk up from the member, through groups alone that lead to the group.
fn shortest(snapshot: &Snapshot, member: EntryId, group: EntryId) -> Option<Vec<EntryId>> {
    let membership = snapshot.membership();
    if !membership.is_member(member, group) {
        return None;
    }
    let below = membership.groups_in(group);
    let leads = |id: EntryId| id == group || below.contains(id);
    let mut from: HashMap<EntryId, EntryId> = HashMap::new();
    let mut open = VecDeque::from([member]);
    while let Some(next) = open.pop_front() {
        for above in membership.groups_of(next).into_iter().flatten() {
            if above == member || from.contains_key(&above) || !leads(above) {
                continue;
            }
            from.insert(above, next);
            if above == group {
                let back = |id: &EntryId| from.get(id).copied();
                let mut chain: Vec<_> = std::iter::successors(Some(group), back).collect();
                chain.reverse();
                return Some(chain);
            }
            open.push_back(above);
        }
    }
    None
}

impl Explanation<'_> {
    /// The shortest chain of names, the member first and the group last; `None` when the one is not in the other.
    pub fn chain(&self) -> Option<Vec<String>> {
        let chain = self.chain.as_ref()?;
        Some(chain.iter().map(|id| self.snapshot.dn(*id)).collect())
    }

    /// In words, or drawn.
    pub fn text(&self, drawn: bool) -> String {
        if drawn { self.dot() } else { self.to_string() }
    }

    /// The groups of the member that are in no other group: where its chains end.
    fn ends(&self) -> Vec<EntryId> {
        let membership = self.snapshot.membership();
        let all = membership.all_groups_of(self.member);
        all.iter()
            .filter(|group| !membership.has_groups(*group))
            .collect()
    }

    /// The attribute by which a group has a member.
    fn by(&self, group: EntryId, member: EntryId) -> &str {
        let members = self.snapshot.members(group);
        let names = |kind: &EdgeKind| members.is_some_and(|of| of.ids(*kind).contains(member));
        let attribute = match EdgeKind::ALL.into_iter().find(names) {
            Some(kind) => kind.attribute(),
            None if self.snapshot.membership().is_selected(group, member) => well_known::MEMBER_URL,
            None => well_known::MEMBER_UID,
        };
        self.snapshot.schema().attribute(attribute).name()
    }

    /// The groups that the member and the group are in, and those in the group, for Graphviz; the shortest chain is
    /// drawn bold. Of very many groups those of the chain and the first ones.
    pub fn dot(&self) -> String {
        let membership = self.snapshot.membership();
        let chain = self.chain.as_deref().unwrap_or_default();
        let mut drawn: BTreeSet<EntryId> = chain.iter().copied().collect();
        drawn.extend([self.member, self.group]);
        let above = [self.member, self.group].map(|id| membership.all_groups_of(id));
        let below = membership.groups_in(self.group);
        let around = above.iter().flatten().chain(below.iter());
        let mut left_out = BTreeSet::new();
        for id in around {
            if drawn.len() < DRAWN {
                drawn.insert(id);
            } else if !drawn.contains(&id) {
                left_out.insert(id);
            }
        }
        let mut out = String::from("digraph membership {\n  rankdir=BT;\n  node [shape=box];\n");
        for id in &drawn {
            let name = quoted(&self.snapshot.dn(*id));
            let shape = if *id == self.member {
                " [shape=oval]"
            } else {
                ""
            };
            let _ = writeln!(out, "  {id} [label={name}]{shape};");
        }
        for id in &drawn {
            for group in membership.groups_of(*id).into_iter().flatten() {
                if drawn.contains(&group) {
                    let bold = chain.windows(2).any(|pair| *pair == [*id, group]);
                    let style = if bold { ", style=bold" } else { "" };
                    let by = self.by(group, *id);
                    let _ = writeln!(out, "  {id} -> {group} [label={by}{style}];");
                }
            }
        }
        if !left_out.is_empty() {
            let _ = writeln!(out, "  label=\"{} more groups\";", left_out.len());
        }
        out + "}\n"
    }
}

/// A string of Graphviz.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// The chain link by link, or where the groups of the member end.
impl fmt::Display for Explanation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |id: EntryId| self.snapshot.dn(id);
        let (member, group) = (name(self.member), name(self.group));
        if let Some(chain) = &self.chain {
            writeln!(f, "{member} is in {group}")?;
            for (from, to) in chain.iter().zip(chain.iter().skip(1)) {
                writeln!(
                    f,
                    "  {} has {} ({})",
                    name(*to),
                    name(*from),
                    self.by(*to, *from)
                )?;
            }
            return Ok(());
        }
        writeln!(f, "{member} is not in {group}")?;
        let membership = self.snapshot.membership();
        if membership.member_count(self.group) == 0 {
            writeln!(f, "  {group} has no members")?;
        }
        if self.member == self.group {
            return writeln!(f, "  a group is never its own member");
        }
        if !membership.has_groups(self.member) {
            return writeln!(f, "  {member} is in no group");
        }
        let ends = self.ends();
        for end in ends.iter().take(NAMED) {
            writeln!(f, "  it is in {}, which is in no other group", name(*end))?;
        }
        match (ends.len(), ends.len().saturating_sub(NAMED)) {
            (0, _) => writeln!(f, "  all its groups are in a circle of groups"),
            (_, 0) => Ok(()),
            (_, more) => writeln!(f, "  and in {more} more of this kind"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::fixture;

    const TREE: &str = "dn: dc=a\nobjectClass: domain\ndc: a\n\n\
        dn: uid=one,dc=a\nobjectClass: inetOrgPerson\nuid: one\ncn: one\nsn: One\n\n\
        dn: uid=two,dc=a\nobjectClass: account\nuid: two\n\n\
        dn: cn=team,dc=a\nobjectClass: groupOfMembers\ncn: team\nmember: uid=one,dc=a\n\n\
        dn: cn=unix,dc=a\nobjectClass: groupOfMembers\nobjectClass: posixGroup\ncn: unix\n\
        gidNumber: 1\nmemberUid: one\n\n\
        dn: cn=\\\"far\\\",dc=a\nobjectClass: groupOfUniqueNames\ncn: \"far\"\n\
        uniqueMember: cn=team,dc=a\n\n\
        dn: cn=vpn,dc=a\nobjectClass: groupOfMembers\ncn: vpn\nmember: cn=\\\"far\\\",dc=a\n\
        member: cn=unix,dc=a\n\n\
        dn: cn=x,dc=a\nobjectClass: groupOfMembers\ncn: x\nmember: cn=y,dc=a\n\n\
        dn: cn=y,dc=a\nobjectClass: groupOfMembers\ncn: y\nmember: cn=x,dc=a\n\
        member: cn=empty,dc=a\n\n\
        dn: cn=empty,dc=a\nobjectClass: groupOfMembers\ncn: empty\n";

    #[test]
    fn the_shortest_chain_is_told_link_by_link() {
        let snapshot = fixture::tree(TREE);
        let explanation = explain(&snapshot, "UID=One,dc=a", "cn=vpn,dc=a").unwrap();
        let chain = ["uid=one,dc=a", "cn=unix,dc=a", "cn=vpn,dc=a"];
        assert_eq!(explanation.chain().unwrap(), chain);
        assert_eq!(
            explanation.to_string(),
            "uid=one,dc=a is in cn=vpn,dc=a\n  \
             cn=unix,dc=a has uid=one,dc=a (memberUid)\n  \
             cn=vpn,dc=a has cn=unix,dc=a (member)\n"
        );
    }

    #[test]
    fn without_a_chain_it_is_told_where_the_groups_end() {
        let snapshot = fixture::tree(TREE);
        for (member, group, text) in [
            (
                "uid=one,dc=a",
                "cn=empty,dc=a",
                "uid=one,dc=a is not in cn=empty,dc=a\n  cn=empty,dc=a has no members\n  \
                 it is in cn=vpn,dc=a, which is in no other group\n",
            ),
            (
                "uid=two,dc=a",
                "cn=vpn,dc=a",
                "uid=two,dc=a is not in cn=vpn,dc=a\n  uid=two,dc=a is in no group\n",
            ),
            (
                "cn=empty,dc=a",
                "cn=vpn,dc=a",
                "cn=empty,dc=a is not in cn=vpn,dc=a\n  \
                 all its groups are in a circle of groups\n",
            ),
            (
                "cn=x,dc=a",
                "cn=x,dc=a",
                "cn=x,dc=a is not in cn=x,dc=a\n  a group is never its own member\n",
            ),
        ] {
            let explanation = explain(&snapshot, member, group).unwrap();
            assert_eq!(explanation.to_string(), text);
            assert_eq!(explanation.chain(), None);
        }
        let missing = explain(&snapshot, "uid=three,dc=a", "cn=vpn,dc=a").err();
        assert_eq!(missing.unwrap(), "there is no entry \"uid=three,dc=a\"");
    }

    #[test]
    fn a_member_is_named_by_its_uid_as_well_and_a_group_by_its_cn() {
        let snapshot = fixture::tree(TREE);
        let chain = explain(&snapshot, "one", "vpn").unwrap().chain().unwrap();
        assert_eq!(chain, ["uid=one,dc=a", "cn=unix,dc=a", "cn=vpn,dc=a"]);
        let missing = |member, group| explain(&snapshot, member, group).err().unwrap();
        assert_eq!(missing("team", "vpn"), "no entry has the uid \"team\"");
        assert_eq!(missing("one", "three"), "no entry has the cn \"three\"");
    }

    #[test]
    fn the_surroundings_are_drawn_with_the_chain_bold_and_names_quoted() {
        let snapshot = fixture::tree(TREE);
        let dot = explain(&snapshot, "uid=one,dc=a", "cn=vpn,dc=a")
            .unwrap()
            .dot();
        assert!(dot.starts_with("digraph membership {\n"), "{dot}");
        assert_eq!(dot.matches(" -> ").count(), 5, "{dot}");
        assert_eq!(dot.matches("style=bold").count(), 2, "{dot}");
        assert!(dot.contains("[label=memberUid, style=bold]"), "{dot}");
        assert!(dot.contains(r#"[label="cn=\\\"far\\\",dc=a"]"#), "{dot}");
        assert!(!dot.contains("cn=x"), "{dot}");
    }
}
