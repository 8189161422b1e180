//! How long changes of memberships take: in chains and cycles of very many groups, and with very many dynamic groups; in
//! nanoseconds a call, the best of several rounds, until the change is seen: `cargo bench --bench membership`.

mod served;

use std::fmt::Write;
use std::time::Instant;

use hedgerow::directory::Directory;
use hedgerow::directory::dn::Dn;
use served::{Outcome, SUFFIX, TOP, administrator, directory, measure, replace};

const GROUPS: usize = 10_000;
const PEOPLE: usize = 100_000;
const DYNAMIC: usize = 1_000;

fn main() -> Outcome<()> {
    let chain = loaded(
        "a chain",
        &nested(|at| (at + 1 < GROUPS).then_some(at + 1))?,
    )?;
    changes(&chain, GROUPS - 1, None, "at the end of the chain")?;
    changes(
        &chain,
        GROUPS / 2,
        Some(GROUPS / 2 + 1),
        "in the middle of the chain",
    )?;
    let cycle = loaded("a cycle", &nested(|at| Some((at + 1) % GROUPS))?)?;
    changes(&cycle, GROUPS - 1, Some(0), "that closes the cycle")?;
    let tree = loaded(
        "a tree of ten branches each",
        &nested(|at| at.checked_sub(1).map(|at| at / 10))?,
    )?;
    changes(
        &tree,
        GROUPS - 1,
        Some((GROUPS - 2) / 10),
        "at a leaf of the tree",
    )?;
    for dynamic in [0, DYNAMIC] {
        let people = loaded(
            &format!("{PEOPLE} people, {dynamic} dynamic groups"),
            &people(dynamic)?,
        )?;
        let (who, dn) = (
            administrator(&people),
            Dn::parse(&format!("uid=user.77,{SUFFIX}"))?,
        );
        for attribute in ["description", "departmentNumber"] {
            let mut number = 0;
            measure(&format!("change {attribute}"), || {
                number = (number + 1) % DYNAMIC;
                replace(&people, &who, &dn, attribute, &[&number.to_string()]);
            });
        }
    }
    Ok(())
}

fn loaded(what: &str, ldif: &str) -> Outcome<Directory> {
    let start = Instant::now();
    let loaded = directory(ldif);
    println!("{:>10} ms  import of {what}", start.elapsed().as_millis());
    Ok(loaded)
}

/// Groups by their numbers, each with another one as a member; the last one is in none yet.
fn nested(member: impl Fn(usize) -> Option<usize>) -> Outcome<String> {
    let mut ldif = TOP.to_owned();
    for at in 0..GROUPS {
        write!(ldif, "\ndn: {}\nobjectClass: groupOfMembers\n", group(at))?;
        if let Some(member) = member(at) {
            writeln!(ldif, "member: {}", group(member))?;
        }
    }
    // A group, so that it counts in the closure.
    write!(
        ldif,
        "\ndn: cn=more,{SUFFIX}\nobjectClass: groupOfMembers\nmember: {SUFFIX}\n"
    )?;
    Ok(ldif)
}

fn group(at: usize) -> String {
    format!("cn={at},{SUFFIX}")
}

/// Puts one group more into another, beside the one it has, or takes that one out and puts it in again.
fn changes(directory: &Directory, of: usize, has: Option<usize>, what: &str) -> Outcome<()> {
    let (who, dn) = (administrator(directory), Dn::parse(&group(of))?);
    let more = format!("cn=more,{SUFFIX}");
    let with: Vec<String> = has.map_or(vec![more], |has| vec![group(has)]);
    let with: Vec<&str> = with.iter().map(String::as_str).collect();
    measure(&format!("take an edge away and add it, {what}"), || {
        replace(directory, &who, &dn, "member", &[]);
        replace(directory, &who, &dn, "member", &with);
    });
    Ok(())
}

fn people(dynamic: usize) -> Outcome<String> {
    let mut ldif = TOP.to_owned();
    for at in 0..PEOPLE {
        write!(
            ldif,
            "\ndn: uid=user.{at},{SUFFIX}\nobjectClass: inetOrgPerson\nuid: user.{at}\ncn: {at}\nsn: {at}\n\
             departmentNumber: {}\n",
            at % DYNAMIC
        )?;
    }
    for at in 0..dynamic {
        write!(
            ldif,
            "\ndn: cn={at},{SUFFIX}\nobjectClass: groupOfURLs\n\
             memberURL: ldap:///{SUFFIX}??sub?(&(objectClass=inetOrgPerson)(departmentNumber={at}))\n"
        )?;
    }
    Ok(ldif)
}
