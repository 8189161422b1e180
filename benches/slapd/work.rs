//! The kinds of work that are measured, each with the most that it may take.
//!
//! Owns the table of them and how a connection does one after the other. Says nothing of how they are measured.

use std::sync::Arc;
use std::time::Instant;

use rustls::ClientConfig;

use super::Outcome;
use super::groups::{
    compare_member, gate, group, in_chain, in_chain_user, in_group, member_of, members,
};
use super::load::{Connection, Request};
use super::people::{
    ADD, DELETE, add, and, base, base_of, bind, bind_as, change, compare, done, equality, miss,
    modify, modify_indexed, or, part, person, prefix,
};
use super::servers::Addresses;
use super::tree::{Random, SERVICE, SERVICE_PASSWORD, SUFFIX, Tree, password};
use super::wire::Operation;

/// One row of the table.
pub struct Work {
    /// For `--only`.
    pub name: &'static str,
    pub title: &'static str,
    pub action: Action,
    pub most: Most,
    /// Connections that work at once.
    pub connections: usize,
    /// Requests that each of them keeps under way.
    pub pipelined: usize,
    /// How many times as long as others it is measured: a server may put off what changes give it to do.
    pub times: u32,
}

/// What one operation is.
#[derive(Clone, Copy)]
pub enum Action {
    Ask(fn(Tree, &mut Random) -> Outcome<Request>),
    /// The service account finds a person, who then binds on another connection.
    FindAndBind,
    /// A connection under TLS, a bind, a read of the own entry, and the end.
    Visit,
    /// A person comes and goes.
    AddAndDelete,
    /// A member of this group comes, or goes again.
    Member(&'static str),
}

/// What a figure is held against, and the largest ratio that is aimed at.
#[derive(Clone, Copy)]
pub enum Most {
    /// Processor time of slapd for the same.
    Slapd(f64),
    /// How many slapd does in a second: the least ratio.
    SlapdRate(f64),
    /// Processor time of Hedgerow itself for other work.
    Own(&'static str, f64),
    /// Processor time of a Hedgerow of fewer people for the same.
    Fewer(f64),
}

const fn work(name: &'static str, title: &'static str, action: Action, most: Most) -> Work {
    Work {
        name,
        title,
        action,
        most,
        connections: 8,
        pipelined: 1,
        times: 1,
    }
}

const fn update(name: &'static str, title: &'static str, action: Action, most: Most) -> Work {
    Work {
        times: 6,
        ..work(name, title, action, most)
    }
}

use Action::{AddAndDelete, Ask, FindAndBind, Member, Visit};
use Most::{Fewer, Own, Slapd, SlapdRate};

/// What is asked before memory is looked at.
pub const READS: &[Work] = &[
    work("equality", "search by equality", Ask(equality), Slapd(0.35)),
    work("and", "search by equality and class", Ask(and), Slapd(0.35)),
    work("miss", "search for nobody", Ask(miss), Slapd(0.35)),
    work("base", "base lookup", Ask(base), Slapd(0.35)),
    work("compare", "compare", Ask(compare), Slapd(0.35)),
    Work {
        pipelined: 8,
        ..work(
            "pipelined",
            "search by equality, 8 pipelined",
            Ask(equality),
            Slapd(0.25),
        )
    },
    work(
        "prefix10",
        "`(sn=a*)`, 10 entries",
        Ask(|t, r| prefix(t, r, 10)),
        Slapd(0.15),
    ),
    work(
        "prefix100",
        "`(sn=a*)`, 100 entries",
        Ask(|t, r| prefix(t, r, 100)),
        Slapd(0.07),
    ),
    work(
        "prefix1000",
        "`(sn=a*)`, 1,000 entries",
        Ask(|t, r| prefix(t, r, 1000)),
        Slapd(0.04),
    ),
    work(
        "part10",
        "`(cn=*a*)`, 10 entries",
        Ask(|t, r| part(t, r, 10)),
        Slapd(0.2),
    ),
    work(
        "part100",
        "`(cn=*a*)`, 100 entries",
        Ask(|t, r| part(t, r, 100)),
        Slapd(0.07),
    ),
    work(
        "or10",
        "OR of 10 equalities",
        Ask(|t, r| or(t, r, 10)),
        Slapd(0.3),
    ),
    work(
        "or100",
        "OR of 100 equalities",
        Ask(|t, r| or(t, r, 100)),
        Slapd(0.15),
    ),
];

/// What passwords and connections take, and changes, each of them durable when it is answered.
pub const CHANGES: &[Work] = &[
    work("bind", "bind, {SSHA}", Ask(bind), Slapd(0.8)),
    work("login", "search, then bind", FindAndBind, Slapd(0.6)),
    work(
        "visit",
        "connect, TLS, bind, read, close",
        Visit,
        Slapd(0.8),
    ),
    update("modify", "modify", Ask(modify), Slapd(0.35)),
    update(
        "indexed",
        "modify of an indexed attribute",
        Ask(modify_indexed),
        Slapd(0.1),
    ),
    update("add", "add and delete", AddAndDelete, Slapd(0.15)),
    Work {
        connections: 64,
        ..update(
            "rate",
            "modify by 64 clients, a second",
            Ask(modify),
            SlapdRate(6.0),
        )
    },
];

/// Groups in groups, which this slapd is not set up to follow: held against other work of our own.
pub const GROUPS: &[Work] = &[
    work(
        "memberof",
        "read of `memberOf`, nested",
        Ask(member_of),
        Own("base", 1.5),
    ),
    work(
        "gate",
        "login filter with `memberOf`, nested",
        Ask(gate),
        Own("base", 1.4),
    ),
    work(
        "ingroup",
        "base lookup filtered by `memberOf`",
        Ask(in_group),
        Own("base", 1.4),
    ),
    work(
        "inchainuser",
        "base lookup filtered by the chain rule",
        Ask(in_chain_user),
        Own("base", 1.4),
    ),
    work(
        "comparemember",
        "compare of `member`",
        Ask(compare_member),
        Own("base", 1.5),
    ),
    work(
        "group",
        "groups that list a person",
        Ask(group),
        Own("equality", 2.5),
    ),
    work(
        "inchain",
        "groups of a person by the chain rule",
        Ask(in_chain),
        Own("equality", 2.5),
    ),
    work(
        "members",
        "search by `memberOf`, 1,000 entries",
        Ask(members),
        Own("prefix1000", 1.2),
    ),
    update(
        "memberadd",
        "a member more or less in a group of 10",
        Member("team-10-0"),
        Own("modify", 1.5),
    ),
    update(
        "memberaddall",
        "a member more or less in a group of everybody",
        Member("everyone"),
        Own("memberadd", 1.3),
    ),
];

/// What is to cost the same however many people there are.
pub const SIZES: &[Work] = &[
    work(
        "manyequality",
        "search by equality among so many",
        Ask(equality),
        Fewer(1.25),
    ),
    work(
        "manybase",
        "base lookup among so many",
        Ask(base),
        Fewer(1.25),
    ),
    work(
        "manycompare",
        "compare among so many",
        Ask(compare),
        Fewer(1.25),
    ),
];

/// Where somebody works: a server and what is in it.
#[derive(Clone)]
pub struct Place {
    pub tree: Tree,
    pub addresses: Addresses,
    pub tls: Arc<ClientConfig>,
}

/// One connection with what it remembers from one operation to the next.
pub struct Worker {
    action: Action,
    pipelined: usize,
    place: Place,
    connection: Connection,
    /// Of those whom the service account has found.
    second: Connection,
    random: Random,
    number: usize,
    /// Whether its spare person is in the group now.
    is_member: bool,
}

impl Worker {
    pub fn new(work: &Work, place: &Place, number: usize) -> Outcome<Worker> {
        let mut connection = Connection::open(place.addresses.clear)?;
        connection.ask(bind_as(SERVICE, SERVICE_PASSWORD))?;
        Ok(Worker {
            action: work.action,
            pipelined: work.pipelined,
            place: place.clone(),
            connection,
            second: Connection::open(place.addresses.clear)?,
            random: Random(u64::try_from(number)?),
            number,
            is_member: false,
        })
    }

    /// Works until a moment has come; gives how many operations were done.
    pub fn work(&mut self, until: Instant) -> Outcome<u64> {
        let mut done = 0;
        while Instant::now() < until {
            done += self.step()?;
        }
        while self.connection.waiting() > 0 {
            done += self.connection.answered()?;
        }
        Ok(done)
    }

    fn step(&mut self) -> Outcome<u64> {
        let tree = self.place.tree;
        match self.action {
            Ask(request) => {
                while self.connection.waiting() < self.pipelined {
                    self.connection.queue(request(tree, &mut self.random)?);
                }
                return self.connection.answered();
            }
            FindAndBind => {
                let number = self.random.below(tree.people);
                self.connection
                    .ask(person(number, &format!("(uid=user.{number})"))?)?;
                self.second
                    .ask(bind_as(&Tree::person(number), &password(number)))?;
            }
            Visit => {
                let number = self.random.below(tree.people);
                let mut visit = Connection::secure(self.place.addresses.secure, &self.place.tls)?;
                visit.ask(bind_as(&Tree::person(number), &password(number)))?;
                visit.ask(base_of(&Tree::person(number))?)?;
                visit.unbind()?;
            }
            AddAndDelete => {
                let id = format!("guest.{}.{:x}", self.number, self.random.number());
                let dn = format!("uid={id},ou=scratch,{SUFFIX}");
                let number = self.random.below(tree.people);
                self.connection
                    .ask(add(tree, &dn, &id, number, &mut self.random))?;
                self.connection.ask(done(&Operation::Delete { dn }))?;
            }
            Member(group) => {
                let kind = if self.is_member { DELETE } else { ADD };
                let member = Tree::spare(self.number);
                let change = change(Tree::group(group), kind, "member", member);
                self.connection.ask(done(&change))?;
                self.is_member = !self.is_member;
            }
        }
        Ok(1)
    }
}
