//! What a request for a list asks: which entries, in which order, which part of them, and which of their members.
//!
//! Owns no parameter: those are in the tables of `parameters`.

use super::parameters::{LIMIT, OF_DELETED};
use crate::directory::filter::Filter;
use crate::directory::request::{SliceStart, SortKey};
use crate::rest::fault::Fault;
use crate::rest::list::{after, by};
use crate::rest::query::{Parameter, Query};
use crate::rest::term::{not, present};

/// All that the filters of a request ask, of entries of a kind. Of deleted users only where one of them says so.
pub fn asked(query: &Query, kind: Filter, mortal: bool) -> Filter {
    let mut all = vec![kind];
    let about_deleted = |parameter: &Parameter| query.values(parameter.name).is_some();
    if mortal && !OF_DELETED.iter().any(about_deleted) {
        all.push(not(present("hedgerowDeletedTime")));
    }
    all.extend(query.filters());
    Filter::And(all)
}

/// Where the page of a request begins, and how long it is.
pub fn page(query: &Query) -> Result<(SliceStart, u32), Fault> {
    let size = query.number(&LIMIT_OF_PAGE);
    match (query.value("page[after]"), query.value("page[offset]")) {
        (Some(_), Some(_)) => Err(Fault::invalid(
            "page[after]: is given together with page[offset]",
        )),
        (Some(text), None) => Ok((after(text)?, size)),
        (None, offset) => {
            let offset = offset.and_then(|text| text.parse().ok());
            Ok((SliceStart::Offset(offset.unwrap_or(0)), size))
        }
    }
}

static LIMIT_OF_PAGE: Parameter = LIMIT;

/// The order of a request; `default` when it says nothing.
pub fn sort(query: &Query, default: &str) -> SortKey {
    let text = query.value("sort").unwrap_or(default);
    let (name, reverse) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let attribute = match name {
        "userName" => "uid",
        "name" => "cn",
        "_created" => "createTimestamp",
        "_modified" => "modifyTimestamp",
        other => other,
    };
    SortKey {
        reverse,
        otherwise: (name == "displayName").then(|| "cn".to_owned()),
        ..by(attribute)
    }
}

/// The members of a resource that are shown.
#[derive(Clone, Debug, Default)]
pub struct Fields {
    only: Option<Vec<String>>,
    without: Vec<String>,
}

impl Fields {
    /// Those that a request asks for.
    pub fn of(query: &Query) -> Self {
        Self {
            only: query.values("fields").map(<[String]>::to_vec),
            without: query.values("excludeFields").unwrap_or_default().to_vec(),
        }
    }

    /// Whether a member is among them.
    pub fn has(&self, name: &str) -> bool {
        let only = self.only.as_ref();
        only.is_none_or(|only| only.iter().any(|it| it == name))
            && !self.without.iter().any(|it| it == name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::parameters::{OF_USER, USERS};
    use super::*;

    fn fields(text: &str) -> Fields {
        Fields::of(&Query::read(text, &[OF_USER]).unwrap())
    }

    #[test]
    fn fields_are_what_is_listed_or_all_but_what_is_excluded() {
        assert!(fields("").has("system"));
        assert!(fields("fields=_id,email").has("email"));
        assert!(!fields("fields=_id&fields=email").has("system"));
        assert!(fields("excludeFields=email").has("system"));
        assert!(!fields("fields=_id,email&excludeFields=email").has("email"));
    }

    #[test]
    fn deleted_users_are_asked_for_by_name() {
        let tables: &'static [&'static [Parameter]] = &[USERS, OF_DELETED];
        let asked = |text: &str| {
            let query = Query::read(text, tables).unwrap();
            super::asked(&query, Filter::And(Vec::new()), true).to_string()
        };
        assert_eq!(asked(""), "(&(&)(!(hedgerowDeletedTime=*)))");
        assert_eq!(asked("filter[deleted][EQ]=all"), "(&(&)(&))");
        assert_eq!(
            asked("filter[deleted][EQ]=deletedOnly"),
            "(&(&)(hedgerowDeletedTime=*))"
        );
        let before = asked("filter[deleted][LT]=2019-08-24T14:15:22Z");
        assert!(!before.contains('*'), "{before}");
    }
}
