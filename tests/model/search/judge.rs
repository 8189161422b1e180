//! The second opinion: whether a filter holds for an entry, by plain reading.

use hedgerow::directory::filter::{Assertion, Extensible, Filter, Substrings};
use hedgerow::directory::request::Scope;

use super::tree::{Plain, fold, squeeze};

/// The attributes that a description stands for.
pub fn covered(description: &str) -> Option<&'static [&'static str]> {
    Some(match description.to_ascii_lowercase().as_str() {
        "cn" | "commonname" | "2.5.4.3" => &["cn"],
        "sn" => &["sn"],
        "o" => &["o"],
        "ou" => &["ou"],
        "uid" => &["uid"],
        "name" => &["cn", "sn", "ou", "o"],
        "description" => &["description", "description;lang-en"],
        "description;lang-en" => &["description;lang-en"],
        "uidnumber" => &["uidNumber"],
        "objectclass" => &["objectClass"],
        "member" => &["member"],
        "memberof" => &["memberOf"],
        "mail" => &[],
        _ => return None,
    })
}

/// What is compared, by description.
#[derive(Copy, Clone, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Name,
    Class,
    /// Text of ASCII alone (IA5 String).
    Ascii,
}

pub fn kind(description: &str) -> Kind {
    match description.to_ascii_lowercase().as_str() {
        "uidnumber" => Kind::Number,
        "member" | "memberof" => Kind::Name,
        "objectclass" => Kind::Class,
        "mail" => Kind::Ascii,
        _ => Kind::Text,
    }
}

/// A name in one form: no spaces around separators, folded.
pub fn fold_name(text: &str) -> Option<String> {
    let parts = text.split(',').map(|rdn| {
        let (name, value) = rdn.split_once('=')?;
        Some(format!("{}={}", fold(name), fold(value)))
    });
    Some(parts.collect::<Option<Vec<_>>>()?.join(","))
}

/// A comparable form of a value; `None` when it is not of the syntax.
pub fn form(kind: Kind, value: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(value).ok()?;
    match kind {
        Kind::Text => Some(fold(text)),
        Kind::Ascii => text.is_ascii().then(|| fold(text)),
        Kind::Number => text.parse::<i64>().ok().map(|number| number.to_string()),
        Kind::Name => fold_name(text),
        Kind::Class => match text.to_ascii_lowercase().as_str() {
            "2.5.6.6" => Some("person".to_owned()),
            "nosuchclass" => None,
            name => (name == name.trim()).then(|| name.to_owned()),
        },
    }
}

/// The values of an entry that a description stands for.
pub fn values<'a>(entry: &'a Plain, names: &'a [&str]) -> impl Iterator<Item = &'a str> {
    entry
        .attributes
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(_, value)| value.as_str())
}

/// True, false, or neither.
pub type Three = Option<bool>;

pub fn judge(filter: &Filter, entry: &Plain) -> Three {
    match filter {
        Filter::And(list) => {
            let judged: Vec<Three> = list.iter().map(|item| judge(item, entry)).collect();
            if judged.contains(&Some(false)) {
                Some(false)
            } else {
                (!judged.contains(&None)).then_some(true)
            }
        }
        Filter::Or(list) => {
            let judged: Vec<Three> = list.iter().map(|item| judge(item, entry)).collect();
            if judged.contains(&Some(true)) {
                Some(true)
            } else {
                (!judged.contains(&None)).then_some(false)
            }
        }
        Filter::Not(inner) => judge(inner, entry).map(|truth| !truth),
        Filter::Present(name) => covered(name).map(|names| values(entry, names).next().is_some()),
        Filter::Equality(assertion) | Filter::Approx(assertion) => {
            equal(&assertion.attribute, &assertion.value, entry)
        }
        Filter::GreaterOrEqual(assertion) => ordered(assertion, entry, |has, bound| has >= bound),
        Filter::LessOrEqual(assertion) => ordered(assertion, entry, |has, bound| has <= bound),
        Filter::Substrings(substrings) => pieces(substrings, entry),
        Filter::Extensible(extensible) => extensibly(extensible, entry),
    }
}

pub fn equal(description: &str, value: &[u8], entry: &Plain) -> Three {
    let names = covered(description)?;
    let kind = kind(description);
    let wanted = form(kind, value)?;
    Some(values(entry, names).any(|has| form(kind, has.as_bytes()).as_ref() == Some(&wanted)))
}

pub fn ordered(assertion: &Assertion, entry: &Plain, test: fn(i64, i64) -> bool) -> Three {
    let names = covered(&assertion.attribute)?;
    if kind(&assertion.attribute) != Kind::Number {
        return None;
    }
    let bound = std::str::from_utf8(&assertion.value).ok()?.parse().ok()?;
    Some(values(entry, names).any(|has| test(has.parse().unwrap(), bound)))
}

pub fn pieces(substrings: &Substrings, entry: &Plain) -> Three {
    let names = covered(&substrings.attribute)?;
    let kind = kind(&substrings.attribute);
    if !matches!(kind, Kind::Text | Kind::Ascii) {
        return None;
    }
    let text = |piece: &Vec<u8>| form(kind, piece);
    let initial = substrings
        .initial
        .as_ref()
        .map_or(Some(String::new()), text)?;
    let last = substrings.last.as_ref().map_or(Some(String::new()), text)?;
    let any = substrings
        .any
        .iter()
        .map(text)
        .collect::<Option<Vec<_>>>()?;
    Some(values(entry, names).any(|has| {
        let has = fold(has);
        let inner = has
            .strip_prefix(&initial)
            .and_then(|rest| rest.strip_suffix(&last));
        inner.is_some_and(|inner| in_order(inner, &any))
    }))
}

/// Whether the pieces can be laid on the text in order without overlap, by trying every place.
pub fn in_order(text: &str, pieces: &[String]) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return true;
    };
    (0..=text.len()).any(|at| {
        text.get(at..)
            .and_then(|text| text.strip_prefix(first.as_str()))
            .is_some_and(|after| in_order(after, rest))
    })
}

pub fn extensibly(extensible: &Extensible, entry: &Plain) -> Three {
    let value = std::str::from_utf8(&extensible.value).ok();
    let same: Box<dyn Fn(&str) -> bool> = match extensible.rule.as_deref() {
        None => {
            let description = extensible.attribute.as_deref()?;
            let kind = kind(description);
            let wanted = form(kind, &extensible.value)?;
            Box::new(move |has| form(kind, has.as_bytes()).as_ref() == Some(&wanted))
        }
        Some("caseIgnoreMatch") => {
            let wanted = fold(value?);
            Box::new(move |has| fold(has) == wanted)
        }
        Some("caseExactMatch") => {
            let wanted = squeeze(value?);
            Box::new(move |has| squeeze(has) == wanted)
        }
        Some("1.2.840.113556.1.4.803") => {
            let bits: i64 = value?.parse().ok()?;
            Box::new(move |has| has.parse::<i64>().unwrap() & bits == bits)
        }
        Some("1.2.840.113556.1.4.804") => {
            let bits: i64 = value?.parse().ok()?;
            Box::new(move |has| has.parse::<i64>().unwrap() & bits != 0)
        }
        Some(_) => return None,
    };
    let Some(description) = extensible.attribute.as_deref() else {
        // Only the two rules for text are asked for without an attribute.
        let names = [
            "cn",
            "sn",
            "ou",
            "o",
            "uid",
            "description",
            "description;lang-en",
        ];
        return Some(values(entry, &names).any(&same));
    };
    let names = covered(description)?;
    let is_number = extensible
        .rule
        .as_deref()
        .is_some_and(|rule| rule.starts_with('1'));
    if extensible.rule.is_some() && is_number != (kind(description) == Kind::Number) {
        return None;
    }
    let suffix = ["dc=example".to_owned(), "dc=org".to_owned()];
    let in_name = extensible.dn_attributes
        && entry.path.iter().chain(&suffix).any(|rdn| {
            let (name, value) = rdn.split_once('=').unwrap();
            names.contains(&name) && same(value)
        });
    Some(in_name || values(entry, names).any(&same))
}

pub fn in_scope(scope: Scope, base: &[String], path: &[String]) -> bool {
    let below = path.starts_with(base).then(|| path.len() - base.len());
    match scope {
        Scope::Base => below == Some(0),
        Scope::One => below == Some(1),
        Scope::Subtree => below.is_some(),
        Scope::Children => below.is_some_and(|levels| levels > 0),
    }
}
