//! One directory, whatever it is looked at through: every change through every face that can make it, read through all.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod server;

#[path = "rest/https.rs"]
mod https;
#[path = "four_views/world.rs"]
mod world;

use serde_json::json;
use world::{Face, Truth, World, dn_of, dn_of_group};

const TREE: &str = include_str!("rest/tree.ldif");

/// A user that a face makes, with a password where the face can set one.
fn make(world: &World, face: Face, user: &str) -> Truth {
    let mail = match user.contains('@') {
        true => user.to_owned(),
        false => format!("{}@example.org", user.len()),
    };
    let mail = mail.replace(char::is_whitespace, "");
    let shown = "Zo\u{eb} \u{10c}apek";
    match face {
        Face::Ldap => {
            let attributes = [
                ("objectClass", "inetOrgPerson"),
                ("uid", user),
                ("cn", shown),
                ("sn", "\u{10c}apek"),
                ("mail", &mail),
                ("userPassword", "first-word"),
            ];
            world.add(&dn_of(user), &attributes);
        }
        Face::SlcHub => {
            let body = json!({ "userName": user, "displayName": shown, "email": mail, "password": "first-word" });
            world.done("POST /api/v2/auth/users", Some(body));
        }
        Face::Harmony => {
            let name = json!({ "firstName": "Zo\u{eb}", "lastName": "\u{10c}apek" });
            let body = json!({ "email": user, "inviteMessage": "Come in", "profileData": name });
            world.done("POST /v1/users", Some(body));
            world.set(&dn_of(user), "userPassword", Some("first-word"));
        }
    }
    Truth::new(user, &mail, shown)
}

/// Faces that make users under any name, and under an e-mail address alone.
const MAKERS: [(Face, &str); 6] = [
    (Face::Ldap, "plain"),
    (Face::Ldap, "ldap@example.org"),
    (Face::SlcHub, "\u{e9}mile z."),
    (Face::SlcHub, "slc@example.org"),
    (Face::Harmony, "harmony@example.org"),
    (Face::Harmony, "o'hara+x@ex-ample.org"),
];

#[test]
fn who_is_made_through_one_face_is_there_in_all_and_logs_in_everywhere() {
    let world = World::new(TREE);
    for (face, user) in MAKERS {
        let truth = make(&world, face, user);
        let after = format!("{face:?} made {user}");
        world.agree(&after, &truth);
        world.logs_in(&after, user, "first-word", true);
        world.logs_in(&after, user, "another", false);
    }
}
