//! One directory, whatever it is looked at through: every change through every face that can make it, read through all.

mod world;

use ldap3::Mod;
use serde_json::{Value, json};
use world::{ACCOUNT, Face, Truth, World, dn_of, dn_of_group};

const TREE: &str = concat!(
    include_str!("tree.ldif"),
    "
dn: ou=scopes,dc=example,dc=org
objectClass: organizationalUnit
ou: scopes

dn: ou=default,ou=scopes,dc=example,dc=org
objectClass: hedgerowScope
ou: default
"
);

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
        Face::Harness => {
            let role = json!({ "roleIdentifier": "_account_viewer", "roleName": "Viewer" });
            let body = json!({ "emails": [user], "roleBindings": [role] });
            world.done(&format!("POST /ng/api/user/users?{ACCOUNT}"), Some(body));
            world.accept(user, shown, "first-word");
        }
        Face::Netmaker => {
            let body = json!({
                "username": user, "password": "first-word", "display_name": shown,
                "platform_role_id": "service-user",
            });
            world.done(&format!("POST {}", world.netmaker_path(user)), Some(body));
            // The name stands for the address where there is none.
            return Truth::new(user, user, shown);
        }
        Face::Harmony => {
            let name = json!({ "firstName": "Zo\u{eb}", "lastName": "\u{10c}apek" });
            let body = json!({ "email": user, "inviteMessage": "Come in", "profileData": name });
            world.done("POST /v1/users", Some(body));
            world.accept(user, shown, "first-word");
        }
    }
    Truth::new(user, &mail, shown)
}

/// Faces that make users under any name, and under an e-mail address alone.
const MAKERS: [(Face, &str); 9] = [
    (Face::Ldap, "plain"),
    (Face::Ldap, "ldap@example.org"),
    (Face::SlcHub, "\u{e9}mile z."),
    (Face::SlcHub, "slc@example.org"),
    (Face::Netmaker, "net.maker-1"),
    (Face::Netmaker, "netmaker@example.org"),
    (Face::Harness, "harness@example.org"),
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

/// A change of one thing of a user through a face.
type Step<'a> = (&'a str, &'a dyn Fn(&World, &str));

fn slc_patch(world: &World, user: &str, step: Value) {
    let path = world.slc_path(user);
    world.done(&format!("PATCH {path}"), Some(json!([step])));
}

#[test]
fn names_and_addresses_that_one_face_changes_are_changed_in_all() {
    let world = World::new(TREE);
    let mut truth = make(&world, Face::SlcHub, "named");
    world.set(
        &dn_of("named"),
        "displayName",
        Some("Stra\u{df}e \u{1f333}"),
    );
    truth.shown = "Stra\u{df}e \u{1f333}".to_owned();
    world.agree("LDAP changed the shown name", &truth);
    slc_patch(
        &world,
        "named",
        json!({"op": "replace", "path": "/displayName", "value": "\u{5c71}"}),
    );
    truth.shown = "\u{5c71}".to_owned();
    world.agree("SLC Hub changed the shown name", &truth);
    let body = json!({ "display_name": "\u{391}\u{3b1}" });
    world.done(&format!("PUT {}", world.netmaker_path("named")), Some(body));
    truth.shown = "\u{391}\u{3b1}".to_owned();
    world.agree("Netmaker changed the shown name", &truth);
    let body = json!({ "name": "H\u{e4}rness" });
    let own = ("named", "first-word");
    world.done_by(own, &format!("PUT /ng/api/user?{ACCOUNT}"), body);
    truth.shown = "H\u{e4}rness".to_owned();
    world.agree("Harness changed the shown name", &truth);
    world.set(&dn_of("named"), "mail", Some("one@example.net"));
    truth.mail = "one@example.net".to_owned();
    world.agree("LDAP changed the address", &truth);
    slc_patch(
        &world,
        "named",
        json!({"op": "replace", "path": "/email", "value": "two@example.net"}),
    );
    truth.mail = "two@example.net".to_owned();
    world.agree("SLC Hub changed the address", &truth);
    world.rename(&dn_of("named"), "uid=renamed@example.org");
    truth.user = "renamed@example.org".to_owned();
    world.agree("LDAP changed the user name", &truth);
    world.gone("LDAP changed the user name", "named");
    slc_patch(
        &world,
        &truth.user,
        json!({"op": "replace", "path": "/userName", "value": "\u{fc}ber, all"}),
    );
    truth.user = "\u{fc}ber, all".to_owned();
    world.agree("SLC Hub changed the user name", &truth);
    world.logs_in(
        "SLC Hub changed the user name",
        &truth.user,
        "first-word",
        true,
    );
}

#[test]
fn who_is_closed_through_one_face_is_opened_through_any() {
    let world = World::new(TREE);
    let mut truth = make(&world, Face::Harmony, "closed@example.org");
    let user = truth.user.clone();
    let close: [Step<'_>; 4] = [
        ("LDAP locked for good", &|world, user| {
            world.set(&dn_of(user), "pwdAccountLockedTime", Some("000001010000Z"));
        }),
        ("LDAP disabled", &|world, user| {
            world.set(&dn_of(user), "hedgerowDisabled", Some("TRUE"));
        }),
        ("SLC Hub closed", &|world, user| {
            slc_patch(
                world,
                user,
                json!({"op": "replace", "path": "/active", "value": false}),
            );
        }),
        ("Netmaker closed", &|world, user| {
            world.done(&format!("POST {}/disable", world.netmaker_path(user)), None);
        }),
    ];
    let open: [Step<'_>; 3] = [
        ("LDAP opened", &|world, user| {
            world.set(&dn_of(user), "pwdAccountLockedTime", None);
        }),
        ("SLC Hub opened", &|world, user| {
            slc_patch(
                world,
                user,
                json!({"op": "replace", "path": "/active", "value": true}),
            );
        }),
        ("Netmaker opened", &|world, user| {
            world.done(&format!("POST {}/enable", world.netmaker_path(user)), None);
        }),
    ];
    for (closed, close) in close {
        for (opened, open) in open {
            close(&world, &user);
            truth.active = false;
            world.agree(closed, &truth);
            world.logs_in(closed, &user, "first-word", false);
            open(&world, &user);
            truth.active = true;
            world.agree(&format!("{closed}, {opened}"), &truth);
            world.logs_in(opened, &user, "first-word", true);
        }
    }
}

#[test]
fn who_is_deleted_through_one_face_is_restored_through_any() {
    let world = World::new(TREE);
    let mut truth = make(&world, Face::SlcHub, "deleted");
    let user = truth.user.clone();
    let delete: [Step<'_>; 4] = [
        ("SLC Hub deleted", &|world, user| {
            let path = world.slc_path(user);
            world.done(&format!("DELETE {path}"), None);
        }),
        ("Harmony SASE deleted", &|world, user| {
            let id = world.harmony_id(user);
            world.done(&format!("DELETE /v1/users/{id}"), None);
        }),
        ("LDAP deleted", &|world, user| {
            let classes = world.search(&format!("(uid={user})"), &["objectClass"]);
            assert!(!classes.is_empty());
            world.set(&dn_of(user), "hedgerowDeletedTime", Some("20260101000000Z"));
        }),
        ("Harness deleted", &|world, user| {
            let done = world.done(&format!("DELETE {}", world.harness_path("", user)), None);
            assert_eq!(done["data"], true);
        }),
    ];
    let restore: [Step<'_>; 2] = [
        ("SLC Hub restored", &|world, user| {
            slc_patch(world, user, json!({"op": "remove", "path": "/deleted"}));
        }),
        ("LDAP restored", &|world, user| {
            world.set(&dn_of(user), "hedgerowDeletedTime", None);
        }),
    ];
    for (deleted, delete) in delete {
        for (restored, restore) in restore {
            delete(&world, &user);
            truth.deleted = true;
            world.agree(deleted, &truth);
            world.logs_in(deleted, &user, "first-word", false);
            restore(&world, &user);
            truth.deleted = false;
            world.agree(&format!("{deleted}, {restored}"), &truth);
            world.logs_in(restored, &user, "first-word", true);
        }
    }
    world.remove(&dn_of(&user));
    world.gone("LDAP removed the entry", &user);
    let user = make(&world, Face::Netmaker, "deleted-2").user;
    world.done(&format!("DELETE {}", world.netmaker_path(&user)), None);
    world.gone("Netmaker deleted", &user);
}

#[test]
fn a_password_that_one_face_sets_is_good_for_all_and_the_one_before_for_none() {
    let world = World::new(TREE);
    let truth = make(&world, Face::SlcHub, "pass@example.org");
    let user = truth.user.clone();
    let set: [Step<'_>; 5] = [
        ("LDAP", &|world, user| {
            world.set(&dn_of(user), "userPassword", Some("LDAP"));
        }),
        ("SLC Hub", &|world, user| {
            let path = world.slc_path(user);
            let body = json!({ "password": "SLC Hub" });
            world.done(&format!("PUT {path}/password"), Some(body));
        }),
        ("Netmaker", &|world, user| {
            let body = json!({ "password": "Netmaker" });
            world.done(&format!("PUT {}", world.netmaker_path(user)), Some(body));
        }),
        ("the user", &|world, user| {
            let body = json!({ "username": user, "currentPassword": "Netmaker", "newPassword": "the user" });
            world.done("POST /api/v2/auth/changePassword", Some(body));
        }),
        ("Harness", &|world, user| {
            let body = json!({ "currentPassword": "the user", "newPassword": "Harness" });
            let request = format!("PUT /ng/api/user/password?{ACCOUNT}");
            let done = world.done_by((user, "the user"), &request, body);
            assert_eq!(done["data"], "PASSWORD_CHANGED");
        }),
    ];
    let mut before = "first-word";
    for (password, set) in set {
        set(&world, &user);
        world.logs_in(password, &user, before, false);
        world.logs_in(password, &user, password, true);
        world.agree(password, &truth);
        before = password;
    }
}

/// Accounts lock after three failures.
const POLICY: &str = "
dn: ou=policies,dc=example,dc=org
objectClass: organizationalUnit
ou: policies

dn: cn=default,ou=policies,dc=example,dc=org
objectClass: applicationProcess
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdLockout: TRUE
pwdLockoutDuration: 3600
pwdMaxFailure: 3
";

#[test]
fn who_is_locked_through_one_face_is_unlocked_through_any() {
    let world = World::new(&format!("{TREE}{POLICY}"));
    let mut truth = make(&world, Face::Ldap, "locked");
    let user = truth.user.clone();
    let fail: [Step<'_>; 3] = [
        ("failures over LDAP", &|world, user| {
            (0..3).for_each(|_| assert!(world.bind(&dn_of(user), "wrong").is_err()));
        }),
        ("failures over REST", &|world, user| {
            (0..3).for_each(|_| assert_eq!(world.slc_login(user, "wrong"), 401));
        }),
        ("failures in Netmaker", &|world, user| {
            (0..3).for_each(|_| assert_eq!(world.netmaker_login(user, "wrong"), 401));
        }),
    ];
    let unlock: [Step<'_>; 3] = [
        ("SLC Hub forgave", &|world, user| {
            let path = world.slc_path(user);
            world.done(&format!("DELETE {path}/logonFailures"), None);
        }),
        ("LDAP forgave", &|world, user| {
            world.set(&dn_of(user), "pwdAccountLockedTime", None);
        }),
        ("Harness unlocked", &|world, user| {
            let path = world.harness_path("unlock-user/", user);
            world.done(&format!("PUT {path}"), None);
        }),
    ];
    for (failed, fail) in fail {
        for (unlocked, unlock) in unlock {
            fail(&world, &user);
            truth.locked = true;
            world.agree(failed, &truth);
            world.logs_in(failed, &user, "first-word", false);
            unlock(&world, &user);
            truth.locked = false;
            world.agree(&format!("{failed}, {unlocked}"), &truth);
            world.logs_in(unlocked, &user, "first-word", true);
        }
    }
}

/// The faces that make groups and change who is in them.
const GROUPING: [Face; 4] = [Face::Ldap, Face::SlcHub, Face::Netmaker, Face::Harmony];

/// Makes a group through a face.
fn make_group(world: &World, face: Face, group: &str) {
    match face {
        Face::Ldap => {
            let attributes = [("objectClass", "groupOfMembers"), ("cn", group)];
            world.add(&dn_of_group(group), &attributes);
        }
        Face::SlcHub => {
            drop(world.done("POST /api/v2/auth/groups", Some(json!({ "name": group }))))
        }
        Face::Harness => panic!("it has no groups of its own"),
        Face::Netmaker => {
            let body = json!({ "user_group": { "name": group }, "members": [] });
            world.done("POST /api/v1/users/group", Some(body));
        }
        Face::Harmony => drop(world.done("POST /v1/groups", Some(json!({ "name": group })))),
    }
}

/// Puts a user into a group through a face, or takes them out.
fn settle(world: &World, face: Face, (group, user): (&str, &str), member: bool) {
    match face {
        Face::Ldap => {
            let values = [dn_of(user).into_bytes()].into();
            let name = b"member".to_vec();
            let step = if member {
                Mod::Add(name, values)
            } else {
                Mod::Delete(name, values)
            };
            world.modify(&dn_of_group(group), vec![step]);
        }
        Face::SlcHub => {
            let path = world.slc_group(group);
            let op = if member { "add" } else { "remove" };
            let steps = json!([{ "op": op, "principalType": "User", "name": user }]);
            world.done(&format!("PATCH {path}/members"), Some(steps));
        }
        Face::Harness => panic!("it has no groups of its own"),
        Face::Netmaker => {
            let mut whole = world.netmaker_user(user).unwrap();
            let groups = whole["user_group_ids"].as_object_mut().unwrap();
            match member {
                true => groups.insert(world.netmaker_group(group), json!({})),
                false => groups.remove(&world.netmaker_group(group)),
            };
            world.done(&format!("PUT {}", world.netmaker_path(user)), Some(whole));
        }
        Face::Harmony => {
            let (group, user) = (world.harmony_group(group), world.harmony_id(user));
            let verb = if member { "POST" } else { "DELETE" };
            world.done(&format!("{verb} /v1/groups/{group}/member/{user}"), None);
        }
    }
}

#[test]
fn who_gets_into_a_group_through_one_face_gets_out_through_any() {
    let world = World::new(TREE);
    let mut truth = make(&world, Face::SlcHub, "in and out");
    let user = truth.user.clone();
    for maker in GROUPING {
        let group = format!("{maker:?} gr\u{fc}n, 1");
        make_group(&world, maker, &group);
        let outer = format!("around {maker:?}");
        world.add(
            &dn_of_group(&outer),
            &[
                ("objectClass", "groupOfNames"),
                ("cn", &outer),
                ("member", &dn_of_group(&group)),
            ],
        );
        let around = format!("around {maker:?} over REST");
        make_group(&world, Face::SlcHub, &around);
        let inner = world.slc_group(&group);
        let step = json!([{ "op": "add", "id": inner.rsplit('/').next() }]);
        let path = world.slc_group(&around);
        world.done(&format!("PATCH {path}/members"), Some(step));
        for enters in GROUPING {
            for leaves in GROUPING {
                settle(&world, enters, (&group, &user), true);
                truth.groups = [group.clone(), outer.clone(), around.clone()].into();
                world.agree(&format!("{enters:?} put into {group}"), &truth);
                settle(&world, leaves, (&group, &user), false);
                truth.groups.clear();
                world.agree(&format!("{leaves:?} took out of {group}"), &truth);
            }
        }
    }
}

#[test]
fn a_group_that_one_face_removes_is_gone_from_all() {
    let world = World::new(TREE);
    let mut truth = make(&world, Face::Ldap, "member");
    for (at, face) in GROUPING.into_iter().enumerate() {
        let group = format!("short {at}");
        make_group(&world, Face::SlcHub, &group);
        settle(&world, Face::Ldap, (&group, "member"), true);
        truth.groups = [group.clone()].into();
        world.agree("the group was made", &truth);
        match face {
            Face::Ldap => world.remove(&dn_of_group(&group)),
            Face::SlcHub => drop(world.done(&format!("DELETE {}", world.slc_group(&group)), None)),
            Face::Harness => panic!("it has no groups of its own"),
            Face::Netmaker => {
                let id = world.netmaker_group(&group);
                world.done(&format!("DELETE /api/v1/users/group?group_id={id}"), None);
            }
            Face::Harmony => {
                let id = world.harmony_group(&group);
                world.done(&format!("DELETE /v1/groups/{id}"), None);
            }
        }
        truth.groups.clear();
        world.agree(&format!("{face:?} removed the group"), &truth);
    }
}

/// What an entry holds that no dialect speaks of.
const BESIDES: [(&str, &str); 8] = [
    ("objectClass", "posixAccount"),
    ("uidNumber", "1004"),
    ("gidNumber", "100"),
    ("homeDirectory", "/home/kept"),
    ("description", "first \u{3b1}"),
    ("description", "second"),
    ("cn;lang-el", "\u{391}"),
    ("jpegPhoto", "\u{1}\u{2}\u{3}"),
];

#[test]
fn what_a_dialect_does_not_speak_of_its_updates_leave_alone() {
    let world = World::new(TREE);
    let user = "kept";
    let dn = dn_of(user);
    let own = [
        ("objectClass", "inetOrgPerson"),
        ("uid", user),
        ("cn", "Kept"),
        ("sn", "Kept"),
        ("mail", "a@example.org"),
    ];
    world.add(&dn, &[&own[..], &BESIDES].concat());
    let second = [b"b@example.org".to_vec()].into();
    world.modify(&dn, vec![Mod::Add(b"mail".to_vec(), second)]);
    make_group(&world, Face::SlcHub, "some");
    let steps: [Step<'_>; 11] = [
        ("a name from SLC Hub", &|world, user| {
            slc_patch(
                world,
                user,
                json!({"op": "add", "path": "/displayName", "value": "K."}),
            );
        }),
        ("a whole user from SLC Hub", &|world, user| {
            let path = world.slc_path(user);
            let mut whole = world.done(&format!("GET {path}"), None);
            whole["displayName"] = json!("Kept again");
            whole["email"] = json!("a@example.net");
            world.done(&format!("PUT {path}"), Some(whole));
        }),
        ("closing by SLC Hub", &|world, user| {
            slc_patch(
                world,
                user,
                json!({"op": "replace", "path": "/active", "value": false}),
            );
        }),
        ("a whole user from Netmaker", &|world, user| {
            let mut whole = world.netmaker_user(user).unwrap();
            whole["display_name"] = json!("Kept by Netmaker");
            world.done(&format!("PUT {}", world.netmaker_path(user)), Some(whole));
        }),
        ("opening by Netmaker", &|world, user| {
            world.done(&format!("POST {}/enable", world.netmaker_path(user)), None);
        }),
        ("a password from Netmaker", &|world, user| {
            let body = json!({ "password": "another-word" });
            world.done(&format!("PUT {}", world.netmaker_path(user)), Some(body));
        }),
        ("a name from Harness", &|world, user| {
            let body = json!({ "name": "Kept by Harness" });
            let request = format!("PUT /ng/api/user?{ACCOUNT}");
            world.done_by((user, "another-word"), &request, body);
        }),
        ("unlocking by Harness", &|world, user| {
            let path = world.harness_path("unlock-user/", user);
            world.done(&format!("PUT {path}"), None);
        }),
        ("a group of SLC Hub", &|world, user| {
            settle(world, Face::SlcHub, ("some", user), true)
        }),
        ("a group of Harmony SASE", &|world, user| {
            settle(world, Face::Harmony, ("some", user), false)
        }),
        ("deletion by Harmony SASE", &|world, user| {
            let id = world.harmony_id(user);
            world.done(&format!("DELETE /v1/users/{id}"), None);
        }),
    ];
    for (after, step) in steps {
        step(&world, user);
        let found = world.search("(uid=kept)", &["*"]).pop().unwrap();
        for (name, value) in BESIDES.into_iter().chain([("mail", "b@example.org")]) {
            let text = found
                .attrs
                .get(name)
                .is_some_and(|values| values.iter().any(|is| is == value));
            let raw = found
                .bin_attrs
                .get(name)
                .is_some_and(|values| values.iter().any(|is| is == value.as_bytes()));
            assert!(
                text || raw,
                "{name}: {value} is gone after {after}: {found:?}"
            );
        }
    }
}
