//! One line of the audit log: an object of JSON whose absent members do not apply.
//!
//! Owns the form. It has names of attributes and no values, so that no secret can be in it.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::directory::audit::{self, Event};
use crate::directory::history::{self, LOCAL, Summary};
use crate::directory::time::{self, Csn};

/// What kind of line it is.
#[derive(
    Clone, Copy, Debug, Default, Deserialize, Eq, Hash, PartialEq, Serialize, clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A login or a change of a password.
    #[default]
    Authentication,
    /// Something else that was refused.
    Refusal,
    /// A task of administration that was begun.
    Administration,
    /// A lock that came into force.
    Lock,
    /// A change that was made.
    Write,
    /// The first line of a file: `change` is the newest change in the file before.
    Begin,
    /// Lines that were not written: `count` of them.
    Lost,
}

/// A text that is always the same, or was made for the line.
pub type Text = Cow<'static, str>;

/// A line.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(default)]
pub struct Line {
    /// When, as RFC 3339 writes it, in UTC and to the microsecond.
    pub time: String,
    /// What kind it is.
    pub kind: Kind,
    /// What was done or was to be done.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub operation: Text,
    /// How the client showed who it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<Text>,
    /// Who asked, by DN or `anonymous`; of a login that failed, who they said they were. Absent when these differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub who: Option<Text>,
    /// Who was bound, where `who` was acted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<Text>,
    /// The entry or account that it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Text>,
    /// The name after a rename.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_name: Option<Text>,
    /// The attributes of which values came or went.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub attributes: Vec<String>,
    /// Members that came about with the change in groups that had listed them before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub gains: Vec<Gain>,
    /// The address of the client, or `local`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<Text>,
    /// The number of the connection, as the log has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connection: Option<u64>,
    /// The message id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<i32>,
    /// The id of a request over HTTP, which its answer has as `X-Request-Id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    /// How it ended: the name of a result code.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub outcome: Text,
    /// Why, where the one who asked was told less: what the password policy says, or `hidden` of an entry that they may not
    /// see.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<Text>,
    /// When a lock ends, as `time`; until it is lifted without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many alike the line stands for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// The number of the change, which is the entry's `entryCSN` after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change: Option<String>,
}

/// A member that came about without a change of its group.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub struct Gain {
    /// The entry that is a member from then on.
    pub member: String,
    /// The group; of those that are too many to be named, how many they are.
    pub group: String,
}

impl From<history::Gain> for Gain {
    fn from(gain: history::Gain) -> Gain {
        Gain {
            member: gain.member,
            group: gain.group,
        }
    }
}

impl Line {
    /// A line of the log about itself.
    pub fn own(kind: Kind, now: u64) -> Line {
        Line {
            time: time::rfc3339_micros(now),
            kind,
            ..Line::default()
        }
    }

    /// The line of something that happened at `now`, in microseconds since 1970.
    pub fn of_event(event: Event, now: u64) -> Line {
        let provenance = event.provenance;
        let address = provenance.address;
        let address = address.map(|address| address.to_canonical().to_string().into());
        // A lock comes about by several requests.
        let by_request = event.kind != audit::Kind::Lock;
        Line {
            kind: match event.kind {
                audit::Kind::Authentication => Kind::Authentication,
                audit::Kind::Refusal => Kind::Refusal,
                audit::Kind::Administration => Kind::Administration,
                audit::Kind::Lock => Kind::Lock,
            },
            operation: event.operation.into(),
            method: event.method.map(Text::from),
            who: Some(named(event.who)),
            through: provenance.through.map(named),
            target: event.target.map(Text::from),
            address: Some(address.unwrap_or(LOCAL.into())),
            connection: Some(provenance.connection).filter(|number| by_request && *number != 0),
            message: Some(provenance.message).filter(|number| by_request && *number != 0),
            request: provenance.request.map(|id| id.to_string()),
            outcome: event.outcome.into(),
            reason: event.reason.map(Text::from),
            until: event.until.map(moment),
            ..Line::own(Kind::Authentication, now)
        }
    }

    /// The line of a change that was made.
    pub fn of_change(number: Csn, change: Summary) -> Line {
        Line {
            operation: change.kind.into(),
            who: Some(named(change.actor)),
            through: change.through.map(named),
            target: Some(change.dn.into()),
            new_name: change.new_name.map(Text::from),
            attributes: change.attributes,
            gains: change.gains.into_iter().map(Gain::from).collect(),
            address: change.address.map(Text::from),
            connection: change.connection,
            message: change.message,
            request: change.request,
            outcome: "success".into(),
            change: Some(number.to_string()),
            ..Line::own(Kind::Write, number.micros)
        }
    }

    /// Whether it tells of something that did not succeed.
    pub fn is_failure(&self) -> bool {
        !self.outcome.is_empty() && self.outcome != "success"
    }

    /// Appends the line to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        // Writing plain texts and numbers to memory does not fail.
        let _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

fn moment(seconds: i64) -> String {
    let micros = u64::try_from(seconds)
        .unwrap_or_default()
        .saturating_mul(1_000_000);
    time::rfc3339_micros(micros)
}

fn named(name: String) -> Text {
    match name.as_str() {
        "" => "anonymous".into(),
        _ => name.into(),
    }
}

impl Kind {
    /// As it is shown to people.
    fn word(self) -> &'static str {
        match self {
            Kind::Authentication => "authentication",
            Kind::Refusal => "refusal",
            Kind::Administration => "administration",
            Kind::Lock => "lock",
            Kind::Write => "write",
            Kind::Begin => "begin",
            Kind::Lost => "lost",
        }
    }
}

/// Writes a text that may come from a client, on the line.
fn word(f: &mut fmt::Formatter<'_>, before: &str, text: &str) -> fmt::Result {
    f.write_str(before)?;
    text.chars().try_for_each(|c| match c.is_control() {
        true => write!(f, "{}", c.escape_default()),
        false => write!(f, "{c}"),
    })
}

impl fmt::Display for Line {
    /// For people, on one line whatever a client has put into a name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}  {:<14}", self.time, self.kind.word())?;
        word(f, "  ", &self.operation)?;
        let pieces = [
            (" ", &self.method),
            (" ", &self.target),
            (" to ", &self.new_name),
            (" by ", &self.who),
            (" through ", &self.through),
            (" from ", &self.address),
        ];
        for (before, text) in pieces {
            if let Some(text) = text {
                word(f, before, text)?;
            }
        }
        if let (Some(connection), Some(message)) = (self.connection, self.message) {
            write!(f, " conn={connection} op={message}")?;
        }
        if let Some(request) = &self.request {
            word(f, " request=", request)?;
        }
        if !self.attributes.is_empty() {
            word(f, " [", &self.attributes.join(", "))?;
            f.write_str("]")?;
        }
        for gain in &self.gains {
            word(f, " with ", &gain.member)?;
            word(f, " now in ", &gain.group)?;
        }
        if !self.outcome.is_empty() {
            word(f, ": ", &self.outcome)?;
        }
        if let Some(reason) = &self.reason {
            word(f, " (", reason)?;
            f.write_str(")")?;
        }
        if let Some(until) = &self.until {
            word(f, " until ", until)?;
        }
        if let Some(count) = self.count {
            write!(f, " x{count}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change() -> Line {
        let summary = Summary {
            dn: "cn=a\nb".to_owned(),
            kind: "modify".to_owned(),
            actor: String::new(),
            attributes: vec!["cn".to_owned(), "sn".to_owned()],
            address: Some("192.0.2.1".to_owned()),
            connection: Some(3),
            message: Some(4),
            ..Summary::default()
        };
        let number = Csn {
            micros: 1_000_001,
            count: 0,
        };
        Line::of_change(number, summary)
    }

    #[test]
    fn a_line_is_one_object_that_reads_as_it_was_written() {
        let mut out = Vec::new();
        change().write(&mut out);
        assert_eq!(out.iter().filter(|byte| **byte == b'\n').count(), 1);
        let read: Line = serde_json::from_slice(&out).unwrap();
        assert_eq!(read, change());
        assert!(!String::from_utf8(out).unwrap().contains("null"));
    }

    #[test]
    fn for_people_it_stays_on_its_line() {
        assert_eq!(
            change().to_string(),
            "1970-01-01T00:00:01.000001Z  write           modify cn=a\\nb by anonymous from 192.0.2.1 conn=3 op=4 [cn, sn]: success"
        );
    }
}
