//! The query of a request: which parameters an operation knows, and what they become in a search.
//!
//! Owns that nothing is ignored: a parameter that is unknown, given twice or not of its form is refused by name, because
//! a filter that was mistyped would find everybody. What the parameters are called is the dialect's.

use percent_encoding::percent_decode_str;

use super::fault::Fault;
use super::time::to_generalized;
use crate::directory::filter::{Assertion, Filter, Substrings};
use crate::directory::schema::{Rule, SubstringPiece};

/// The most parameters of one request, and values of one.
const MOST: usize = 1_000;
/// The most characters of a text.
pub const LONGEST: usize = 4_096;

/// One parameter that an operation knows.
#[derive(Debug)]
pub struct Parameter {
    /// As clients write it.
    pub name: &'static str,
    /// What its value may be.
    pub form: Form,
    /// Whether the operation cannot do without it; what it says then is its own.
    pub required: bool,
    /// For people.
    pub description: &'static str,
    /// What it asks of the entries of a list, if it is a filter.
    pub term: Option<Term>,
}

impl Parameter {
    /// A parameter that is no filter.
    pub const fn new(name: &'static str, form: Form, description: &'static str) -> Self {
        Self {
            name,
            form,
            required: false,
            description,
            term: None,
        }
    }

    /// A filter.
    pub const fn filter(
        name: &'static str,
        form: Form,
        term: Term,
        description: &'static str,
    ) -> Self {
        Self {
            name,
            form,
            required: false,
            description,
            term: Some(term),
        }
    }

    /// A text that the operation cannot do without; it refuses an empty one.
    pub const fn required(name: &'static str, description: &'static str) -> Self {
        Self {
            name,
            form: Form::Text,
            required: true,
            description,
            term: None,
        }
    }
}

/// What a value may be.
#[derive(Debug)]
pub enum Form {
    /// Any text.
    Text,
    /// A part of texts: one of which something counts, or the empty one, which is in all.
    Part,
    /// `true` or `false`.
    Flag,
    /// A moment (RFC 3339).
    Moment,
    /// A whole number within bounds.
    Number {
        /// The least.
        least: u32,
        /// What it is when it is absent.
        default: u32,
        /// The most.
        most: u32,
    },
    /// One of these.
    Choice(&'static [&'static str]),
    /// Any number of texts: repeated, separated by commas, or both.
    Texts,
    /// Any number of texts, each on its own.
    Repeated,
    /// Any number of these.
    Choices(&'static [&'static str]),
}

/// What a parameter asks of an entry.
pub enum Term {
    /// An attribute has this value.
    Equal(&'static str),
    /// An attribute has one of these values.
    OneOf(&'static str),
    /// A value of an attribute contains the text; the empty one is in every value.
    Contains(&'static str),
    /// An attribute is there, or is not.
    Present(&'static str),
    /// A moment is before this one.
    Before(&'static str),
    /// A moment is after this one.
    After(&'static str),
    /// What the dialect makes of it.
    Made(fn(&str) -> Filter),
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Term")
    }
}

/// The parameters of a request that its operation knows.
#[derive(Debug, Default)]
pub struct Query {
    given: Vec<(&'static Parameter, Vec<String>)>,
}

impl Query {
    /// Reads the query of a request; `known` are the tables of parameters of its operation.
    ///
    /// # Errors
    /// With the name of what is unknown, given twice, or not of its form.
    pub fn read(text: &str, known: &'static [&'static [Parameter]]) -> Result<Self, Fault> {
        let mut query = Self::default();
        let pairs = text.split('&').filter(|pair| !pair.is_empty());
        for (at, pair) in pairs.enumerate() {
            if at >= MOST {
                return Err(Fault::invalid("the query has too many parameters"));
            }
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let (name, value) = (decode(name)?, decode(value)?);
            let plain = name.strip_suffix("[]").unwrap_or(&name);
            let mut parameters = known.iter().copied().flatten();
            let parameter = parameters
                .find(|it| it.name == name || it.name == plain && it.form.is_list())
                .ok_or_else(|| {
                    let name: String = name.chars().take(64).collect();
                    Fault::invalid(format!("\"{name}\" is no parameter of this operation"))
                })?;
            query.add(parameter, value)?;
        }
        Ok(query)
    }

    fn add(&mut self, parameter: &'static Parameter, value: String) -> Result<(), Fault> {
        let name = parameter.name;
        let separated = matches!(parameter.form, Form::Texts | Form::Choices(_));
        let values: Vec<String> = if separated {
            value
                .split(',')
                .map(str::to_owned)
                .filter(|value| !value.is_empty())
                .collect()
        } else {
            vec![value]
        };
        if let Some(value) = values.iter().find(|value| !parameter.form.admits(value)) {
            let value: String = value.chars().take(64).collect();
            let expected = parameter.form.describe();
            return Err(Fault::invalid(format!(
                "{name}: \"{value}\" is not {expected}"
            )));
        }
        match self.given.iter_mut().find(|(given, _)| given.name == name) {
            Some((_, has)) if parameter.form.is_list() => {
                has.extend(values);
                if has.len() > MOST {
                    return Err(Fault::invalid(format!("{name}: more than {MOST} values")));
                }
            }
            Some(_) => return Err(Fault::invalid(format!("{name}: is given twice"))),
            None => self.given.push((parameter, values)),
        }
        Ok(())
    }

    /// The values of a parameter; `None` when it is not given.
    pub fn values(&self, name: &str) -> Option<&[String]> {
        let mut given = self.given.iter();
        let found = given.find(|(parameter, _)| parameter.name == name);
        found.map(|(_, values)| values.as_slice())
    }

    /// The value of a parameter that has one.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values(name)?.first().map(String::as_str)
    }

    /// The value of a numeric parameter.
    pub fn number(&self, parameter: &'static Parameter) -> u32 {
        let default = match parameter.form {
            Form::Number { default, .. } => default,
            _ => 0,
        };
        let given = self.value(parameter.name);
        given.and_then(|text| text.parse().ok()).unwrap_or(default)
    }

    /// What all filters that are given ask of an entry.
    pub fn filters(&self) -> Vec<Filter> {
        let terms = self.given.iter().filter_map(|(parameter, values)| {
            let term = parameter.term.as_ref()?;
            Some(term.filter(values))
        });
        terms.collect()
    }
}

/// Decodes what stands on one side of `=` in a query: percent signs, and `+` for a space.
fn decode(text: &str) -> Result<String, Fault> {
    let spaced = text.replace('+', " ");
    let decoded = percent_decode_str(&spaced).decode_utf8();
    let decoded = decoded.map_err(|_| Fault::invalid("the query is not UTF-8"))?;
    if decoded.contains('\0') {
        return Err(Fault::invalid("the query holds a NUL"));
    }
    Ok(decoded.into_owned())
}

impl Form {
    /// Whether there may be several values.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Texts | Self::Repeated | Self::Choices(_))
    }

    fn admits(&self, value: &str) -> bool {
        match self {
            Self::Text | Self::Texts | Self::Repeated => value.chars().count() <= LONGEST,
            Self::Part => {
                value.chars().count() <= LONGEST && counts(Rule::CaseIgnoreSubstrings, value)
            }
            Self::Flag => matches!(value, "true" | "false"),
            Self::Moment => to_generalized(value).is_some(),
            Self::Number { least, most, .. } => {
                value.bytes().all(|byte| byte.is_ascii_digit())
                    && value
                        .parse::<u32>()
                        .is_ok_and(|number| (*least..=*most).contains(&number))
            }
            Self::Choice(known) | Self::Choices(known) => known.contains(&value),
        }
    }

    fn describe(&self) -> String {
        match self {
            Self::Text | Self::Texts | Self::Repeated => {
                format!("a text of at most {LONGEST} characters")
            }
            Self::Part => format!(
                "a text of at most {LONGEST} characters of which one at least counts: spaces, and what is not seen, do not"
            ),
            Self::Flag => "true or false".to_owned(),
            Self::Moment => "a moment such as 2019-08-24T14:15:22Z".to_owned(),
            Self::Number { least, most, .. } => format!("a whole number from {least} to {most}"),
            Self::Choice(known) | Self::Choices(known) => format!("one of {}", known.join(", ")),
        }
    }
}

impl Term {
    fn filter(&self, values: &[String]) -> Filter {
        let value = values.first().map(String::as_str).unwrap_or_default();
        match self {
            Self::Equal(attribute) => equal(attribute, value),
            Self::OneOf(attribute) => {
                Filter::Or(values.iter().map(|value| equal(attribute, value)).collect())
            }
            Self::Contains(attribute) => contains(attribute, value),
            Self::Present(attribute) => {
                let present = Filter::Present((*attribute).to_owned());
                if value == "true" {
                    present
                } else {
                    not(present)
                }
            }
            Self::Before(attribute) => beyond(attribute, value, Filter::LessOrEqual),
            Self::After(attribute) => beyond(attribute, value, Filter::GreaterOrEqual),
            Self::Made(make) => make(value),
        }
    }
}

/// An attribute has this value.
pub fn equal(attribute: &str, value: &str) -> Filter {
    Filter::Equality(assertion(attribute, value))
}

/// An attribute is there.
pub fn present(attribute: &str) -> Filter {
    Filter::Present(attribute.to_owned())
}

/// The opposite.
pub fn not(filter: Filter) -> Filter {
    Filter::Not(Box::new(filter))
}

/// What is asked of an attribute.
pub type Test<'a> = dyn Fn(&str) -> Filter + 'a;

/// What is asked of an attribute, and of another of those that lack it.
pub fn either(attribute: &str, otherwise: &str, test: &Test<'_>) -> Filter {
    let lacking = Filter::And(vec![not(present(attribute)), test(otherwise)]);
    Filter::Or(vec![test(attribute), lacking])
}

/// A value of an attribute contains a text.
pub fn contains(attribute: &str, value: &str) -> Filter {
    substrings(attribute, value, |piece| (None, vec![piece]))
}

/// A value of an attribute begins with a text.
pub fn begins(attribute: &str, value: &str) -> Filter {
    substrings(attribute, value, |piece| (Some(piece), Vec::new()))
}

fn substrings(
    attribute: &str,
    value: &str,
    split: impl FnOnce(Vec<u8>) -> (Option<Vec<u8>>, Vec<Vec<u8>>),
) -> Filter {
    if value.is_empty() {
        return present(attribute);
    }
    let (initial, any) = split(value.as_bytes().to_vec());
    Filter::Substrings(Substrings {
        attribute: attribute.to_owned(),
        initial,
        any,
        last: None,
    })
}

/// Strictly before or after a moment.
fn beyond(attribute: &str, value: &str, bound: fn(Assertion) -> Filter) -> Filter {
    let value = to_generalized(value).unwrap_or_default();
    let same = equal(attribute, &value);
    Filter::And(vec![bound(assertion(attribute, &value)), not(same)])
}

/// Whether anything of a text counts when a rule looks for it as a part of values, if it is not empty. Spaces and what is
/// not seen do not (RFC 4518 2.6), and would be found in every value.
pub fn counts(rule: Rule, text: &str) -> bool {
    let mut compared = Vec::new();
    let done = rule.normalize_substring(SubstringPiece::Any, text.as_bytes(), &mut compared);
    // What cannot be compared is found nowhere.
    done.is_err() || compared.iter().any(|byte| *byte != b' ')
}

/// An attribute and what its values are compared with.
pub fn assertion(attribute: &str, value: &str) -> Assertion {
    Assertion {
        attribute: attribute.to_owned(),
        value: value.as_bytes().to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: &[&[Parameter]] = &[&[
        Parameter::filter("filter[userName][EQ]", Form::Text, Term::Equal("uid"), ""),
        Parameter::filter("filter[email][CO]", Form::Part, Term::Contains("mail"), ""),
        Parameter::filter(
            "filter[_created][GT]",
            Form::Moment,
            Term::After("createTimestamp"),
            "",
        ),
        Parameter::filter("filter[_id][IN]", Form::Texts, Term::OneOf("entryUUID"), ""),
        Parameter::new(
            "page[limit]",
            Form::Number {
                least: 0,
                default: 100,
                most: 1_000,
            },
            "",
        ),
    ]];

    fn filters(text: &str) -> String {
        let filters = Query::read(text, KNOWN).unwrap().filters();
        filters.iter().map(Filter::to_string).collect()
    }

    #[test]
    fn parameters_become_filters_however_they_are_encoded() {
        assert_eq!(
            filters("filter%5BuserName%5D%5BEQ%5D=a%2Ab"),
            "(uid=a\\2ab)"
        );
        assert_eq!(filters("filter[userName][EQ]=a+b%2Bc"), "(uid=a b+c)");
        assert_eq!(filters("filter[email][CO]=+a+"), "(mail=* a *)");
        assert_eq!(filters("filter[email][CO]="), "(mail=*)");
        assert_eq!(
            filters("filter[_created][GT]=2019-08-24T16:15:22+02:00"),
            "(&(createTimestamp>=20190824141522Z)(!(createTimestamp=20190824141522Z)))"
        );
    }

    #[test]
    fn lists_may_be_repeated_separated_and_empty() {
        for text in [
            "filter[_id][IN]=a&filter[_id][IN]=b",
            "filter[_id][IN]=a,b",
            "filter[_id][IN][]=a&filter[_id][IN][]=b",
        ] {
            assert_eq!(filters(text), "(|(entryUUID=a)(entryUUID=b))", "{text}");
        }
        assert_eq!(filters("filter[_id][IN]="), "(|)");
    }

    #[test]
    fn nothing_that_is_wrong_is_ignored() {
        for (text, named) in [
            ("filter[userName][CO]=a", "filter[userName][CO]"),
            ("filter[username][EQ]=a", "filter[username][EQ]"),
            (
                "filter[userName][EQ]=a&filter%5BuserName%5D[EQ]=b",
                "filter[userName][EQ]",
            ),
            ("filter[userName][EQ][]=a", "filter[userName][EQ][]"),
            ("filter[_created][GT]=yesterday", "filter[_created][GT]"),
            ("filter[email][CO]=+", "filter[email][CO]"),
            ("filter[email][CO]=%E2%80%8B%C2%AD", "filter[email][CO]"),
            ("page[limit]=1001", "page[limit]"),
            ("page[limit]=-1", "page[limit]"),
            ("page[limit]=+1", "page[limit]"),
            ("page[limit]=", "page[limit]"),
            ("x", "\"x\""),
        ] {
            let fault = Query::read(text, KNOWN).unwrap_err();
            assert!(fault.text.contains(named), "{text}: {fault:?}");
        }
        assert!(Query::read("filter[userName][EQ]=%ff", KNOWN).is_err());
        assert!(Query::read("filter[userName][EQ]=%00", KNOWN).is_err());
    }
}
