//! The parameters of this dialect's lists: which fields can be asked about, with which operators, and what they are in the
//! tree.
//!
//! Owns the tables; how they are read is `rest::query`'s, and what a whole request asks `query`'s beside this file.

use crate::directory::filter::Filter;
use crate::rest::principal::{groups, users};
use crate::rest::query::{Form, Parameter};
use crate::rest::term::{Term, Test, begins, contains, either, equal, not, present};

/// What is shown of users, where it can be chosen.
pub const USER_FIELDS: &[&str] = &[
    "_id",
    "_created",
    "_modified",
    "externalId",
    "userName",
    "displayName",
    "active",
    "email",
    "unixHomeDirectory",
    "unixUserName",
    "userPrincipalName",
    "invitationPending",
    "deleted",
];

/// The same of groups.
pub const GROUP_FIELDS: &[&str] = &["_id", "_created", "_modified", "externalId", "name"];

const DELETED: &[&str] = &["deletedOnly", "notDeletedOnly", "all"];

/// The filters of users.
pub const USERS: &[Parameter] = &[
    Parameter::filter(
        "filter[_id][EQ]",
        Form::Text,
        Term::Equal("entryUUID"),
        "The id.",
    ),
    Parameter::filter(
        "filter[_id][IN]",
        Form::Texts,
        Term::OneOf("entryUUID"),
        "One of these ids.",
    ),
    Parameter::filter(
        "filter[userName][EQ]",
        Form::Text,
        Term::Equal("uid"),
        "The user name, in any case.",
    ),
    Parameter::filter(
        "filter[userName][CO]",
        Form::Part,
        Term::Contains("uid"),
        "A part of the user name.",
    ),
    Parameter::filter(
        "filter[displayName][EQ]",
        Form::Text,
        Term::Made(|value| named(&|attribute| equal(attribute, value))),
        "The name for people, in any case.",
    ),
    Parameter::filter(
        "filter[displayName][CO]",
        Form::Part,
        Term::Made(|value| named(&|attribute| contains(attribute, value))),
        "A part of the name for people.",
    ),
    Parameter::filter(
        "filter[email][EQ]",
        Form::Text,
        Term::Equal("mail"),
        "The address, in any case.",
    ),
    Parameter::filter(
        "filter[email][CO]",
        Form::Part,
        Term::Contains("mail"),
        "A part of the address.",
    ),
    Parameter::filter(
        "filter[active][EQ]",
        Form::Flag,
        Term::Made(active),
        "Whether the user may log in at all.",
    ),
    Parameter::filter(
        "filter[externalId][PR]",
        Form::Flag,
        Term::Present("hedgerowExternalId"),
        "Whether the user came from elsewhere.",
    ),
    Parameter::filter(
        "filter[system][EQ]",
        Form::Flag,
        Term::Made(system),
        "Whether the user belongs to the system.",
    ),
    Parameter::filter(
        "filter[invitationPending][EQ]",
        Form::Flag,
        Term::Made(invited),
        "Whether the user has been invited and has not come yet.",
    ),
    Parameter::filter(
        "filter[temporarilyLocked][EQ]",
        Form::Flag,
        Term::Made(locked),
        "Whether failed logins keep the user locked now.",
    ),
];

/// The filters of deleted users.
pub const OF_DELETED: &[Parameter] = &[
    Parameter::filter(
        "filter[deleted][EQ]",
        Form::Choice(DELETED),
        Term::Made(deleted),
        "Which users; without it and the two others, those that are not deleted.",
    ),
    Parameter::filter(
        "filter[deleted][LT]",
        Form::Moment,
        Term::Before("hedgerowDeletedTime"),
        "Deleted before this moment.",
    ),
    Parameter::filter(
        "filter[deleted][GT]",
        Form::Moment,
        Term::After("hedgerowDeletedTime"),
        "Deleted after this moment.",
    ),
];

/// The filters by times.
pub const TIMES: &[Parameter] = &[
    Parameter::filter(
        "filter[_created][LT]",
        Form::Moment,
        Term::Before("createTimestamp"),
        "Made before this moment.",
    ),
    Parameter::filter(
        "filter[_created][GT]",
        Form::Moment,
        Term::After("createTimestamp"),
        "Made after this moment.",
    ),
    Parameter::filter(
        "filter[_modified][LT]",
        Form::Moment,
        Term::Before("modifyTimestamp"),
        "Changed before this moment.",
    ),
    Parameter::filter(
        "filter[_modified][GT]",
        Form::Moment,
        Term::After("modifyTimestamp"),
        "Changed after this moment.",
    ),
];

/// The filters of groups.
pub const GROUPS: &[Parameter] = &[
    Parameter::filter(
        "filter[_id][EQ]",
        Form::Text,
        Term::Equal("entryUUID"),
        "The id.",
    ),
    Parameter::filter(
        "filter[_id][IN]",
        Form::Texts,
        Term::OneOf("entryUUID"),
        "One of these ids.",
    ),
    Parameter::filter(
        "filter[name][EQ]",
        Form::Text,
        Term::Equal("cn"),
        "The name, in any case.",
    ),
    Parameter::filter(
        "filter[name][CO]",
        Form::Part,
        Term::Contains("cn"),
        "A part of the name.",
    ),
    Parameter::filter(
        "filter[externalId][PR]",
        Form::Flag,
        Term::Present("hedgerowExternalId"),
        "Whether the group came from elsewhere.",
    ),
    Parameter::filter(
        "filter[system][EQ]",
        Form::Flag,
        Term::Made(system),
        "Whether the group belongs to the system.",
    ),
];

/// The filters of principals.
pub const PRINCIPALS: &[Parameter] = &[
    Parameter::filter(
        "filter[_id][EQ]",
        Form::Text,
        Term::Equal("entryUUID"),
        "The id.",
    ),
    Parameter::filter(
        "filter[_id][IN]",
        Form::Texts,
        Term::OneOf("entryUUID"),
        "One of these ids.",
    ),
    Parameter::filter(
        "filter[_type][EQ]",
        Form::Choice(&["User", "Group"]),
        Term::Made(of_type),
        "Users or groups.",
    ),
    Parameter::filter(
        "filter[displayName][EQ]",
        Form::Text,
        Term::Made(|value| shown(&|attribute| equal(attribute, value))),
        "The name for people, in any case.",
    ),
    Parameter::filter(
        "filter[displayName][CO]",
        Form::Part,
        Term::Made(|value| shown(&|attribute| contains(attribute, value))),
        "A part of the name for people.",
    ),
    Parameter::filter(
        "filter[displayName][SW]",
        Form::Part,
        Term::Made(|value| shown(&|attribute| begins(attribute, value))),
        "The beginning of the name for people.",
    ),
    Parameter::filter(
        "filter[external][EQ]",
        Form::Flag,
        Term::Present("hedgerowExternalId"),
        "Whether it came from elsewhere.",
    ),
    Parameter::filter(
        "filter[system][EQ]",
        Form::Flag,
        Term::Made(system),
        "Whether it belongs to the system.",
    ),
];

/// Which part of a list.
pub const PAGE: &[Parameter] = &[
    Parameter::new(
        "page[offset]",
        Form::Number {
            least: 0,
            default: 0,
            most: u32::MAX,
        },
        "How many entries to pass over.",
    ),
    LIMIT,
    Parameter::new(
        "page[after]",
        Form::Text,
        "What an earlier page said in next: goes on there, whatever was added or deleted before. Not with page[offset].",
    ),
];

/// How long a page is.
pub const LIMIT: Parameter = Parameter::new(
    "page[limit]",
    Form::Number {
        least: 0,
        default: 100,
        most: 1_000,
    },
    "The most entries; 0 only counts them.",
);

/// In which order users come.
pub const USER_SORT: &[Parameter] = &[Parameter::new(
    "sort",
    Form::Choice(&[
        "userName",
        "-userName",
        "displayName",
        "-displayName",
        "_created",
        "-_created",
        "_modified",
        "-_modified",
    ]),
    "The order; - turns it around.",
)];

/// In which order groups come.
pub const GROUP_SORT: &[Parameter] = &[Parameter::new(
    "sort",
    Form::Choice(&[
        "name",
        "-name",
        "_created",
        "-_created",
        "_modified",
        "-_modified",
    ]),
    "The order; - turns it around.",
)];

/// In which order principals come.
pub const PRINCIPAL_SORT: &[Parameter] = &[Parameter::new(
    "sort",
    Form::Choice(&["displayName", "-displayName"]),
    "The order; - turns it around.",
)];

/// What is shown of users.
pub const OF_USER: &[Parameter] = &[
    Parameter::new("fields", Form::Choices(USER_FIELDS), "Only these members."),
    Parameter::new(
        "excludeFields",
        Form::Choices(USER_FIELDS),
        "All members but these.",
    ),
];

/// What is shown of groups.
pub const OF_GROUP: &[Parameter] = &[
    Parameter::new("fields", Form::Choices(GROUP_FIELDS), "Only these members."),
    Parameter::new(
        "excludeFields",
        Form::Choices(GROUP_FIELDS),
        "All members but these.",
    ),
];

/// Which memberships.
pub const MEMBERSHIP: &[Parameter] = &[Parameter::new(
    "filter[membershipType][EQ]",
    Form::Choice(&["direct", "indirect"]),
    "Those that the group lists, or those through other groups alone.",
)];

/// Whose memberships.
pub const MEMBER_TYPE: &[Parameter] = &[Parameter::new(
    "filter[principalType][EQ]",
    Form::Choice(&["User", "Group"]),
    "Users or groups.",
)];

fn active(value: &str) -> Filter {
    let active = Filter::And(vec![
        not(equal("pwdAccountLockedTime", "000001010000Z")),
        not(equal("hedgerowDisabled", "TRUE")),
    ]);
    if value == "true" { active } else { not(active) }
}

fn flag(attribute: &str, value: &str) -> Filter {
    let set = equal(attribute, "TRUE");
    if value == "true" { set } else { not(set) }
}

fn system(value: &str) -> Filter {
    flag("hedgerowSystem", value)
}

fn invited(value: &str) -> Filter {
    flag("hedgerowInvitationPending", value)
}

fn locked(value: &str) -> Filter {
    flag("hedgerowTemporarilyLocked", value)
}

fn deleted(value: &str) -> Filter {
    let gone = present("hedgerowDeletedTime");
    match value {
        "deletedOnly" => gone,
        "notDeletedOnly" => not(gone),
        _ => Filter::And(Vec::new()),
    }
}

fn of_type(value: &str) -> Filter {
    if value == "User" { users() } else { groups() }
}

/// The name for people of a user is `displayName`, or `cn` without one.
fn named(test: &Test<'_>) -> Filter {
    either("displayName", "cn", test)
}

/// The name for people of a user is `displayName`, or `cn` without one; that of a group is `cn`.
fn shown(test: &Test<'_>) -> Filter {
    let named = Filter::And(vec![present("uid"), test("displayName")]);
    let unnamed = Filter::Or(vec![not(present("displayName")), not(present("uid"))]);
    Filter::Or(vec![named, Filter::And(vec![unnamed, test("cn")])])
}
