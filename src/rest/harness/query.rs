//! The parameters of this dialect's operations: the scope, the page, its order, and the text to look for.

use crate::directory::filter::Filter;
use crate::directory::request::SortKey;
use crate::directory::schema::Rule;
use crate::rest::fault::Fault;
use crate::rest::operation::Call;
use crate::rest::query::{Form, Parameter};
use crate::rest::term::{Test, contains, either, must_count};

/// What the product's own pages send with everything. It has no effect.
const ROUTING: Parameter = Parameter::new(
    "routingId",
    Form::Text,
    "What the product's pages send; it has no effect.",
);

const ACCOUNT: Parameter = Parameter::required("accountIdentifier", "The account.");

/// The scope that a request is about.
pub const SCOPE: &[Parameter] = &[
    ACCOUNT,
    Parameter::new(
        "orgIdentifier",
        Form::Text,
        "The organisation; without it the whole account is meant.",
    ),
    Parameter::new(
        "projectIdentifier",
        Form::Text,
        "The project of the organisation; without it the whole organisation is meant.",
    ),
    ROUTING,
];

/// The account alone.
pub const WHOLE_ACCOUNT: &[Parameter] = &[ACCOUNT, ROUTING];

/// The account, which only callers with a key must name.
pub const OWN: &[Parameter] = &[
    Parameter::new(
        "accountIdentifier",
        Form::Text,
        "The account; required with x-api-key.",
    ),
    ROUTING,
];

/// The account under the name that it has where projects are asked for.
pub const ACCOUNT_ID: &[Parameter] = &[Parameter::new(
    "accountId",
    Form::Text,
    "The account; with x-api-key either this or accountIdentifier is required.",
)];

/// Whose projects.
pub const USER_ID: &[Parameter] = &[Parameter::new(
    "userId",
    Form::Text,
    "The uuid of the user; the caller without it.",
)];

/// A text in names and addresses.
pub const SEARCH_TERM: &[Parameter] = &[Parameter::new(
    "searchTerm",
    Form::Text,
    "A part of the name or of the e-mail address, in any case, taken literally.",
)];

/// The same where it is called otherwise.
pub const SEARCH_STRING: &[Parameter] = &[Parameter::new(
    "searchString",
    Form::Text,
    "A part of the name or of the e-mail address, in any case, taken literally.",
)];

/// Which page of a list, and in which order.
pub const PAGE: &[Parameter] = &[
    Parameter::new(
        "pageIndex",
        Form::Number {
            least: 0,
            default: 0,
            most: 2_147_483_647,
        },
        "The page, counted from 0.",
    ),
    Parameter::new(
        "pageSize",
        Form::Number {
            least: 1,
            default: 50,
            most: 100,
        },
        "Items of a page.",
    ),
    Parameter::new(
        "sortOrders",
        Form::Repeated,
        "The order, as field,ASC or field,DESC, once for each field: of users name, email and uuid. The first decides, what is \
         no field has no effect.",
    ),
];

/// A page that is asked for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// Which, counted from 0.
    pub index: u32,
    /// Items of a page.
    pub size: u32,
}

impl Page {
    /// That of a request.
    pub fn of(call: &Call) -> Self {
        let number = |at: usize| PAGE.get(at).map_or(0, |it| call.query.number(it));
        Self {
            index: number(0),
            size: number(1),
        }
    }

    /// Items before it.
    pub fn offset(self) -> u32 {
        self.index.saturating_mul(self.size)
    }
}

/// One key of an order: a field, and whether the greatest value comes first.
#[derive(Debug, PartialEq, Eq)]
pub struct SortOrder<'a> {
    /// As clients name it.
    pub field: &'a str,
    /// Whether the greatest value comes first.
    pub descending: bool,
}

/// The order that a request asks for. Without a direction, or with one that is none, the greatest comes first, as in the
/// product; what names no field has no effect.
pub fn sort_orders(given: &[String]) -> Vec<SortOrder<'_>> {
    let mut orders: Vec<SortOrder<'_>> = Vec::new();
    for text in given {
        let (field, direction) = text.split_once(',').unwrap_or((text, ""));
        let field = field.trim();
        if field.is_empty() || orders.iter().any(|order| order.field == field) {
            continue;
        }
        let descending = !direction.trim().eq_ignore_ascii_case("ASC");
        orders.push(SortOrder { field, descending });
    }
    orders
}

/// The order of users: by name without another.
pub fn user_order(call: &Call) -> Vec<SortKey> {
    let given = call.query.values("sortOrders").unwrap_or_default();
    let keys = sort_orders(given)
        .into_iter()
        .filter_map(|order| key(order.field, order.descending));
    let keys: Vec<SortKey> = keys.collect();
    if keys.is_empty() {
        return key("name", false).into_iter().collect();
    }
    keys
}

fn key(field: &str, reverse: bool) -> Option<SortKey> {
    let (attribute, otherwise) = match field {
        "name" => ("displayName", Some("cn")),
        "email" => ("mail", Some("uid")),
        "uuid" => ("entryUUID", None),
        _ => return None,
    };
    Some(SortKey {
        attribute: attribute.to_owned(),
        rule: None,
        reverse,
        otherwise: otherwise.map(str::to_owned),
    })
}

/// Users whose name or address contains the text that has a name in the request; `None` for all, where it is blank.
///
/// # Errors
/// When the text only looks blank: nothing of it counts.
pub fn matching(name: &str, text: &str) -> Result<Option<Filter>, Fault> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    must_count(Rule::CaseIgnoreSubstrings, name, text)?;
    // A user without an address is shown with the user name in its place.
    let test: &Test<'_> = &|attribute| contains(attribute, text);
    let email = either("mail", "uid", test);
    Ok(Some(Filter::Or(vec![
        test("displayName"),
        test("cn"),
        email,
    ])))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_the_product_reads_them() {
        let given = ["email,asc", "name", " ,ASC", "uuid,down", "email,DESC", ""];
        let given = given.map(str::to_owned);
        let read = sort_orders(&given);
        let read: Vec<_> = read
            .iter()
            .map(|order| (order.field, order.descending))
            .collect();
        assert_eq!(read, [("email", false), ("name", true), ("uuid", true)]);
        assert_eq!(key("shoeSize", false), None);
    }

    #[test]
    fn a_search_term_is_taken_literally() {
        let filter = matching("searchTerm", " a.*(b) ")
            .unwrap()
            .unwrap()
            .to_string();
        assert!(
            filter.contains("(displayName=*a.\\2a\\28b\\29*)"),
            "{filter}"
        );
        assert_eq!(matching("searchTerm", " ").unwrap(), None);
        let refused = matching("searchTerm", " \u{200b}\u{ad} ").unwrap_err();
        assert!(refused.text.starts_with("searchTerm: "), "{refused:?}");
    }
}
