//! Names for object identifiers, as OpenLDAP's `olcObjectIdentifier` gives them: `acme 1.3.6.1.4.1.99999`, then
//! `acme:1.2` for `1.3.6.1.4.1.99999.1.2`.

use super::DefinitionProblem;
use crate::directory::schema::syntax::oid;
use std::collections::HashMap;

/// The names defined so far.
#[derive(Clone, Debug, Default)]
pub struct OidMacros {
    oids: HashMap<String, String>,
}

impl OidMacros {
    /// Takes a name (in any case, replacing an earlier meaning) for an object identifier, which may itself use a name
    /// defined before.
    pub fn define(&mut self, name: &str, value: &str) -> Result<(), DefinitionProblem> {
        if !oid::is_descriptor(name.as_bytes()) {
            return Err(DefinitionProblem::NotADescriptor(name.into()));
        }
        let value = self.expand(value)?;
        self.oids.insert(name.to_ascii_lowercase(), value);
        Ok(())
    }

    /// The numeric object identifier that a text stands for: itself, a name, or a name, a colon and further numbers.
    pub fn expand(&self, text: &str) -> Result<String, DefinitionProblem> {
        let expanded = if oid::is_numeric_oid(text.as_bytes()) {
            Some(text.to_owned())
        } else {
            let (name, suffix) = text.split_once(':').unwrap_or((text, ""));
            let base = self.oids.get(&name.to_ascii_lowercase());
            base.map(|base| match suffix {
                "" => base.clone(),
                suffix => format!("{base}.{suffix}"),
            })
        };
        expanded
            .filter(|expanded| oid::is_numeric_oid(expanded.as_bytes()))
            .ok_or_else(|| DefinitionProblem::NotAnOid(text.into()))
    }
}
