//! The entries that describe the server: root DSE (RFC 4512 section 5.1) and subschema (section 4.2).
//!
//! Owns what they announce, which is what works and nothing else.

use std::sync::Arc;

use super::control;
use super::operation::{EXTENSIONS, FEATURES};
use crate::directory::attributes::{Attribute, Attributes};
use crate::directory::dn::{Dn, NormalizedDn};
use crate::directory::schema::{AttributeDescription, Schema};
use crate::directory::snapshot::Suffix;
use crate::directory::view::SUBSCHEMA_DN;
use crate::directory::virtual_entry::VirtualEntry;

/// How safe a connection is, which decides what it is offered.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub struct Safety {
    /// Whether a password may be sent over it.
    pub passwords: bool,
    /// Whether the connection itself tells who the client is: by its certificate or its process.
    pub external: bool,
}

/// The root DSE as each kind of connection sees it, and the subschema.
pub struct RootDse {
    variants: [(Safety, VirtualEntry); 4],
    schema: Arc<Schema>,
    subschema: VirtualEntry,
    subschema_name: NormalizedDn,
}

impl RootDse {
    /// Describes a server of these suffixes, started at `seconds` since 1970.
    pub fn new(schema: &Arc<Schema>, suffixes: &[Suffix], seconds: i64) -> Self {
        let variant = |passwords, external| {
            let safety = Safety {
                passwords,
                external,
            };
            (
                safety,
                VirtualEntry::new(
                    Arc::clone(schema),
                    "",
                    &describe(schema, suffixes, safety),
                    seconds,
                ),
            )
        };
        Self {
            variants: [
                variant(false, false),
                variant(true, false),
                variant(false, true),
                variant(true, true),
            ],
            schema: Arc::clone(schema),
            subschema: VirtualEntry::new(
                Arc::clone(schema),
                SUBSCHEMA_DN,
                &subschema(schema),
                seconds,
            ),
            subschema_name: Dn::parse(SUBSCHEMA_DN)
                .unwrap_or_default()
                .normalize(schema),
        }
    }

    /// The root DSE for a connection.
    pub fn root(&self, safety: Safety) -> Option<&VirtualEntry> {
        self.variants
            .iter()
            .find(|(of, _)| *of == safety)
            .map(|(_, entry)| entry)
    }

    /// The subschema entry.
    pub fn subschema(&self) -> &VirtualEntry {
        &self.subschema
    }

    /// Whether a name is that of the subschema entry.
    pub fn is_subschema(&self, dn: &Dn) -> bool {
        dn.rdns().len() == 1 && dn.normalize(&self.schema) == self.subschema_name
    }
}

fn put(schema: &Schema, attributes: &mut Attributes, name: &str, values: Vec<String>) {
    if let Ok(description) = AttributeDescription::parse(schema, name)
        && !values.is_empty()
    {
        let values = values.into_iter().map(String::into_bytes).collect();
        attributes.insert(Attribute {
            description,
            values,
        });
    }
}

fn owned(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn describe(schema: &Schema, suffixes: &[Suffix], safety: Safety) -> Attributes {
    let mut mechanisms = Vec::new();
    if safety.external {
        mechanisms.push("EXTERNAL".to_owned());
    }
    if safety.passwords {
        mechanisms.push("PLAIN".to_owned());
    }
    let contexts = suffixes
        .iter()
        .map(|suffix| suffix.dn.to_string())
        .collect();
    let mut root = Attributes::default();
    put(
        schema,
        &mut root,
        "objectClass",
        owned(&["top", "extensibleObject"]),
    );
    put(schema, &mut root, "namingContexts", contexts);
    put(schema, &mut root, "supportedLDAPVersion", owned(&["3"]));
    let controls = control::supported().map(str::to_owned).collect();
    put(schema, &mut root, "supportedControl", controls);
    put(schema, &mut root, "supportedExtension", owned(EXTENSIONS));
    put(schema, &mut root, "supportedFeatures", owned(FEATURES));
    put(schema, &mut root, "supportedSASLMechanisms", mechanisms);
    put(schema, &mut root, "vendorName", owned(&["Hedgerow"]));
    put(
        schema,
        &mut root,
        "vendorVersion",
        owned(&[env!("CARGO_PKG_VERSION")]),
    );
    root
}

fn subschema(schema: &Schema) -> Attributes {
    let mut entry = Attributes::default();
    put(
        schema,
        &mut entry,
        "objectClass",
        owned(&["top", "subentry", "subschema", "extensibleObject"]),
    );
    put(schema, &mut entry, "cn", owned(&["Subschema"]));
    put(
        schema,
        &mut entry,
        "attributeTypes",
        schema
            .attribute_type_descriptions()
            .map(str::to_owned)
            .collect(),
    );
    put(
        schema,
        &mut entry,
        "objectClasses",
        schema
            .object_class_descriptions()
            .map(str::to_owned)
            .collect(),
    );
    put(
        schema,
        &mut entry,
        "matchingRules",
        schema.matching_rule_descriptions().collect(),
    );
    put(
        schema,
        &mut entry,
        "matchingRuleUse",
        schema.matching_rule_use_descriptions().collect(),
    );
    put(
        schema,
        &mut entry,
        "ldapSyntaxes",
        schema.syntax_descriptions().collect(),
    );
    entry
}
