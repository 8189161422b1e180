//! The words of a definition: parentheses, dollar signs, quoted strings, and everything else up to a space.

use super::DefinitionProblem;

#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Token<'a> {
    Open,
    Close,
    Dollar,
    /// What is between the quotes, escapes left as they are.
    Quoted(&'a str),
    Word(&'a str),
    End,
}

pub(super) struct Lexer<'a> {
    text: &'a str,
    /// Where the last token begins.
    position: usize,
    /// Where the next one is looked for.
    next: usize,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            position: 0,
            next: 0,
        }
    }

    /// The offset of the last token in the text.
    pub(super) fn position(&self) -> usize {
        self.position
    }

    /// The next token. At the end it is [`Token::End`], again and again.
    pub(super) fn next(&mut self) -> Result<Token<'a>, DefinitionProblem> {
        let rest = self.text.get(self.next..).unwrap_or_default();
        let rest = rest.trim_start_matches([' ', '\t', '\r', '\n']);
        self.position = self.text.len().saturating_sub(rest.len());
        let (token, length) = match rest.chars().next() {
            None => (Token::End, 0),
            Some('(') => (Token::Open, 1),
            Some(')') => (Token::Close, 1),
            Some('$') => (Token::Dollar, 1),
            Some('\'') => {
                let (quoted, _) = rest
                    .get(1..)
                    .and_then(|inside| inside.split_once('\''))
                    .ok_or(DefinitionProblem::UnclosedQuote)?;
                (Token::Quoted(quoted), quoted.len().saturating_add(2))
            }
            Some(_) => {
                let ends = [' ', '\t', '\r', '\n', '(', ')', '$', '\''];
                let word = rest.split(ends).next().unwrap_or_default();
                (Token::Word(word), word.len())
            }
        };
        self.next = self.position.saturating_add(length);
        Ok(token)
    }

    /// The next token, which stays the next one.
    pub(super) fn peek(&mut self) -> Result<Token<'a>, DefinitionProblem> {
        let (position, next) = (self.position, self.next);
        let token = self.next();
        (self.position, self.next) = (position, next);
        token
    }
}
