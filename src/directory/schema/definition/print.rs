//! Writing definitions as RFC 4512 4.1 has them, every field in the order of its grammar: attribute types and object
//! classes by `Display`, and what the subschema says of matching rules and syntaxes, which have no definition of
//! their own here.

use super::{AttributeTypeDefinition, Extension, ObjectClassDefinition};
use crate::directory::schema::attribute_type::Usage;
use crate::directory::schema::object_class::ClassKind;
use crate::directory::schema::rule::Rule;
use crate::directory::schema::syntax::Syntax;
use std::fmt::{self, Display, Formatter, Write};

impl Display for AttributeTypeDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        opening(f, &self.oid, &self.names, &self.description, self.obsolete)?;
        let references = [
            ("SUP", &self.superior),
            ("EQUALITY", &self.equality),
            ("ORDERING", &self.ordering),
            ("SUBSTR", &self.substrings),
            ("SYNTAX", &self.syntax),
        ];
        for (keyword, reference) in references {
            if let Some(reference) = reference {
                write!(f, " {keyword} {reference}")?;
            }
        }
        if let (Some(_), Some(bound)) = (&self.syntax, self.syntax_bound) {
            write!(f, "{{{bound}}}")?;
        }
        let flags = [
            ("SINGLE-VALUE", self.single_value),
            ("COLLECTIVE", self.collective),
            ("NO-USER-MODIFICATION", self.no_user_modification),
        ];
        for (keyword, _) in flags.iter().filter(|(_, set)| *set) {
            write!(f, " {keyword}")?;
        }
        f.write_str(match self.usage {
            Usage::UserApplications => "",
            Usage::DirectoryOperation => " USAGE directoryOperation",
            Usage::DistributedOperation => " USAGE distributedOperation",
            Usage::DsaOperation => " USAGE dSAOperation",
        })?;
        closing(f, &self.extensions)
    }
}

impl Display for ObjectClassDefinition {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        opening(f, &self.oid, &self.names, &self.description, self.obsolete)?;
        name_list(f, "SUP", &self.superiors)?;
        f.write_str(match self.kind {
            ClassKind::Abstract => " ABSTRACT",
            ClassKind::Structural => " STRUCTURAL",
            ClassKind::Auxiliary => " AUXILIARY",
        })?;
        name_list(f, "MUST", &self.must)?;
        name_list(f, "MAY", &self.may)?;
        closing(f, &self.extensions)
    }
}

/// The MatchingRuleDescription of a rule (RFC 4512 4.1.3).
pub(in crate::directory::schema) fn matching_rule(rule: Rule) -> String {
    let (oid, name) = (rule.oid(), rule.name());
    let syntax = rule.assertion_syntax().oid();
    format!("( {oid} NAME '{name}' SYNTAX {syntax} )")
}

/// The MatchingRuleUseDescription of a rule (RFC 4512 4.1.4); none when it applies to nothing.
pub(in crate::directory::schema) fn matching_rule_use<'a>(
    rule: Rule,
    applies: impl Iterator<Item = &'a str>,
) -> Option<String> {
    let mut text = format!("( {} NAME '{}'", rule.oid(), rule.name());
    let applies: Vec<String> = applies.map(str::to_owned).collect();
    if applies.is_empty() {
        return None;
    }
    // Writing to a String does not fail.
    name_list(&mut text, "APPLIES", &applies).ok()?;
    text.push_str(" )");
    Some(text)
}

/// The SyntaxDescription of a syntax (RFC 4512 4.1.5), with the two extensions by which clients tell text from binary
/// values. An Octet String is called neither: it may well be text, as keys of ssh are.
pub(in crate::directory::schema) fn syntax(syntax: Syntax, requires_binary: bool) -> String {
    let mut text = format!("( {} DESC '{}'", syntax.oid(), syntax.description());
    if requires_binary {
        text.push_str(" X-BINARY-TRANSFER-REQUIRED 'TRUE'");
    }
    if !syntax.is_human_readable() && syntax != Syntax::OctetString {
        text.push_str(" X-NOT-HUMAN-READABLE 'TRUE'");
    }
    text.push_str(" )");
    text
}

fn opening(
    f: &mut Formatter<'_>,
    oid: &str,
    names: &[String],
    description: &Option<String>,
    obsolete: bool,
) -> fmt::Result {
    write!(f, "( {oid}")?;
    if !names.is_empty() {
        f.write_str(" NAME")?;
        strings(f, names)?;
    }
    if let Some(description) = description {
        f.write_str(" DESC")?;
        string(f, description)?;
    }
    f.write_str(if obsolete { " OBSOLETE" } else { "" })
}

fn closing(f: &mut Formatter<'_>, extensions: &[Extension]) -> fmt::Result {
    for extension in extensions {
        write!(f, " {}", extension.name)?;
        strings(f, &extension.values)?;
    }
    f.write_str(" )")
}

/// `oids`
fn name_list(out: &mut impl Write, keyword: &str, names: &[String]) -> fmt::Result {
    match names {
        [] => Ok(()),
        [name] => write!(out, " {keyword} {name}"),
        [first, rest @ ..] => {
            write!(out, " {keyword} ( {first}")?;
            rest.iter().try_for_each(|name| write!(out, " $ {name}"))?;
            out.write_str(" )")
        }
    }
}

/// `qdstrings`
fn strings(f: &mut Formatter<'_>, values: &[String]) -> fmt::Result {
    match values {
        [value] => string(f, value),
        _ => {
            f.write_str(" (")?;
            values.iter().try_for_each(|value| string(f, value))?;
            f.write_str(" )")
        }
    }
}

/// `qdstring`
fn string(f: &mut Formatter<'_>, value: &str) -> fmt::Result {
    let escaped = value.replace('\\', "\\5C").replace('\'', "\\27");
    write!(f, " '{escaped}'")
}
