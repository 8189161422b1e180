//! One directory and its faces: how each is asked to do something, and what each tells of a user.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use ldap3::{LdapConn, LdapError, Mod, SearchEntry, dn_escape, ldap_escape};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::https::{Answer, Client, Login};
use crate::scenario::token_of_last_mail;
use crate::server::{Folder, SUFFIX, Server};
use crate::service;

/// A way to the directory.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Face {
    Ldap,
    SlcHub,
    Netmaker,
    Harness,
    Harmony,
}

/// All of them.
pub const FACES: [Face; 5] = [
    Face::Ldap,
    Face::SlcHub,
    Face::Netmaker,
    Face::Harness,
    Face::Harmony,
];

impl Face {
    /// Whether users that are deleted for the time being are shown.
    fn shows_deleted(self) -> bool {
        !matches!(self, Face::Netmaker | Face::Harness)
    }
}

/// What is so of a user, and every face is to say as far as it speaks of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Truth {
    pub user: String,
    pub mail: String,
    pub shown: String,
    pub active: bool,
    pub locked: bool,
    pub deleted: bool,
    pub groups: BTreeSet<String>,
}

impl Truth {
    pub fn new(user: &str, mail: &str, shown: &str) -> Truth {
        Truth {
            user: user.to_owned(),
            mail: mail.to_owned(),
            shown: shown.to_owned(),
            active: true,
            locked: false,
            deleted: false,
            groups: BTreeSet::new(),
        }
    }
}

/// What a face tells of a user; `None` where it does not speak of it.
#[derive(Debug, Default)]
struct Told {
    user: Option<String>,
    mail: Option<String>,
    shown: Option<String>,
    active: Option<bool>,
    locked: Option<bool>,
    /// Whether it is locked or not active: one face calls both locked.
    kept_out: Option<bool>,
    deleted: Option<bool>,
    groups: Option<BTreeSet<String>>,
}

/// What every request of Harness names.
pub const ACCOUNT: &str = "accountIdentifier=default";

/// The server, with whoever asks.
pub struct World {
    _folder: Folder,
    spool: TempDir,
    server: Server,
    client: Client,
    ldap: RefCell<LdapConn>,
}

pub fn dn_of(user: &str) -> String {
    format!("uid={},ou=people,{SUFFIX}", dn_escape(user))
}

pub fn dn_of_group(group: &str) -> String {
    format!("cn={},ou=groups,{SUFFIX}", dn_escape(group))
}

/// For the query of a request.
pub fn encoded(text: &str) -> String {
    let bytes = text.bytes().map(|byte| format!("%{byte:02X}"));
    bytes.collect()
}

impl World {
    pub fn new(tree: &str) -> World {
        let spool = tempfile::tempdir().unwrap();
        let section = format!("mail_folder = {:?}", spool.path());
        let own = "[[access]]\nwho = \"self\"\nattributes = [\"userPassword\", \"displayName\", \"cn\"]\nallow = [\"write\"]\n";
        let (folder, server, client) = service::serving(Folder::rest(&section, own), &[tree]);
        World {
            client,
            ldap: RefCell::new(server.administrator()),
            server,
            _folder: folder,
            spool,
        }
    }

    /// What a user is answered, who must not be refused.
    #[track_caller]
    pub fn done_by(&self, (user, password): (&str, &str), request: &str, body: Value) -> Value {
        let own = Login::basic(user, password);
        let answer = self.ask(&own, request, Some(body));
        assert!(answer.status < 300, "{request}: {}", answer.text());
        answer.json()
    }

    fn ask(&self, login: &Login, request: &str, body: Option<Value>) -> Answer {
        self.client.ask(login, request, body)
    }

    /// What the administrator is answered, who must not be refused.
    #[track_caller]
    pub fn done(&self, request: &str, body: Option<Value>) -> Value {
        self.client.done(request, body)
    }

    /// Comes as whoever was invited last.
    #[track_caller]
    pub fn accept(&self, user: &str, shown: &str, password: &str) {
        let token = token_of_last_mail(self.spool.path());
        let body =
            json!({ "token": token, "userName": user, "displayName": shown, "password": password });
        self.done("POST /api/v2/auth/invitations/accept", Some(body));
    }

    /// Changes an entry over LDAP.
    #[track_caller]
    pub fn modify(&self, dn: &str, steps: Vec<Mod<Vec<u8>>>) {
        let done = self.ldap.borrow_mut().modify(dn, steps);
        done.unwrap().success().unwrap();
    }

    /// Puts one value in the place of an attribute's, or none.
    #[track_caller]
    pub fn set(&self, dn: &str, attribute: &str, value: Option<&str>) {
        let values = value.into_iter().map(|value| value.as_bytes().to_vec());
        let step = Mod::Replace(attribute.as_bytes().to_vec(), values.collect());
        self.modify(dn, vec![step]);
    }

    /// Adds an entry over LDAP.
    #[track_caller]
    pub fn add(&self, dn: &str, attributes: &[(&str, &str)]) {
        let mut all: Vec<(&str, std::collections::HashSet<&str>)> = Vec::new();
        for (name, value) in attributes {
            match all.iter_mut().find(|(is, _)| is == name) {
                Some((_, values)) => drop(values.insert(value)),
                None => all.push((name, [*value].into())),
            }
        }
        let done = self.ldap.borrow_mut().add(dn, all);
        done.unwrap().success().unwrap();
    }

    pub fn remove(&self, dn: &str) {
        let done = self.ldap.borrow_mut().delete(dn);
        done.unwrap().success().unwrap();
    }

    pub fn rename(&self, dn: &str, rdn: &str) {
        let done = self.ldap.borrow_mut().modifydn(dn, rdn, true, None);
        done.unwrap().success().unwrap();
    }

    /// What LDAP finds below the suffix.
    pub fn search(&self, filter: &str, attributes: &[&str]) -> Vec<SearchEntry> {
        service::search(&mut self.ldap.borrow_mut(), SUFFIX, filter, attributes)
    }

    /// The user as SLC Hub has it.
    pub fn slc_user(&self, user: &str) -> Option<Value> {
        let filter = format!(
            "filter[deleted][EQ]=all&filter[userName][EQ]={}",
            encoded(user)
        );
        let found = self.done(&format!("GET /api/v2/auth/users?{filter}"), None);
        found["data"].get(0).cloned()
    }

    /// The path of a user in SLC Hub.
    #[track_caller]
    pub fn slc_path(&self, user: &str) -> String {
        let found = self.slc_user(user).unwrap_or_else(|| panic!("no {user}"));
        format!("/api/v2/auth/users/{}", found["_id"].as_str().unwrap())
    }

    /// The path of a group in SLC Hub.
    #[track_caller]
    pub fn slc_group(&self, group: &str) -> String {
        let filter = format!("filter[name][EQ]={}", encoded(group));
        let found = self.done(&format!("GET /api/v2/auth/groups?{filter}"), None);
        let id = found["data"][0]["_id"].as_str();
        format!(
            "/api/v2/auth/groups/{}",
            id.unwrap_or_else(|| panic!("no {group}"))
        )
    }

    /// The user as Harmony SASE has it.
    pub fn harmony_user(&self, user: &str) -> Option<Value> {
        let list = self.done("GET /v1/users?limit=100", None);
        let users = list["data"].as_array().unwrap().iter();
        let mut own = users.filter(|it| it["username"] == user);
        own.next().cloned()
    }

    /// All groups as Harmony SASE has them.
    pub fn harmony_groups(&self) -> Vec<Value> {
        let list = self.done("GET /v1/groups?limit=100", None);
        list["data"].as_array().unwrap().clone()
    }

    /// The id of a group in Harmony SASE.
    #[track_caller]
    pub fn harmony_group(&self, group: &str) -> String {
        let groups = self.harmony_groups();
        let own = groups.iter().find(|it| it["name"] == group);
        let own = own.unwrap_or_else(|| panic!("no {group}"));
        own["id"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub fn harmony_id(&self, user: &str) -> String {
        let found = self
            .harmony_user(user)
            .unwrap_or_else(|| panic!("no {user}"));
        found["id"].as_str().unwrap().to_owned()
    }

    fn told(&self, face: Face, user: &str) -> Option<Told> {
        match face {
            Face::Ldap => self.told_by_ldap(user),
            Face::SlcHub => self.told_by_slc(user),
            Face::Netmaker => self.told_by_netmaker(user),
            Face::Harness => self.told_by_harness(user),
            Face::Harmony => self.told_by_harmony(user),
        }
    }

    fn told_by_ldap(&self, user: &str) -> Option<Told> {
        let found = self
            .search(&format!("(uid={})", ldap_escape(user)), &["*", "+"])
            .pop()?;
        let text = |name: &str| {
            found
                .attrs
                .get(name)
                .and_then(|values| values.first().cloned())
        };
        for needed in ["cn", "sn", "entryUUID", "hedgerowId", "createTimestamp"] {
            assert!(text(needed).is_some(), "{user} has no {needed}");
        }
        let groups = found.attrs.get("memberOf").into_iter().flatten();
        // Roles and scopes list members as well.
        let groups = groups.filter(|dn| dn.ends_with(&format!(",ou=groups,{SUFFIX}")));
        Some(Told {
            user: text("uid"),
            mail: Some(text("mail").or_else(|| text("uid")).unwrap()),
            shown: text("displayName").or_else(|| text("cn")),
            active: Some(text("pwdAccountLockedTime").as_deref() != Some("000001010000Z")),
            locked: Some(text("hedgerowTemporarilyLocked").is_some()),
            kept_out: None,
            deleted: Some(text("hedgerowDeletedTime").is_some()),
            groups: Some(groups.map(|dn| name_in(dn)).collect()),
        })
    }

    fn told_by_slc(&self, user: &str) -> Option<Told> {
        let found = self.slc_user(user)?;
        let path = format!("/api/v2/auth/users/{}", found["_id"].as_str().unwrap());
        let groups = self.done(&format!("GET {path}/groups"), None);
        Some(Told {
            user: found["userName"].as_str().map(str::to_owned),
            mail: found["email"].as_str().map(str::to_owned),
            shown: found["displayName"].as_str().map(str::to_owned),
            active: found["active"].as_bool(),
            locked: found["temporarilyLocked"].as_bool(),
            kept_out: None,
            deleted: Some(found["deleted"].is_string()),
            groups: Some(names(groups.as_array().unwrap())),
        })
    }

    /// The path of a user in Netmaker.
    pub fn netmaker_path(&self, user: &str) -> String {
        format!("/api/users/{}", encoded(user))
    }

    /// The user as Netmaker has it.
    pub fn netmaker_user(&self, user: &str) -> Option<Value> {
        let request = format!("GET {}", self.netmaker_path(user));
        let answer = self.ask(&Login::admin(), &request, None);
        assert!(matches!(answer.status, 200 | 404), "{}", answer.text());
        (answer.status == 200).then(|| answer.json())
    }

    /// The groups of Netmaker, by id.
    pub fn netmaker_groups(&self) -> BTreeMap<String, String> {
        let all = self.done("GET /api/v1/users/groups", None);
        let text = |group: &Value, name: &str| group[name].as_str().unwrap().to_owned();
        let all = all["Response"].as_array().unwrap().iter();
        all.map(|it| (text(it, "id"), text(it, "name"))).collect()
    }

    /// The id of a group in Netmaker.
    #[track_caller]
    pub fn netmaker_group(&self, group: &str) -> String {
        let all = self.netmaker_groups();
        let mut own = all.into_iter().filter(|(_, name)| name == group);
        own.next().unwrap_or_else(|| panic!("no {group}")).0
    }

    fn told_by_netmaker(&self, user: &str) -> Option<Told> {
        let found = self.netmaker_user(user)?;
        let names = self.netmaker_groups();
        let groups = found["user_group_ids"].as_object().unwrap().keys();
        Some(Told {
            user: found["username"].as_str().map(str::to_owned),
            shown: found["display_name"].as_str().map(str::to_owned),
            active: found["account_disabled"].as_bool().map(|closed| !closed),
            groups: Some(groups.map(|id| names[id].clone()).collect()),
            ..Told::default()
        })
    }

    /// The path of a user in Harness, of the whole account.
    #[track_caller]
    pub fn harness_path(&self, before: &str, user: &str) -> String {
        let found = self.slc_user(user).unwrap_or_else(|| panic!("no {user}"));
        let id = found["_id"].as_str().unwrap();
        format!("/ng/api/user/{before}{id}?{ACCOUNT}")
    }

    fn told_by_harness(&self, user: &str) -> Option<Told> {
        let id = self.slc_user(user)?["_id"].clone();
        let request = format!("POST /ng/api/user/batch?{ACCOUNT}");
        let list = self.done(&request, Some(json!({ "identifiers": [id] })));
        let found = list["data"]["content"].get(0)?;
        Some(Told {
            mail: found["email"].as_str().map(str::to_owned),
            shown: found["name"].as_str().map(str::to_owned),
            kept_out: found["locked"].as_bool(),
            ..Told::default()
        })
    }

    fn told_by_harmony(&self, user: &str) -> Option<Told> {
        let found = self.harmony_user(user)?;
        for needed in ["email", "initials", "lastName", "id"] {
            let value = found[needed].as_str().unwrap_or_default();
            assert!(!value.is_empty(), "{user} has no {needed}: {found}");
        }
        let deleted = found["terminated"].as_bool().unwrap();
        let groups = self.harmony_groups();
        let own = groups.into_iter();
        let own = own.filter(|it| it["users"].as_array().unwrap().contains(&found["id"]));
        let own: Vec<Value> = own.collect();
        Some(Told {
            user: found["username"].as_str().map(str::to_owned),
            mail: found["email"].as_str().map(str::to_owned),
            deleted: Some(deleted),
            // Groups do not list who is deleted.
            groups: (!deleted).then(|| names(&own)),
            ..Told::default()
        })
    }

    /// Asks every face about a user.
    #[track_caller]
    pub fn agree(&self, after: &str, truth: &Truth) {
        for face in FACES {
            let place = format!("{face:?} after {after}");
            let told = self.told(face, &truth.user);
            if truth.deleted && !face.shows_deleted() {
                assert!(told.is_none(), "{place}: {told:?}");
                continue;
            }
            let told = told.unwrap_or_else(|| panic!("{place}: no {}", truth.user));
            let Truth {
                user, mail, shown, ..
            } = truth.clone();
            said(&place, "user", told.user, user);
            said(&place, "mail", told.mail, mail);
            said(&place, "shown", told.shown, shown);
            said(&place, "active", told.active, truth.active);
            said(&place, "locked", told.locked, truth.locked);
            said(
                &place,
                "kept out",
                told.kept_out,
                truth.locked || !truth.active,
            );
            said(&place, "deleted", told.deleted, truth.deleted);
            said(&place, "groups", told.groups, truth.groups.clone());
        }
    }

    /// Asks every face about a user that is gone.
    #[track_caller]
    pub fn gone(&self, after: &str, user: &str) {
        for face in FACES {
            let told = self.told(face, user);
            assert!(told.is_none(), "{face:?} after {after}: {told:?}");
        }
    }

    /// Logs in through every face: all let the user in, or none.
    #[track_caller]
    pub fn logs_in(&self, after: &str, user: &str, password: &str, expected: bool) {
        let entry = self
            .search(&format!("(uid={})", ldap_escape(user)), &["1.1"])
            .pop();
        let dn = entry.map(|entry| entry.dn).unwrap_or_else(|| dn_of(user));
        let bound = self.bind(&dn, password).is_ok();
        assert_eq!(bound, expected, "{user} over LDAP after {after}");
        let own = Login::basic(user, password);
        let basic = self.ask(&own, "GET /api/v2/auth/me", None).status;
        let slc = self.slc_login(user, password);
        let netmaker = self.netmaker_login(user, password);
        let current = format!("GET /ng/api/user/currentUser?{ACCOUNT}");
        let harness = self.ask(&own, &current, None).status;
        let statuses = [
            ("SLC Hub", slc),
            ("Netmaker", netmaker),
            ("Harness", harness),
            ("Basic", basic),
        ];
        for (face, status) in statuses {
            let right = if expected { 200 } else { 401 };
            assert_eq!(status, right, "{user} by {face} after {after}");
        }
    }

    /// The status of a login in SLC Hub.
    pub fn slc_login(&self, user: &str, password: &str) -> u16 {
        let body = json!({ "username": user, "password": password });
        let request = "POST /api/v2/auth/login";
        self.ask(&Login::Nobody, request, Some(body)).status
    }

    /// The status of a login in Netmaker.
    pub fn netmaker_login(&self, user: &str, password: &str) -> u16 {
        let body = json!({ "username": user, "password": password });
        let request = "POST /api/users/adm/authenticate";
        self.ask(&Login::Nobody, request, Some(body)).status
    }

    /// Binds with a password.
    pub fn bind(&self, dn: &str, password: &str) -> Result<(), LdapError> {
        let mut connection = LdapConn::new(&self.server.url())?;
        connection.simple_bind(dn, password)?.success()?;
        Ok(())
    }
}

fn name_in(dn: &str) -> String {
    let (_, value) = dn.split_once('=').unwrap();
    let end = value
        .match_indices(',')
        .find(|(at, _)| !value[..*at].ends_with('\\'));
    let (at, _) = end.unwrap();
    value[..at].replace('\\', "")
}

fn names(groups: &[Value]) -> BTreeSet<String> {
    let names = groups
        .iter()
        .map(|it| it["name"].as_str().unwrap().to_owned());
    names.collect()
}

#[track_caller]
fn said<T: PartialEq + std::fmt::Debug>(place: &str, what: &str, told: Option<T>, truth: T) {
    if let Some(told) = told {
        assert_eq!(told, truth, "{place}: {what}");
    }
}
