//! The parameters of this dialect's lists, and what they are in the tree.
//!
//! Owns pages that are counted from 1, the search for words or parts of them, and the order.

use serde_json::{Map, Value};

use crate::directory::filter::{Filter, Substrings};
use crate::directory::request::{SliceStart, SortKey};
use crate::directory::schema::Rule;
use crate::rest::fault::Fault;
use crate::rest::list::by;
use crate::rest::query::{Form, Parameter, Query};
use crate::rest::term::{Test, begins, contains, either, equal, must_count, not, present};

/// The most words that are searched for at once.
const MOST_WORDS: usize = 16;

static NUMBER: Parameter = PAGE_NUMBER;
static SIZE: Parameter = PAGE_SIZE;

const PAGE_NUMBER: Parameter = Parameter::new(
    "page",
    Form::Number {
        least: 1,
        default: 1,
        most: u32::MAX / MOST_ITEMS,
    },
    "Which page, counted from 1; one past the last is empty.",
);
const PAGE_SIZE: Parameter = Parameter::new(
    "limit",
    Form::Number {
        least: 1,
        default: 50,
        most: MOST_ITEMS,
    },
    "The most items of a page.",
);
const MOST_ITEMS: u32 = 100;

/// Which part of a list.
pub const PAGE: &[Parameter] = &[PAGE_NUMBER, PAGE_SIZE];

/// The search for users.
pub const SEARCH: &[Parameter] = &[
    Parameter::new(
        "q",
        Form::Text,
        "What to search for, in any case, deleted users included: at most 16 words in the names and the e-mail address; or a JSON object of \
         firstName, lastName, email, username, roleName (or department), phone, each with a text, terminated, emailVerified, \
         each with a flag.",
    ),
    Parameter::new(
        "qType",
        Form::Choice(&["full", "partial"]),
        "full, the default: all words, each whole, in all fields of an object; partial: the text as a part of a field.",
    ),
    Parameter::new(
        "qOperator",
        Form::Choice(&["or", "and"]),
        "Of an object and partial alone: whether one field is enough, the default, or all must have their part.",
    ),
];

const DIRECTION: Form = Form::Choice(&["asc", "desc"]);

/// In which order users come.
pub const USER_SORT: &[Parameter] = &[
    Parameter::new("sort[email]", DIRECTION, "By the e-mail address."),
    Parameter::new("sort[username]", DIRECTION, "The same."),
    Parameter::new("sort[firstName]", DIRECTION, "By the first name."),
    Parameter::new("sort[firstname]", DIRECTION, "The same."),
    Parameter::new("sort[lastName]", DIRECTION, "By the last name."),
    Parameter::new(
        "sort[roleName]",
        DIRECTION,
        "By the role, for which the whole list is sorted.",
    ),
    CREATED,
    UPDATED,
];

/// In which order groups come.
pub const GROUP_SORT: &[Parameter] = &[
    Parameter::new("sort[name]", DIRECTION, "By the name."),
    Parameter::new(
        "sort[description]",
        DIRECTION,
        "By the description, for which the whole list is sorted.",
    ),
    CREATED,
    UPDATED,
];

const CREATED: Parameter = Parameter::new(
    "sort[createdAt]",
    DIRECTION,
    "By when it was made; ascending is the default.",
);
const UPDATED: Parameter =
    Parameter::new("sort[updatedAt]", DIRECTION, "By when it was changed last.");

/// The page of a request: its number, its size, and where it begins.
pub fn page(query: &Query) -> (u32, u32, SliceStart) {
    let (number, size) = (query.number(&NUMBER), query.number(&SIZE));
    let offset = number.saturating_sub(1).saturating_mul(size);
    (number, size, SliceStart::Offset(offset))
}

/// The order of a request, of which `known` are the parameters; by when entries were made when it says nothing.
///
/// # Errors
/// When it names two.
pub fn sort(query: &Query, known: &[Parameter]) -> Result<SortKey, Fault> {
    let given = known.iter().filter_map(|parameter| {
        let direction = query.value(parameter.name)?;
        Some((parameter.name, direction))
    });
    let mut given = given.collect::<Vec<_>>().into_iter();
    let Some((name, direction)) = given.next() else {
        return Ok(by("createTimestamp"));
    };
    if let Some((other, _)) = given.next() {
        return Err(Fault::invalid(format!(
            "{other}: is given together with {name}; a list has one order"
        )));
    }
    let (attribute, otherwise) = match name {
        "sort[email]" | "sort[username]" => ("mail", Some("uid")),
        "sort[firstName]" | "sort[firstname]" => ("givenName", None),
        "sort[lastName]" => ("sn", None),
        "sort[roleName]" => ("employeeType", Some("title")),
        "sort[name]" => ("cn", None),
        "sort[description]" => ("description", None),
        "sort[updatedAt]" => ("modifyTimestamp", None),
        _ => ("createTimestamp", None),
    };
    Ok(SortKey {
        reverse: direction == "desc",
        otherwise: otherwise.map(str::to_owned),
        ..by(attribute)
    })
}

/// What a search asks of a user; `None` when there is none.
///
/// # Errors
/// When it is no object of known fields, or of too many words.
pub fn search(query: &Query) -> Result<Option<Filter>, Fault> {
    let Some(text) = query.value("q").filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    let partial = query.value("qType") == Some("partial");
    if text.trim_start().starts_with('{') {
        let every = !partial || query.value("qOperator") == Some("and");
        let fields: Map<String, Value> = serde_json::from_str(text)
            .map_err(|error| Fault::invalid(format!("q: is no JSON object: {error}")))?;
        return of_fields(fields, partial, every).map(Some);
    }
    let anywhere = |test: &Test<'_>| {
        let names = ["givenName", "sn", "cn"].map(test).into_iter();
        Filter::Or(names.chain([email(test)]).collect())
    };
    let filter = match partial {
        true => {
            must_count(Rule::CaseIgnoreSubstrings, "q", text)?;
            anywhere(&|attribute| contains(attribute, text))
        }
        false => all_words(text, &|word| {
            anywhere(&|attribute| has_word(attribute, word))
        })?,
    };
    Ok(Some(filter))
}

fn of_fields(fields: Map<String, Value>, partial: bool, every: bool) -> Result<Filter, Fault> {
    if fields.is_empty() {
        return Err(Fault::invalid("q: names no field"));
    }
    let terms = fields
        .iter()
        .map(|(name, value)| of_field(name, value, partial));
    let terms: Vec<Filter> = terms.collect::<Result<_, _>>()?;
    Ok(match every {
        true => Filter::And(terms),
        false => Filter::Or(terms),
    })
}

fn of_field(name: &str, value: &Value, partial: bool) -> Result<Filter, Fault> {
    let flag = || match value {
        Value::Bool(flag) => Ok(*flag),
        Value::String(text) if text == "true" || text == "false" => Ok(text == "true"),
        _ => Err(Fault::invalid(format!("q: {name} must be true or false"))),
    };
    let is = |flag: bool, filter: Filter| if flag { filter } else { not(filter) };
    match name {
        "terminated" => return Ok(is(flag()?, present("hedgerowDeletedTime"))),
        "emailVerified" => return Ok(is(flag()?, equal("hedgerowEmailVerified", "TRUE"))),
        _ => {}
    }
    let Value::String(text) = value else {
        return Err(Fault::invalid(format!("q: {name} must be a text")));
    };
    let field: fn(&Test<'_>) -> Filter = match name {
        "firstName" | "firstname" => |test| test("givenName"),
        "lastName" => |test| test("sn"),
        "email" | "username" => email,
        "roleName" | "department" => |test| either("employeeType", "title", test),
        "phone" => |test| test("telephoneNumber"),
        _ => {
            let name: String = name.chars().take(64).collect();
            return Err(Fault::invalid(format!("q: \"{name}\" is no field")));
        }
    };
    let rule = match name {
        "phone" => Rule::TelephoneNumberSubstrings,
        _ => Rule::CaseIgnoreSubstrings,
    };
    must_count(rule, &format!("q: {name}"), text)?;
    match partial {
        true => Ok(field(&|attribute| contains(attribute, text))),
        false => all_words(text, &|word| field(&|attribute| has_word(attribute, word))),
    }
}

/// The e-mail address is the user name where there is none.
fn email(test: &Test<'_>) -> Filter {
    either("mail", "uid", test)
}

/// All words of a text pass; nothing does when it has none.
fn all_words(text: &str, test: &Test<'_>) -> Result<Filter, Fault> {
    let words: Vec<&str> = text.split_whitespace().collect();
    for word in &words {
        must_count(Rule::CaseIgnoreSubstrings, "q", word)?;
    }
    match words.len() {
        0 => Ok(Filter::Or(Vec::new())),
        1..=MOST_WORDS => Ok(Filter::And(words.into_iter().map(test).collect())),
        _ => Err(Fault::invalid(format!(
            "q: is of more than {MOST_WORDS} words"
        ))),
    }
}

/// A value has a whole word: between spaces, or before the @ of an address.
fn has_word(attribute: &str, word: &str) -> Filter {
    let last = Filter::Substrings(Substrings {
        attribute: attribute.to_owned(),
        initial: None,
        any: Vec::new(),
        last: Some(format!(" {word}").into_bytes()),
    });
    Filter::Or(vec![
        equal(attribute, word),
        begins(attribute, &format!("{word} ")),
        begins(attribute, &format!("{word}@")),
        contains(attribute, &format!(" {word} ")),
        last,
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&[Parameter]] = &[PAGE, SEARCH, USER_SORT];

    fn read(text: &str) -> Query {
        Query::read(text, KNOWN).unwrap()
    }

    fn asked(text: &str) -> String {
        let filter = search(&read(text)).unwrap();
        filter.map_or_else(String::new, |filter| filter.to_string())
    }

    #[test]
    fn pages_are_counted_from_one() {
        let of = |text: &str| page(&read(text));
        assert_eq!(of(""), (1, 50, SliceStart::Offset(0)));
        assert_eq!(of("page=3&limit=20"), (3, 20, SliceStart::Offset(40)));
        assert_eq!(
            of("page=42949672&limit=100"),
            (42_949_672, 100, SliceStart::Offset(4_294_967_100))
        );
        for wrong in ["page=0", "limit=0", "limit=101", "page=42949673", "page=-1"] {
            assert!(Query::read(wrong, KNOWN).is_err(), "{wrong}");
        }
    }

    #[test]
    fn parts_are_searched_for_in_one_field_or_in_all() {
        assert_eq!(
            asked("qType=partial&q=%7B%22lastName%22:%22a*%22,%22phone%22:%221%22%7D"),
            "(|(sn=*a\\2a*)(telephoneNumber=*1*))"
        );
        assert_eq!(
            asked("qType=partial&qOperator=and&q={\"lastName\":\"a\",\"terminated\":false}"),
            "(&(sn=*a*)(!(hedgerowDeletedTime=*)))"
        );
        assert_eq!(
            asked("qType=partial&q={\"email\":\"a\"}"),
            "(|(|(mail=*a*)(&(!(mail=*))(uid=*a*))))"
        );
    }

    #[test]
    fn whole_words_are_all_searched_for() {
        assert_eq!(
            asked("q={\"lastName\":\"van+dyck\"}"),
            "(&(&(|(sn=van)(sn=van *)(sn=van@*)(sn=* van *)(sn=* van))\
             (|(sn=dyck)(sn=dyck *)(sn=dyck@*)(sn=* dyck *)(sn=* dyck))))"
        );
        assert_eq!(asked("q="), "");
        assert_eq!(asked("q=+"), "(|)");
    }

    #[test]
    fn a_search_that_is_not_understood_is_refused() {
        for wrong in [
            "q={",
            "q={}",
            "q={\"shoeSize\":\"1\"}",
            "q={\"lastName\":1}",
            "q={\"lastName\":null}",
            "q={\"terminated\":\"yes\"}",
            "qType=partial&q=+",
            "qType=partial&q=%E2%80%8B",
            "q=ada+%E2%80%8B",
            "qType=partial&q={\"lastName\":\"+\"}",
            "qType=partial&q={\"phone\":\"-\"}",
            "q={\"phone\":\"-\"}",
            "q=a+b+c+d+e+f+g+h+i+j+k+l+m+n+o+p+q",
        ] {
            assert!(search(&read(wrong)).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_list_has_one_order() {
        let of = |text: &str| sort(&read(text), USER_SORT);
        assert_eq!(of("").unwrap().attribute, "createTimestamp");
        let email = of("sort[email]=desc").unwrap();
        assert!(email.reverse && email.attribute == "mail");
        assert_eq!(email.otherwise.as_deref(), Some("uid"));
        assert!(of("sort[email]=asc&sort[lastName]=asc").is_err());
        assert!(Query::read("sort[x]=asc", KNOWN).is_err());
        assert!(Query::read("sort[email]=up", KNOWN).is_err());
    }
}
