//! The decoder against messages put together by hand.

mod controls;
mod envelope;
mod extensibility;
mod filters;
mod operations;
mod refused_requests;
mod responses;

use super::samples::*;
use super::*;
use crate::directory::filter::{Extensible, Filter, Substrings};
use crate::ldap::ber::{
    BOOLEAN, BerFault, ENUMERATED, Fault, INTEGER, ReadError, SEQUENCE, SET, StructureError,
};
use crate::ldap::message::{
    Authentication, ChangeOperation, DerefAliases, Message, Operation, Request, ResponseTag, Scope,
    SearchRequest,
};

const EQUALITY: u8 = 0xa3;

fn search_of(bytes: &[u8]) -> SearchRequest {
    match decode(bytes).unwrap().operation {
        Request::Search(search) => search,
        other => panic!("{other:?}"),
    }
}

fn filter_of(filter: &[u8]) -> Filter {
    search_of(&search(filter)).filter
}

/// The fault of a request whose id and operation could be read.
fn field_error(bytes: &[u8]) -> ReadError {
    match decode(bytes) {
        Err(DecodeError::Request {
            id: 7,
            reason: RequestError::Field(error),
            ..
        }) => error,
        other => panic!("{other:?}"),
    }
}

fn structure_fault(bytes: &[u8]) -> BerFault {
    match decode(bytes) {
        Err(DecodeError::Envelope(EnvelopeError::Structure(error))) => error.fault,
        other => panic!("{other:?}"),
    }
}

fn with_operation(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    message(&[&constructed(tag, parts)])
}
