//! What a row of a dialect's table says of an operation.
//!
//! Owns the words; what is done with a request is the operation's (`rest::operation`).

use std::future::Future;
use std::pin::Pin;

use axum::routing::MethodFilter;

use super::{Call, Reply};
use crate::rest::fault::Fault;
use crate::rest::query::Parameter;

/// How a request is sent.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads.
    Get,
    /// Adds, or does.
    Post,
    /// Replaces.
    Put,
    /// Changes parts.
    Patch,
    /// Removes.
    Delete,
}

impl Verb {
    pub(super) fn filter(self) -> MethodFilter {
        match self {
            Self::Get => MethodFilter::GET,
            Self::Post => MethodFilter::POST,
            Self::Put => MethodFilter::PUT,
            Self::Patch => MethodFilter::PATCH,
            Self::Delete => MethodFilter::DELETE,
        }
    }

    /// As OpenAPI writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::Post => "post",
            Self::Put => "put",
            Self::Patch => "patch",
            Self::Delete => "delete",
        }
    }
}

/// Who may ask.
pub struct Permission {
    /// For people.
    pub name: &'static str,
    /// Whether somebody must have logged in.
    pub login: bool,
    /// Whether this caller may, for what the path and the query name; headers and body are not read yet.
    pub allows: fn(&Call) -> bool,
}

/// Everybody, also without a login.
pub static ANYONE: Permission = Permission {
    name: "everyone, also without a login",
    login: false,
    allows: |_| true,
};

/// Whoever has logged in; the operation may ask further.
pub static USER: Permission = Permission {
    name: "every user",
    login: true,
    allows: |_| true,
};

/// One row of a dialect's table.
pub struct Operation {
    /// Its name in programs.
    pub id: &'static str,
    /// How it is sent.
    pub verb: Verb,
    /// Where, below a base of the dialect; parts in braces are variable.
    pub path: &'static str,
    /// Other ways to send the same.
    pub aliases: &'static [(Verb, &'static str)],
    /// What it does.
    pub summary: &'static str,
    /// Who may ask for it.
    pub permission: &'static Permission,
    /// The query's parameters, in tables that operations share.
    pub parameters: &'static [&'static [Parameter]],
    /// The body, if it takes one.
    pub body: Option<Input>,
    /// The status of the answer.
    pub status: u16,
    /// The body of the answer.
    pub answer: Shape,
    /// Whether the answer has an `ETag`, and the request may name one.
    pub tagged: bool,
    /// The statuses of refusals beside those that every operation has.
    pub refusals: &'static [u16],
    /// Does it.
    pub run: Run,
}

impl Operation {
    /// One without parameters and a body; what it has besides is said around it.
    pub const fn new(
        id: &'static str,
        (verb, path): (Verb, &'static str),
        permission: &'static Permission,
        summary: &'static str,
        (status, answer): (u16, Shape),
        run: Run,
    ) -> Self {
        Self {
            id,
            verb,
            path,
            aliases: &[],
            summary,
            permission,
            parameters: &[],
            body: None,
            status,
            answer,
            tagged: false,
            refusals: &[],
            run,
        }
    }
}

/// The body of a request.
pub struct Input {
    /// What it holds.
    pub shape: Shape,
    /// The media types it may be of; JSON is always one.
    pub types: &'static [&'static str],
}

/// A body of JSON.
pub const fn json(shape: Shape) -> Option<Input> {
    Some(Input { shape, types: &[] })
}

/// JSON, by the name of its schema.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Shape {
    /// None.
    Nothing,
    /// An object.
    One(&'static str),
    /// An object, or of a request no body at all.
    Maybe(&'static str),
    /// An array of objects.
    Many(&'static str),
    /// An object with a page of objects; as NDJSON the objects of the whole list.
    List(&'static str, &'static str),
}

/// Does an operation.
pub type Run = fn(Call) -> Pin<Box<dyn Future<Output = Result<Reply, Fault>> + Send>>;
