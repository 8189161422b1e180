//! The query of a request: which parameters an operation knows, and which values were given.
//!
//! Owns that nothing is ignored: a parameter that is unknown, given twice or not of its form is refused by name, because
//! a filter that was mistyped would find everybody. What the parameters are called is the dialect's, what they become in a
//! search is `term`'s.

use percent_encoding::percent_decode_str;

use super::fault::Fault;
use super::term::{Term, counts};
use super::time::to_generalized;
use crate::directory::filter::Filter;
use crate::directory::schema::Rule;

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
