//! Reading the text of a definition.
//!
//! The grammar is that of RFC 4512 4.1. Beyond it, as files in use have it: any order and any case of keywords, any
//! white space, object identifiers in quotes or by macro, names without quotes, SUBSTRINGS for SUBSTR, an empty DESC.

use super::lexer::{Lexer, Token};
use super::{
    AttributeTypeDefinition, DefinitionError, DefinitionKind, DefinitionProblem as Problem,
    Extension, ObjectClassDefinition, OidMacros,
};
use crate::directory::schema::attribute_type::Usage;
use crate::directory::schema::object_class::ClassKind;
use crate::directory::schema::syntax::oid;

impl AttributeTypeDefinition {
    /// Reads an AttributeTypeDescription (RFC 4512 4.1.2).
    ///
    /// # Errors
    /// When the text is not one, or asks for what that section forbids.
    pub fn parse(text: &str, macros: &OidMacros) -> Result<Self, DefinitionError> {
        let mut parser = Parser::new(text, macros);
        let mut definition = Self::default();
        parser.attribute_type(&mut definition).map_err(|problem| {
            let Self { oid, names, .. } = &definition;
            parser.error(DefinitionKind::AttributeType, oid, names, problem)
        })?;
        Ok(definition)
    }
}

impl ObjectClassDefinition {
    /// Reads an ObjectClassDescription (RFC 4512 4.1.1).
    ///
    /// # Errors
    /// When the text is not one.
    pub fn parse(text: &str, macros: &OidMacros) -> Result<Self, DefinitionError> {
        let mut parser = Parser::new(text, macros);
        let mut definition = Self::default();
        parser.object_class(&mut definition).map_err(|problem| {
            let Self { oid, names, .. } = &definition;
            parser.error(DefinitionKind::ObjectClass, oid, names, problem)
        })?;
        Ok(definition)
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    macros: &'a OidMacros,
    seen: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, macros: &'a OidMacros) -> Self {
        Self {
            lexer: Lexer::new(text),
            macros,
            seen: Vec::new(),
        }
    }

    fn error(
        &self,
        kind: DefinitionKind,
        oid: &str,
        names: &[String],
        problem: Problem,
    ) -> DefinitionError {
        let name = names.first().map_or(oid, String::as_str);
        DefinitionError {
            kind,
            name: (!name.is_empty()).then(|| name.to_owned()),
            position: self.lexer.position(),
            problem,
        }
    }

    fn attribute_type(&mut self, definition: &mut AttributeTypeDefinition) -> Result<(), Problem> {
        definition.oid = self.opening()?;
        while let Some(keyword) = self.keyword()? {
            match keyword.as_str() {
                "NAME" => definition.names = self.names()?,
                "DESC" => definition.description = self.description()?,
                "OBSOLETE" => definition.obsolete = true,
                "SUP" => definition.superior = Some(self.name()?),
                "EQUALITY" => definition.equality = Some(self.name()?),
                "ORDERING" => definition.ordering = Some(self.name()?),
                "SUBSTR" => definition.substrings = Some(self.name()?),
                "SYNTAX" => {
                    let (syntax, bound) = self.syntax()?;
                    definition.syntax = Some(syntax);
                    definition.syntax_bound = bound;
                }
                "SINGLE-VALUE" => definition.single_value = true,
                "COLLECTIVE" => definition.collective = true,
                "NO-USER-MODIFICATION" => definition.no_user_modification = true,
                "USAGE" => definition.usage = self.usage()?,
                _ => definition.extensions.push(self.extension(keyword)?),
            }
        }
        match definition {
            _ if definition.syntax.is_none() && definition.superior.is_none() => {
                Err(Problem::NoSyntax)
            }
            _ if definition.collective && definition.usage != Usage::UserApplications => {
                Err(Problem::CollectiveOperational)
            }
            _ if definition.no_user_modification && definition.usage == Usage::UserApplications => {
                Err(Problem::UnmodifiableUserAttribute)
            }
            _ => Ok(()),
        }
    }

    fn object_class(&mut self, definition: &mut ObjectClassDefinition) -> Result<(), Problem> {
        definition.oid = self.opening()?;
        let mut kind = None;
        while let Some(keyword) = self.keyword()? {
            match keyword.as_str() {
                "NAME" => definition.names = self.names()?,
                "DESC" => definition.description = self.description()?,
                "OBSOLETE" => definition.obsolete = true,
                "SUP" => definition.superiors = self.name_list()?,
                "ABSTRACT" => once(&mut kind, ClassKind::Abstract)?,
                "STRUCTURAL" => once(&mut kind, ClassKind::Structural)?,
                "AUXILIARY" => once(&mut kind, ClassKind::Auxiliary)?,
                "MUST" => definition.must = self.name_list()?,
                "MAY" => definition.may = self.name_list()?,
                _ => definition.extensions.push(self.extension(keyword)?),
            }
        }
        definition.kind = kind.unwrap_or_default();
        Ok(())
    }

    /// The opening parenthesis and the object identifier.
    fn opening(&mut self) -> Result<String, Problem> {
        if self.lexer.next()? != Token::Open {
            return Err(Problem::Expected("an opening parenthesis"));
        }
        match self.lexer.next()? {
            Token::Word(oid) | Token::Quoted(oid) => self.macros.expand(oid),
            _ => Err(Problem::Expected("an object identifier")),
        }
    }

    /// The next keyword, in upper case; none after the closing parenthesis, which must be the end of the text.
    fn keyword(&mut self) -> Result<Option<String>, Problem> {
        let keyword = match self.lexer.next()? {
            Token::Word(word) => word.to_ascii_uppercase(),
            Token::Close => {
                return match self.lexer.next()? {
                    Token::End => Ok(None),
                    _ => Err(Problem::TextAfterEnd),
                };
            }
            Token::End => return Err(Problem::Unclosed),
            _ => return Err(Problem::Expected("a keyword")),
        };
        let keyword = match keyword.as_str() {
            "SUBSTRINGS" => String::from("SUBSTR"),
            _ => keyword,
        };
        if self.seen.contains(&keyword) {
            return Err(Problem::Repeated(keyword));
        }
        self.seen.push(keyword.clone());
        Ok(Some(keyword))
    }

    /// One short name or numeric object identifier.
    fn name(&mut self) -> Result<String, Problem> {
        match self.lexer.next()? {
            Token::Word(name) | Token::Quoted(name) => {
                if oid::is_oid(name.as_bytes()) {
                    Ok(name.to_owned())
                } else {
                    Err(Problem::NotADescriptor(name.to_owned()))
                }
            }
            Token::End => Err(Problem::Unclosed),
            _ => Err(Problem::Expected("a name or an object identifier")),
        }
    }

    /// `oids`: one name, or several in parentheses with dollar signs between.
    fn name_list(&mut self) -> Result<Vec<String>, Problem> {
        if self.lexer.peek()? != Token::Open {
            return Ok(vec![self.name()?]);
        }
        self.lexer.next()?;
        let mut names = vec![self.name()?];
        loop {
            match self.lexer.next()? {
                Token::Dollar => names.push(self.name()?),
                Token::Close => return Ok(names),
                Token::End => return Err(Problem::Unclosed),
                _ => return Err(Problem::Expected("$ or a closing parenthesis")),
            }
        }
    }

    /// `qdescrs`: one short name in quotes, or several in parentheses.
    fn names(&mut self) -> Result<Vec<String>, Problem> {
        self.strings(|name| {
            if oid::is_descriptor(name.as_bytes()) {
                Ok(name.to_owned())
            } else {
                Err(Problem::NotADescriptor(name.to_owned()))
            }
        })
    }

    fn description(&mut self) -> Result<Option<String>, Problem> {
        match self.lexer.next()? {
            Token::Quoted("") => Ok(None),
            Token::Quoted(text) => Ok(Some(unescape(text))),
            _ => Err(Problem::Expected("a string in quotes")),
        }
    }

    fn syntax(&mut self) -> Result<(String, Option<u32>), Problem> {
        let (Token::Word(text) | Token::Quoted(text)) = self.lexer.next()? else {
            return Err(Problem::Expected("the object identifier of a syntax"));
        };
        let Some((oid, bound)) = text.split_once('{') else {
            return Ok((self.macros.expand(text)?, None));
        };
        let bound = bound.strip_suffix('}').and_then(|bound| bound.parse().ok());
        let bound = bound.ok_or_else(|| Problem::InvalidBound(text.to_owned()))?;
        Ok((self.macros.expand(oid)?, Some(bound)))
    }

    fn usage(&mut self) -> Result<Usage, Problem> {
        let Token::Word(text) = self.lexer.next()? else {
            return Err(Problem::Expected("a usage"));
        };
        match text.to_ascii_lowercase().as_str() {
            "userapplications" => Ok(Usage::UserApplications),
            "directoryoperation" => Ok(Usage::DirectoryOperation),
            "distributedoperation" => Ok(Usage::DistributedOperation),
            "dsaoperation" => Ok(Usage::DsaOperation),
            _ => Err(Problem::UnknownUsage(text.to_owned())),
        }
    }

    fn extension(&mut self, name: String) -> Result<Extension, Problem> {
        let is_extension = name.strip_prefix("X-").is_some_and(|rest| {
            !rest.is_empty()
                && rest
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        });
        if !is_extension {
            return Err(Problem::UnknownKeyword(name));
        }
        let values = self.strings(|value| Ok(unescape(value)))?;
        Ok(Extension { name, values })
    }

    /// One string, or several in parentheses; quotes are optional around what needs none.
    fn strings(
        &mut self,
        read: impl Fn(&str) -> Result<String, Problem>,
    ) -> Result<Vec<String>, Problem> {
        match self.lexer.next()? {
            Token::Quoted(text) | Token::Word(text) => return Ok(vec![read(text)?]),
            Token::Open => {}
            Token::End => return Err(Problem::Unclosed),
            _ => return Err(Problem::Expected("a string in quotes")),
        }
        let mut strings = Vec::new();
        loop {
            match self.lexer.next()? {
                Token::Quoted(text) | Token::Word(text) => strings.push(read(text)?),
                Token::Close => return Ok(strings),
                Token::End => return Err(Problem::Unclosed),
                _ => {
                    return Err(Problem::Expected(
                        "a string in quotes or a closing parenthesis",
                    ));
                }
            }
        }
    }
}

fn once(kind: &mut Option<ClassKind>, found: ClassKind) -> Result<(), Problem> {
    match kind.replace(found) {
        None => Ok(()),
        Some(_) => Err(Problem::Repeated(String::from("the kind of class"))),
    }
}

/// Undoes the two escapes of RFC 4512 4.1; any other backslash is left alone, as older files have them.
fn unescape(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = String::from(parts.next().unwrap_or_default());
    for part in parts {
        let (character, rest) = match (part.get(..2), part.get(2..)) {
            (Some("27"), Some(rest)) => ('\'', rest),
            (Some("5C" | "5c"), Some(rest)) => ('\\', rest),
            _ => ('\\', part),
        };
        plain.push(character);
        plain.push_str(rest);
    }
    plain
}
