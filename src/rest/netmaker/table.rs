//! The operations of this dialect: one row each, in a file for what they are about. Paths, permissions, parameters, bodies
//! and refusals are there and nowhere else; the routes and the document follow from them.

mod networks;
mod newcomers;
mod users;

use crate::rest::operation::{Operation, Permission, Run, Shape, Verb};
use crate::rest::query::{Form, Parameter};

/// All operations.
pub static OPERATIONS: &[&[Operation]] = &[
    users::OPERATIONS,
    networks::OPERATIONS,
    newcomers::OPERATIONS,
];

/// A row that takes the fewest words; all that succeed answer with 200.
const fn row(
    id: &'static str,
    route: (Verb, &'static str),
    permission: &'static Permission,
    summary: &'static str,
    answer: Shape,
    run: Run,
) -> Operation {
    Operation::new(id, route, permission, summary, (200, answer), run)
}

/// A text in the query that the operation may do without.
const fn text(name: &'static str, description: &'static str) -> Parameter {
    Parameter::new(name, Form::Text, description)
}

/// Whose it is.
const OF_USER: &[Parameter] = &[Parameter::required("username", "The name of the user.")];
