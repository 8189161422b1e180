//! Asking for the administrator's password at `init`: twice on a terminal, else
//! from the environment, never from the command line, where every user of the
//! machine could read it. Hashing it belongs to the directory.

use std::env::VarError;
use std::fmt;
use std::io::{self, IsTerminal};

use zeroize::Zeroizing;

use crate::directory::Administrator;

/// The environment variable read when standard input is not a terminal.
const PASSWORD_VARIABLE: &str = "HEDGEROW_ADMIN_PASSWORD";

/// The fewest characters an administrator's password may have.
const MINIMUM_CHARACTERS: usize = Administrator::SHORTEST_PASSWORD;

/// A password that is long enough; wiped from memory when dropped, and not
/// shown by `Debug`.
pub struct AdminPassword(Zeroizing<String>);

impl AdminPassword {
    /// Asks the operator, as the module says.
    ///
    /// # Errors
    /// See [`PasswordError`]; no variant holds what was typed.
    pub fn ask() -> Result<AdminPassword, PasswordError> {
        if io::stdin().is_terminal() {
            AdminPassword::typed(|prompt| rpassword::prompt_password(prompt))
        } else {
            AdminPassword::from_variable(std::env::var(PASSWORD_VARIABLE))
        }
    }

    /// The password's bytes, UTF-8.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }

    fn typed(
        mut prompt: impl FnMut(&str) -> io::Result<String>,
    ) -> Result<AdminPassword, PasswordError> {
        let question =
            format!("Password for the administrator (at least {MINIMUM_CHARACTERS} characters): ");
        let first = AdminPassword::new(prompt(&question).map_err(PasswordError::Terminal)?)?;
        let again = Zeroizing::new(prompt("The same again: ").map_err(PasswordError::Terminal)?);
        if *first.0 == *again {
            Ok(first)
        } else {
            Err(PasswordError::Different)
        }
    }

    fn from_variable(variable: Result<String, VarError>) -> Result<AdminPassword, PasswordError> {
        match variable {
            Ok(text) => AdminPassword::new(text),
            Err(VarError::NotPresent) => Err(PasswordError::Missing),
            Err(VarError::NotUnicode(_)) => Err(PasswordError::NotUtf8),
        }
    }

    fn new(text: String) -> Result<AdminPassword, PasswordError> {
        let text = Zeroizing::new(text);
        if text.chars().count() < MINIMUM_CHARACTERS {
            return Err(PasswordError::TooShort);
        }
        Ok(AdminPassword(text))
    }
}

impl fmt::Debug for AdminPassword {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("AdminPassword(hidden)")
    }
}

/// Why there is no administrator's password.
#[derive(Debug)]
pub enum PasswordError {
    /// Fewer characters than [`Administrator::SHORTEST_PASSWORD`].
    TooShort,
    /// The second time something else was typed.
    Different,
    /// No terminal to ask on, and the variable is not set.
    Missing,
    /// The variable does not hold UTF-8.
    NotUtf8,
    /// The terminal could not be read.
    Terminal(io::Error),
}

impl fmt::Display for PasswordError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PasswordError::TooShort => write!(
                out,
                "the administrator's password needs at least {MINIMUM_CHARACTERS} characters"
            ),
            PasswordError::Different => write!(out, "the two passwords are not the same"),
            PasswordError::Missing => write!(
                out,
                "no password for the administrator: set {PASSWORD_VARIABLE}, \
                 or run this on a terminal to be asked for it"
            ),
            PasswordError::NotUtf8 => write!(out, "{PASSWORD_VARIABLE} is not UTF-8 text"),
            PasswordError::Terminal(error) => {
                write!(
                    out,
                    "the password could not be read from the terminal: {error}"
                )
            }
        }
    }
}

impl std::error::Error for PasswordError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            PasswordError::Terminal(error) => Some(error),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(answers: &[&str]) -> Result<AdminPassword, PasswordError> {
        let mut answers = answers.iter();
        AdminPassword::typed(|_| Ok((*answers.next().unwrap()).to_owned()))
    }

    #[test]
    fn the_same_password_twice_is_taken() {
        assert_eq!(
            typed(&["häuserbau"; 2]).unwrap().as_bytes(),
            "häuserbau".as_bytes()
        );
    }

    #[test]
    fn two_different_passwords_are_refused() {
        let error = typed(&["longenough", "longenoug"]).unwrap_err();
        assert!(matches!(error, PasswordError::Different));
    }

    #[test]
    fn a_short_password_is_refused_before_it_is_asked_for_again() {
        // Seven characters, though eight bytes.
        assert!(matches!(typed(&["häuserb"]), Err(PasswordError::TooShort)));
    }

    #[test]
    fn an_unreadable_terminal_is_an_error() {
        let error = AdminPassword::typed(|_| Err(io::ErrorKind::UnexpectedEof.into()));
        assert!(matches!(error, Err(PasswordError::Terminal(_))));
    }

    #[test]
    fn the_variable_must_be_there_and_long_enough() {
        let from = AdminPassword::from_variable;
        assert!(from(Ok("12345678".to_owned())).is_ok());
        assert!(matches!(
            from(Ok(String::new())),
            Err(PasswordError::TooShort)
        ));
        assert!(matches!(
            from(Err(VarError::NotPresent)),
            Err(PasswordError::Missing)
        ));
    }

    #[test]
    fn debug_shows_no_password() {
        let password = typed(&["topsecret"; 2]).unwrap();
        assert!(!format!("{password:?}").contains("topsecret"));
    }
}
