//! What accepting an invitation does: the entry that waits becomes the user's own, or a new one is made with what the
//! invitation gives.
//!
//! Owns that all of it happens or nothing, and what of an invitation goes over to a new user: its address, its auxiliary
//! classes with their attributes, and membership of the groups it names that are still there.

use super::{INVITED_TO, Invitation, PENDING, replace};
use crate::directory::Directory;
use crate::directory::attributes::Attributes;
use crate::directory::dn::{Ava, Dn, Rdn};
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::password::Secret;
use crate::directory::request::{Change, Modification, ModificationKind, Terms};
use crate::directory::schema::{ClassId, ClassKind, Schema, well_known as known};
use crate::directory::snapshot::Snapshot;
use crate::directory::view::View;

/// What somebody says who accepts an invitation.
#[derive(Debug)]
pub struct Acceptance {
    /// The token that they were sent.
    pub token: String,
    /// The name to log in with.
    pub user_name: String,
    /// The name for people.
    pub display_name: String,
    /// The password.
    pub password: Secret,
    /// The entry that is made where none waits, without what the invitation gives.
    pub newcomer: Newcomer,
}

/// An entry that is made for somebody who comes.
#[derive(Clone, Debug)]
pub struct Newcomer {
    /// Its name.
    pub dn: Dn,
    /// Its attributes.
    pub attributes: Vec<(String, Vec<Vec<u8>>)>,
}

/// Changes that are made together: the one that brings the password, and what follows.
type Together = (Change, Vec<Change>);

impl Directory {
    /// Makes whoever holds a token the user that the invitation is for: an entry that waits gets its names and its
    /// password, else a new one is made; and the invitation ends. All or nothing. `done` is called once that is on the
    /// disk; [`Error::InvalidCredentials`] says that there is no such invitation.
    pub fn accept_invitation(
        &self,
        invitations: &Dn,
        acceptance: Acceptance,
        done: impl FnOnce(Result<(), Error>) + Send + 'static,
    ) {
        let snapshot = self.snapshot();
        let invitation = match self.invitation(&snapshot, invitations, &acceptance.token) {
            Ok(invitation) => invitation,
            Err(error) => return done(Err(error)),
        };
        let changes = match &invitation.user {
            Some((_, user)) => take_over(&invitation, user, &acceptance),
            None => Ok(join(&snapshot, &invitation, &acceptance)),
        };
        let (first, then) = match changes {
            Ok(changes) => changes,
            Err(error) => return done(Err(error)),
        };
        drop(snapshot);
        // Nobody in particular is above no policy.
        let nobody = Identity::anonymous();
        let standard = match &invitation.user {
            Some((user, _)) => self.standard_of(&nobody, Some(*user)),
            None => self.standard_for(&nobody, &first),
        };
        let directory = self.clone();
        self.judge(standard, acceptance.password, move |judged| match judged {
            Ok(()) => {
                // What the invitation lets its holder do is more than they may do otherwise.
                let identity = Identity::administrator();
                let terms = |change| (change, Terms::default());
                let then = then.into_iter().map(terms).collect();
                let told = |outcome: Result<_, _>| done(outcome.map(|_| ()));
                directory.change_together(&identity, terms(first), then, told);
            }
            Err(error) => done(Err(error)),
        });
    }
}

/// The changes that make an entry which waits that of whoever accepts.
fn take_over(
    invitation: &Invitation,
    user: &Dn,
    acceptance: &Acceptance,
) -> Result<Together, Error> {
    let ava = Ava {
        attribute: "uid".to_owned(),
        value: acceptance.user_name.as_bytes().to_vec(),
    };
    let new_rdn =
        Rdn::parse(&ava.to_string()).map_err(|error| Error::NamingViolation(error.to_string()))?;
    let shown = acceptance.display_name.as_bytes().to_vec();
    let password = acceptance.password.as_bytes().to_vec();
    let modify = Change::Modify {
        dn: user.clone(),
        modifications: vec![
            replace("userPassword", vec![password]),
            replace("pwdReset", Vec::new()),
            replace("displayName", vec![shown.clone()]),
            replace("cn", vec![shown]),
            replace(PENDING, Vec::new()),
            replace(super::EXPIRY, Vec::new()),
        ],
    };
    let rename = Change::Rename {
        dn: user.clone(),
        new_rdn,
        delete_old_rdn: true,
        new_superior: None,
    };
    Ok((modify, vec![rename, end(invitation)]))
}

/// The changes that make an entry for whoever accepts.
fn join(snapshot: &Snapshot, invitation: &Invitation, acceptance: &Acceptance) -> Together {
    let schema = snapshot.schema();
    let Newcomer { dn, mut attributes } = acceptance.newcomer.clone();
    carry(schema, &invitation.attributes, &mut attributes);
    let password = acceptance.password.as_bytes().to_vec();
    attributes.push(("userPassword".to_owned(), vec![password]));
    let groups = schema.attribute_id(INVITED_TO);
    let groups = groups.map_or(&[][..], |id| invitation.attributes.values(id));
    let joining = groups
        .iter()
        .filter_map(|group| Dn::parse(std::str::from_utf8(group).ok()?).ok())
        .filter_map(|group| joins(snapshot, &group, &dn));
    let then = joining.chain([end(invitation)]).collect();
    (Change::Add { dn, attributes }, then)
}

fn end(invitation: &Invitation) -> Change {
    Change::Delete {
        dn: invitation.dn.clone(),
    }
}

/// The change that makes somebody a member of a group; `None` when there is no such group.
pub fn joins(snapshot: &Snapshot, group: &Dn, member: &Dn) -> Option<Change> {
    let view = View::new(snapshot, snapshot.find_entry(group)?)?;
    let unique = view.has_class(known::class::GROUP_OF_UNIQUE_NAMES);
    let attribute = if unique { "uniqueMember" } else { "member" };
    Some(joining(group, attribute, &member.to_string()))
}

/// The change that puts somebody on a list of members.
pub fn joining(group: &Dn, attribute: &str, member: &str) -> Change {
    Change::Modify {
        dn: group.clone(),
        modifications: vec![Modification {
            kind: ModificationKind::Add,
            attribute: attribute.to_owned(),
            values: vec![member.as_bytes().to_vec()],
        }],
    }
}

/// Puts what an invitation gives into the attributes of a new user.
fn carry(schema: &Schema, given: &Attributes, to: &mut Vec<(String, Vec<Vec<u8>>)>) {
    let classes = given.values(known::OBJECT_CLASS).iter();
    let auxiliary: Vec<ClassId> = classes
        .filter_map(|name| schema.class_id(std::str::from_utf8(name).ok()?))
        .filter(|id| schema.class(*id).kind == ClassKind::Auxiliary)
        .collect();
    for class in &auxiliary {
        put(to, "objectClass", schema.class(*class).name().as_bytes());
    }
    let invitations = schema.class_id(super::CLASS);
    for attribute in given.iter() {
        let id = attribute.description.attribute;
        let own = invitations.is_some_and(|class| schema.class(class).allows(id));
        let mut classes = auxiliary.iter().map(|class| schema.class(*class));
        let belongs = id == known::MAIL || !own && classes.any(|class| class.allows(id));
        if belongs {
            let name = schema.attribute(id).name();
            attribute
                .values
                .iter()
                .for_each(|value| put(to, name, value));
        }
    }
}

/// Adds a value to those of an attribute, unless it is among them.
fn put(attributes: &mut Vec<(String, Vec<Vec<u8>>)>, name: &str, value: &[u8]) {
    let at = attributes
        .iter_mut()
        .find(|(is, _)| is.eq_ignore_ascii_case(name));
    match at {
        Some((_, values)) if values.iter().any(|is| is == value) => {}
        Some((_, values)) => values.push(value.to_vec()),
        None => attributes.push((name.to_owned(), vec![value.to_vec()])),
    }
}
