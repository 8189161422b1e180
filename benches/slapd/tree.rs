//! The directory that both servers hold: made-up people and groups, the same each time, as LDIF.
//!
//! Owns names and numbers, so that the right answer to every question is known. Asks nothing itself.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use sha1::{Digest, Sha1};

use super::Outcome;

pub const SUFFIX: &str = "dc=example,dc=org";
/// Who asks and writes, held to access rules on both sides.
pub const SERVICE: &str = "cn=svc,ou=services,dc=example,dc=org";
pub const SERVICE_PASSWORD: &str = "svc-secret";
/// People in no group, whom the work on members adds and removes: one for each connection.
pub const SPARE: usize = 64;

/// Groups in each other, in a line.
const CHAIN: u32 = 32;
/// The people of the first groups of the tree of groups, all of them together.
const IN_TREE: u32 = 10_000;
/// Sizes of the groups that everybody is in one of.
const TEAMS: [u32; 4] = [10, 100, 1_000, 10_000];

/// Two letters for each digit of a number, which with a vowel are its ten values. No other name has a `b` or `c`, so that a
/// piece of a surname that begins with one is found nowhere else.
const LETTERS: [[char; 2]; 6] = [
    ['b', 'c'],
    ['d', 'f'],
    ['g', 'h'],
    ['k', 'l'],
    ['m', 'n'],
    ['p', 'r'],
];
const VOWELS: [char; 5] = ['a', 'e', 'i', 'o', 'u'];
const GIVEN_NAMES: [&str; 16] = [
    "Anna", "Derek", "Elena", "Frank", "Hugo", "Irene", "Jonas", "Karen", "Liam", "Maria", "Nora",
    "Paula", "Simon", "Tessa", "Vera", "Willem",
];

/// Numbers that look drawn, the same each time (SplitMix64).
pub struct Random(pub u64);

impl Random {
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub fn below(&mut self, bound: u32) -> u32 {
        u32::try_from(self.number() % u64::from(bound.max(1))).unwrap_or_default()
    }
}

/// People `uid=user.0` and on, and their groups.
#[derive(Clone, Copy)]
pub struct Tree {
    pub people: u32,
}

impl Tree {
    pub fn new(people: u32) -> Outcome<Tree> {
        if !matches!(people, 10_000 | 100_000 | 1_000_000) {
            return Err("people are 10000, 100000 or 1000000: pieces of names then find whole powers of ten".into());
        }
        Ok(Tree { people })
    }

    pub fn person(number: u32) -> String {
        format!("uid=user.{number},ou=people,{SUFFIX}")
    }

    pub fn spare(number: usize) -> String {
        format!("uid=spare.{number},ou=people,{SUFFIX}")
    }

    pub fn group(name: &str) -> String {
        format!("cn={name},ou=groups,{SUFFIX}")
    }

    /// The first letters of a surname, which so many people have.
    pub fn piece(self, number: u32, shared_by: u32) -> String {
        let parts = (self.people / shared_by).ilog10();
        let mut surname = self.surname(number);
        surname.truncate(usize::try_from(parts * 2).unwrap_or_default());
        surname
    }

    /// People of `cn=tree`, through its groups: those with the lowest numbers.
    pub fn in_tree(self) -> u32 {
        IN_TREE.min(self.people)
    }

    /// Groups that list a person.
    pub fn direct_groups(self, number: u32) -> u32 {
        self.teams() + 1 + u32::from(number < self.in_tree()) + u32::from(number < 10)
    }

    /// Groups that a person is in, through any chain.
    pub fn all_groups(self, number: u32) -> u32 {
        let tree = 4 * u32::from(number < self.in_tree());
        self.teams() + 1 + CHAIN + tree + CHAIN * u32::from(number < 10)
    }

    fn teams(self) -> u32 {
        let fitting = TEAMS.iter().filter(|size| **size <= self.people);
        u32::try_from(fitting.count()).unwrap_or_default()
    }

    fn surname(self, number: u32) -> String {
        let spread = (u64::from(number) * 7_919 + 12_345) % u64::from(self.people);
        let width = usize::try_from(self.people.ilog10()).unwrap_or_default();
        let digits = format!("{spread:0width$}");
        let values = digits.chars().filter_map(|digit| digit.to_digit(10));
        let sounds = LETTERS.iter().zip(values).map(|(letters, value)| {
            let letter = letters.get(usize::from(value >= 5));
            let vowel = VOWELS
                .iter()
                .cycle()
                .nth(usize::try_from(value).unwrap_or_default());
            letter.into_iter().chain(vowel).collect::<String>()
        });
        sounds.collect()
    }

    /// Writes everything as LDIF into a new file, what is above before what is below.
    pub fn write_file(self, file: &Path) -> io::Result<()> {
        let mut out = BufWriter::new(File::create(file)?);
        self.write(&mut out)?;
        out.flush()
    }

    fn write(self, out: &mut impl Write) -> io::Result<()> {
        let mut random = Random(1);
        write!(out, "dn: {SUFFIX}\nobjectClass: domain\ndc: example\n\n")?;
        for unit in ["services", "people", "groups", "scratch"] {
            let class = "organizationalUnit";
            write!(
                out,
                "dn: ou={unit},{SUFFIX}\nobjectClass: {class}\nou: {unit}\n\n"
            )?;
        }
        write!(
            out,
            "dn: {SERVICE}\nobjectClass: organizationalRole\nobjectClass: simpleSecurityObject\n\
             cn: svc\nuserPassword: {}\n\n",
            hashed(SERVICE_PASSWORD, &mut random)
        )?;
        for number in 0..self.people {
            self.write_person(number, &mut random, out)?;
        }
        for number in 0..SPARE {
            write!(
                out,
                "dn: {}\nobjectClass: inetOrgPerson\nuid: spare.{number}\ncn: Spare {number}\nsn: Spare\n\n",
                Tree::spare(number)
            )?;
        }
        self.write_groups(out)
    }

    fn write_person(
        self,
        number: u32,
        random: &mut Random,
        out: &mut impl Write,
    ) -> io::Result<()> {
        writeln!(out, "dn: {}", Tree::person(number))?;
        let id = format!("user.{number}");
        for (attribute, value) in self.attributes(number, &id, random) {
            writeln!(out, "{attribute}: {value}")?;
        }
        let password = hashed(&password(number), random);
        write!(out, "userPassword: {password}\n\n")
    }

    /// The attributes of a person but for the password; the class is there once for each of its values.
    pub fn attributes(
        self,
        number: u32,
        id: &str,
        random: &mut Random,
    ) -> Vec<(&'static str, String)> {
        let given = usize::try_from(random.below(16)).unwrap_or_default();
        let given = GIVEN_NAMES.get(given).copied().unwrap_or_default();
        let surname = self.surname(number);
        vec![
            ("objectClass", "inetOrgPerson".to_owned()),
            ("objectClass", "posixAccount".to_owned()),
            ("uid", id.to_owned()),
            ("cn", format!("{given} {surname}")),
            ("mail", format!("{given}.{surname}@example.org")),
            ("sn", surname),
            ("givenName", given.to_owned()),
            (
                "telephoneNumber",
                format!("+1 555 {:07}", random.below(10_000_000)),
            ),
            ("uidNumber", (100_000 + number).to_string()),
            ("gidNumber", (1_000 + number % 500).to_string()),
            ("homeDirectory", format!("/home/{id}")),
            ("loginShell", "/bin/bash".to_owned()),
            ("employeeNumber", employee_number(number)),
            (
                "departmentNumber",
                format!("Department {}", random.below(800)),
            ),
            (
                "description",
                format!(
                    "What is to be said of {id}, at some length: {:016x}.",
                    random.number()
                ),
            ),
        ]
    }

    fn write_groups(self, out: &mut impl Write) -> io::Result<()> {
        for size in TEAMS.into_iter().filter(|size| *size <= self.people) {
            for number in 0..self.people / size {
                let members = number * size..(number + 1) * size;
                write_group(
                    out,
                    &format!("team-{size}-{number}"),
                    members.map(Tree::person),
                )?;
            }
        }
        write_group(out, "everyone", (0..self.people).map(Tree::person))?;
        let mut below = "everyone".to_owned();
        for number in 0..CHAIN {
            let name = format!("above-{number}");
            write_group(out, &name, [Tree::group(&below)])?;
            below = name;
        }
        write_group(out, "chain-0", (0..10).map(Tree::person))?;
        for number in 1..CHAIN {
            let below = format!("chain-{}", number - 1);
            write_group(out, &format!("chain-{number}"), [Tree::group(&below)])?;
        }
        self.write_tree(out)
    }

    /// Ten groups below each, four levels with the top; people are in those of the last one.
    fn write_tree(self, out: &mut impl Write) -> io::Result<()> {
        let branches = |name: &str| {
            let below = (0..10).map(|branch| Tree::group(&format!("{name}-{branch}")));
            below.collect::<Vec<_>>()
        };
        write_group(out, "tree", branches("tree"))?;
        for first in 0..10 {
            let name = format!("tree-{first}");
            write_group(out, &name, branches(&name))?;
            for second in 0..10 {
                let name = format!("tree-{first}-{second}");
                write_group(out, &name, branches(&name))?;
            }
        }
        let each = self.in_tree() / 1_000;
        for leaf in 0..1_000 {
            let name = format!("tree-{}-{}-{}", leaf / 100, leaf / 10 % 10, leaf % 10);
            let members = leaf * each..(leaf + 1) * each;
            write_group(out, &name, members.map(Tree::person))?;
        }
        Ok(())
    }
}

pub fn password(number: u32) -> String {
    format!("password of {number}")
}

pub fn employee_number(number: u32) -> String {
    format!("{number:07}")
}

fn write_group(
    out: &mut impl Write,
    name: &str,
    members: impl IntoIterator<Item = String>,
) -> io::Result<()> {
    let dn = Tree::group(name);
    write!(out, "dn: {dn}\nobjectClass: groupOfNames\ncn: {name}\n")?;
    for member in members {
        writeln!(out, "member: {member}")?;
    }
    writeln!(out)
}

/// As many directories still store passwords: SHA-1 of the password and a salt.
fn hashed(password: &str, random: &mut Random) -> String {
    let salt = random.number().to_be_bytes();
    let digest = Sha1::new().chain_update(password).chain_update(salt);
    let stored = [digest.finalize().as_slice(), &salt].concat();
    format!("{{SSHA}}{}", BASE64_STANDARD.encode(stored))
}
