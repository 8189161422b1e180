//! What one face writes, all others show: users and groups of LDAP, of this dialect and of that of SLC Hub.

use std::collections::HashSet;

use ldap3::{LdapConn, Mod, Scope, SearchEntry};
use serde_json::{Value, json};

use super::{basic, serving};
use crate::https::{Client, Login};
use crate::server::{PASSWORD, SUFFIX};

/// What makes users and groups, and shows them.
#[derive(Copy, Clone, Debug, PartialEq)]
enum Face {
    Ldap,
    Netmaker,
    SlcHub,
}

const FACES: [Face; 3] = [Face::Ldap, Face::Netmaker, Face::SlcHub];

struct Faces {
    client: Client,
    ldap: LdapConn,
}

impl Faces {
    fn ask(&self, request: &str, body: Option<Value>) -> Value {
        let admin = Login::Basic("admin".to_owned(), PASSWORD.to_owned());
        let body = body.map(|body| body.to_string());
        let answer = self
            .client
            .send(&admin, request, &[], body.as_ref().map(String::as_bytes));
        assert!(answer.status < 300, "{request}: {}", answer.text());
        answer.json()
    }

    fn search(&mut self, filter: &str) -> Vec<SearchEntry> {
        let names = vec!["*", "memberOf", "entryUUID", "pwdAccountLockedTime"];
        let found = self.ldap.search(SUFFIX, Scope::Subtree, filter, names);
        let (found, _) = found.unwrap().success().unwrap();
        found.into_iter().map(SearchEntry::construct).collect()
    }

    fn dn(&mut self, filter: &str) -> String {
        self.search(filter).pop().unwrap().dn
    }

    fn uuid(&mut self, filter: &str) -> String {
        self.search(filter).pop().unwrap().attrs["entryUUID"][0].clone()
    }

    fn add(&mut self, dn: &str, attributes: &[(&'static str, &str)]) {
        let attributes = attributes.iter();
        let attributes = attributes.map(|(name, value)| (*name, HashSet::from([*value])));
        let added = self.ldap.add(dn, attributes.collect());
        added.unwrap().success().unwrap();
    }

    fn make_user(&mut self, by: Face, user: &str) {
        let password = format!("demo-{user}");
        match by {
            Face::Ldap => {
                let dn = format!("uid={user},ou=people,{SUFFIX}");
                let class = ("objectClass", "inetOrgPerson");
                let names = [("uid", user), ("cn", user), ("sn", user)];
                let secret = ("userPassword", password.as_str());
                self.add(&dn, &[&[class, secret][..], &names].concat());
            }
            Face::Netmaker => {
                let body = json!({"password": password, "display_name": user, "platform_role_id": "service-user"});
                self.ask(&format!("POST /api/users/{user}"), Some(body));
            }
            Face::SlcHub => {
                let body = json!({"userName": user, "displayName": user, "password": password});
                self.ask("POST /api/v2/auth/users", Some(body));
            }
        }
    }

    /// Makes a group that has a member, by the name of its entry and of itself there.
    fn make_group(&mut self, by: Face, group: &str, member: &str) {
        match by {
            Face::Ldap => {
                let dn = format!("cn={group},ou=groups,{SUFFIX}");
                let list = ("member", member);
                self.add(&dn, &[("objectClass", "groupOfNames"), ("cn", group), list]);
            }
            Face::Netmaker => {
                let body = json!({"user_group": {"name": group}});
                self.ask("POST /api/v1/users/group", Some(body));
                let dn = format!("cn={group},ou=groups,{SUFFIX}");
                let add = Mod::Add("member", HashSet::from([member]));
                self.ldap.modify(&dn, vec![add]).unwrap().success().unwrap();
            }
            Face::SlcHub => {
                let made = self.ask("POST /api/v2/auth/groups", Some(json!({"name": group})));
                let id = self.search_base(member);
                let request = format!(
                    "PATCH /api/v2/auth/groups/{}/members",
                    made["_id"].as_str().unwrap()
                );
                self.ask(&request, Some(json!([{"op": "add", "id": id}])));
            }
        }
    }

    fn search_base(&mut self, dn: &str) -> String {
        let found = self
            .ldap
            .search(dn, Scope::Base, "(objectClass=*)", vec!["entryUUID"]);
        let (mut found, _) = found.unwrap().success().unwrap();
        SearchEntry::construct(found.pop().unwrap()).attrs["entryUUID"][0].clone()
    }

    /// Whether a face shows a user as one who may log in, and as one who is in these groups through any chain.
    fn shows(&mut self, face: Face, user: &str, groups: &[&str], active: bool) {
        let filter = format!("(uid={user})");
        let (id, place) = (self.uuid(&filter), format!("{user} over {face:?}"));
        match face {
            Face::Ldap => {
                let entry = self.search(&filter).pop().unwrap();
                let in_groups = entry.attrs.get("memberOf").cloned().unwrap_or_default();
                for group in groups {
                    let dn = self.dn(&format!("(cn={group})"));
                    assert!(in_groups.contains(&dn), "{place}: {group}");
                }
                let locked = entry.attrs.get("pwdAccountLockedTime");
                let for_good = locked.is_some_and(|it| it[0] == "000001010000Z");
                assert_eq!(for_good, !active, "{place}");
            }
            Face::Netmaker => {
                let shown = self.ask(&format!("GET /api/users/{user}"), None);
                assert_eq!(shown["account_disabled"], !active, "{place}");
                assert_eq!(shown["display_name"], user, "{place}");
                for group in groups {
                    let id = self.uuid(&format!("(cn={group})"));
                    assert!(shown["user_group_ids"][&id].is_object(), "{place}: {group}");
                }
            }
            Face::SlcHub => {
                let shown = self.ask(&format!("GET /api/v2/auth/users/{id}"), None);
                assert_eq!(shown["active"], active, "{place}");
                let all = self.ask(&format!("GET /api/v2/auth/users/{id}/groups"), None);
                let all = all.to_string();
                for group in groups {
                    assert!(
                        all.contains(&self.uuid(&format!("(cn={group})"))),
                        "{place}: {group}"
                    );
                }
            }
        }
        let login = self.client.get(&basic(user), &format!("/api/users/{user}"));
        assert_eq!(login.status, if active { 200 } else { 401 }, "{place}");
    }

    fn turn(&mut self, by: Face, user: &str, active: bool) {
        let filter = format!("(uid={user})");
        match by {
            Face::Ldap => {
                let locked = if active {
                    HashSet::new()
                } else {
                    HashSet::from(["000001010000Z"])
                };
                let dn = self.dn(&filter);
                let lock = Mod::Replace("pwdAccountLockedTime", locked);
                self.ldap
                    .modify(&dn, vec![lock])
                    .unwrap()
                    .success()
                    .unwrap();
            }
            Face::Netmaker => {
                let verb = if active { "enable" } else { "disable" };
                self.ask(&format!("POST /api/users/{user}/{verb}"), None);
            }
            Face::SlcHub => {
                let id = self.uuid(&filter);
                let step = json!([{"op": "replace", "path": "/active", "value": active}]);
                self.ask(&format!("PATCH /api/v2/auth/users/{id}"), Some(step));
            }
        }
    }

    fn remove(&mut self, by: Face, user: &str) {
        let filter = format!("(uid={user})");
        match by {
            Face::Ldap => {
                let dn = self.dn(&filter);
                self.ldap.delete(&dn).unwrap().success().unwrap();
            }
            Face::Netmaker => {
                self.ask(&format!("DELETE /api/users/{user}"), None);
            }
            Face::SlcHub => {
                let id = self.uuid(&filter);
                self.ask(&format!("DELETE /api/v2/auth/users/{id}"), None);
            }
        }
        let admin = Login::Basic("admin".to_owned(), PASSWORD.to_owned());
        let shown = self.client.get(&admin, &format!("/api/users/{user}"));
        assert_eq!(shown.status, 404, "{user}");
        let login = self.client.get(&basic(user), &format!("/api/users/{user}"));
        assert_eq!(login.status, 401, "{user}");
    }
}

#[test]
fn users_and_groups_made_over_one_face_are_whole_over_every_other() {
    let (_folder, server, client) = serving("");
    let mut faces = Faces {
        client,
        ldap: server.administrator(),
    };
    for (at, by) in FACES.into_iter().enumerate() {
        let user = format!("user-{at}");
        faces.make_user(by, &user);
        for (number, with) in FACES.into_iter().enumerate() {
            let (inner, outer) = (
                format!("inner-{at}-{number}"),
                format!("outer-{at}-{number}"),
            );
            let dn = faces.dn(&format!("(uid={user})"));
            faces.make_group(by, &inner, &dn);
            let dn = faces.dn(&format!("(cn={inner})"));
            faces.make_group(with, &outer, &dn);
            for face in FACES {
                faces.shows(face, &user, &[&inner, &outer], true);
            }
            faces.turn(with, &user, false);
            for face in FACES {
                faces.shows(face, &user, &[&inner, &outer], false);
            }
            faces.turn(FACES[(number + 1) % 3], &user, true);
        }
        faces.remove(FACES[(at + 1) % 3], &user);
    }
}
