//! What is asked about groups in groups, and the right answers.
//!
//! Owns the requests; `work` says what they may take.

use super::Outcome;
use super::load::{Expected, Request};
use super::people::{BASE, SUBTREE, comparison, many, one, search};
use super::tree::{Random, SERVICE, SUFFIX, Tree};

const COMPARE_FALSE: i32 = 5;
const COMPARE_TRUE: i32 = 6;
/// The rule of Active Directory that follows groups in groups.
const IN_CHAIN: &str = "1.2.840.113556.1.4.1941";

/// Somebody who is in `cn=tree`, or as often somebody who is not; with the right number of answers to whether.
fn candidate(tree: Tree, random: &mut Random) -> (String, u32) {
    match random.below(2 * tree.in_tree()) {
        inside if inside < tree.in_tree() => (Tree::person(inside), 1),
        outside if outside < tree.people => (Tree::person(outside), 0),
        _ => (SERVICE.to_owned(), 0),
    }
}

fn is_in_tree(base: &str, scope: u8, filter: &str, (dn, found): (String, u32)) -> Outcome<Request> {
    let expected = Expected {
        entries: found,
        ..one(dn)
    };
    search(base, scope, filter, &["1.1"], expected)
}

/// What a VPN gateway asks at a login.
pub fn gate(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let group = Tree::group("tree");
    let (dn, found) = candidate(tree, random);
    let (rdn, _) = dn.split_once(',').unwrap_or_default();
    let filter = format!("(&({rdn})(memberOf={group}))");
    is_in_tree(SUFFIX, SUBTREE, &filter, (dn, found))
}

pub fn in_group(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let candidate = candidate(tree, random);
    let filter = format!("(memberOf={})", Tree::group("tree"));
    is_in_tree(&candidate.0.clone(), BASE, &filter, candidate)
}

pub fn in_chain_user(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let candidate = candidate(tree, random);
    let filter = format!("(memberOf:{IN_CHAIN}:={})", Tree::group("tree"));
    is_in_tree(&candidate.0.clone(), BASE, &filter, candidate)
}

pub fn member_of(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    let dn = Tree::person(number);
    let expected = Expected {
        values: Some(tree.all_groups(number)),
        ..one(dn.clone())
    };
    search(&dn, BASE, "(objectClass=*)", &["memberOf"], expected)
}

/// Of the team that somebody is in, or the one after it.
pub fn compare_member(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    let size = 10_u32.pow(1 + random.below(3));
    let own = number / size;
    let team = (own + random.below(2)) % (tree.people / size);
    let code = if team == own {
        COMPARE_TRUE
    } else {
        COMPARE_FALSE
    };
    let group = Tree::group(&format!("team-{size}-{team}"));
    Ok(comparison(group, "member", Tree::person(number), code))
}

pub fn group(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    let filter = format!(
        "(&(objectClass=groupOfNames)(member={}))",
        Tree::person(number)
    );
    groups(&filter, tree.direct_groups(number))
}

pub fn in_chain(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let number = random.below(tree.people);
    let filter = format!("(member:{IN_CHAIN}:={})", Tree::person(number));
    groups(&filter, tree.all_groups(number))
}

fn groups(filter: &str, found: u32) -> Outcome<Request> {
    let base = format!("ou=groups,{SUFFIX}");
    search(&base, SUBTREE, filter, &["cn"], many(found))
}

/// Everybody below one of the ten branches of the tree of groups.
pub fn members(tree: Tree, random: &mut Random) -> Outcome<Request> {
    let group = Tree::group(&format!("tree-{}", random.below(10)));
    let filter = format!("(memberOf={group})");
    let base = format!("ou=people,{SUFFIX}");
    search(&base, SUBTREE, &filter, &[], many(tree.in_tree() / 10))
}
