//! The dialect of Harness: the users of an account, its organisations and their projects, as `/ng/api/user` shows them.
//!
//! Owns the table of its operations, with their paths and bodies. Who may do what where follows from the roles that callers
//! have in the scopes they name (`roles`): a role holds for all that is below its scope.

mod add;
mod aggregate;
mod bodies;
mod credentials;
mod envelope;
mod models;
mod place;
mod projects;
mod query;
mod remove;
mod resource;
mod roles;
mod table;
mod users;

use serde_json::{Value, json};

use super::fault::{Fault, Kind};
use super::operation::{Dialect, Part, Permission};

/// The dialect.
pub static DIALECT: Dialect = Dialect {
    name: "harness",
    title: "Harness",
    bases: &["/ng/api/user", "/gateway/ng/api/user"],
    owns: &["/ng/api", "/gateway"],
    parts: &[
        Part {
            name: "userId",
            description: "The uuid of the user.",
            format: Some("uuid"),
            example: "597ae2f6-16a6-1027-98f4-d28b5365dc14",
        },
        Part {
            name: "authMechanism",
            description: "The kind of second factor; there is one, TOTP.",
            format: None,
            example: "TOTP",
        },
    ],
    bearer: None,
    tables: &[table::OPERATIONS],
    fault,
    fault_schema: "HarnessRefusal",
    schemas: || [models::schemas(), bodies::schemas()].concat(),
};

/// Those who may see the users of the scope; the operation asks, as it is the query that names it.
static VIEWER: Permission = Permission {
    name: "viewers and administrators of the scope, or of one above it",
    login: true,
    allows: |_| true,
};

/// Those who may change who is in the scope; the operation asks.
static MANAGER: Permission = Permission {
    name: "administrators of the scope, or of one above it",
    login: true,
    allows: |_| true,
};

/// There is no such thing, among those that the dialect knows.
fn unknown(what: &str) -> Fault {
    Fault::not_found(what).with(json!({ "code": "ENTITY_NOT_FOUND" }))
}

/// What a refusal is called.
fn words(kind: Kind) -> (&'static str, &'static str) {
    match kind {
        Kind::Invalid | Kind::PreconditionFailed | Kind::TooLarge | Kind::UnsupportedType => {
            ("FAILURE", "INVALID_REQUEST")
        }
        Kind::Unauthenticated => ("ERROR", "INVALID_TOKEN"),
        Kind::Forbidden => ("ERROR", "NG_ACCESS_DENIED"),
        Kind::NotFound => ("FAILURE", "RESOURCE_NOT_FOUND_EXCEPTION"),
        Kind::MethodNotAllowed => ("FAILURE", "UNSUPPORTED_OPERATION_EXCEPTION"),
        Kind::Conflict => ("ERROR", "DUPLICATE_FIELD"),
        Kind::TooMany => ("ERROR", "TOO_MANY_REQUESTS"),
        Kind::Unavailable => ("ERROR", "UNKNOWN_ERROR"),
    }
}

/// A FailureDTO of requests that are wrong, an ErrorDTO of all others.
fn fault(fault: &Fault, id: &str) -> Value {
    let more = fault.more.as_ref().and_then(Value::as_object);
    let named = |name: &str| more.is_some_and(|more| more.contains_key(name));
    let (mut status, code) = words(fault.kind);
    if named("code") {
        status = "ERROR";
    }
    let mut body = json!({
        "status": status,
        "code": code,
        "message": fault.text,
        "correlationId": id,
    });
    if let Some(members) = body.as_object_mut() {
        if status == "FAILURE" {
            members.insert("errors".to_owned(), errors(&fault.text));
        } else {
            members.insert("detailedMessage".to_owned(), Value::Null);
            members.insert("responseMessages".to_owned(), json!([]));
        }
        let more = more.into_iter().flatten();
        members.extend(more.map(|(name, value)| (name.clone(), value.clone())));
    }
    body
}

/// What is wrong with which member or parameter: refusals begin with its name and a colon.
fn errors(text: &str) -> Value {
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.[]".contains(&byte);
    let named = text.split_once(": ");
    match named.filter(|(name, _)| name.bytes().all(is_name)) {
        Some((name, error)) => json!([{ "fieldId": name, "error": error }]),
        None => json!([]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_the_field_at_fault() {
        let told = fault(
            &Fault::invalid("pageSize: \"0\" is not a whole number"),
            "x",
        );
        assert_eq!(told["status"], "FAILURE");
        assert_eq!(told["correlationId"], "x");
        assert_eq!(told["errors"][0]["fieldId"], "pageSize");
        let told = fault(&Fault::invalid("the body is not JSON: end"), "x");
        assert_eq!(told["errors"], json!([]));
    }

    #[test]
    fn what_is_not_there_is_told_from_a_path_that_leads_nowhere() {
        let told = fault(&unknown("user"), "x");
        assert_eq!(
            (&told["status"], &told["code"]),
            (&json!("ERROR"), &json!("ENTITY_NOT_FOUND"))
        );
        let told = fault(&Fault::new(Kind::NotFound, "nothing"), "x");
        assert_eq!(told["code"], "RESOURCE_NOT_FOUND_EXCEPTION");
        assert_eq!(told["status"], "FAILURE");
    }
}
