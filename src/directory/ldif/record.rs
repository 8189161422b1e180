//! What one LDIF record says (RFC 2849), borrowed from the reader's buffer.

/// One record of an LDIF file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// The line of its `dn:`, the first line of the file being 1.
    pub line: u64,
    /// The DN as written, decoded from base64; its syntax is not checked here. Empty for the root.
    pub dn: &'a str,
    /// The controls to send with the change, in file order.
    pub controls: Vec<Control<'a>>,
    /// What the record holds or asks for.
    pub change: Change<'a>,
}

/// What a record holds or asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change<'a> {
    /// An entry, written without a `changetype`; at least one value, in file order. Such a record
    /// may stand among change records, where it asks for the same as [`Change::Add`].
    Content(Vec<AttributeValue<'a>>),
    /// `changetype: add`: an entry to add; at least one value, in file order.
    Add(Vec<AttributeValue<'a>>),
    /// `changetype: modify`: changes to one entry, to be applied in this order. May be empty.
    Modify(Vec<Modification<'a>>),
    /// `changetype: delete`
    Delete,
    /// `changetype: modrdn` or `moddn`
    Rename {
        /// The new RDN as written.
        new_rdn: &'a str,
        /// Whether the values of the old RDN leave the entry.
        delete_old_rdn: bool,
        /// The DN of the new parent when the entry moves; empty for the root.
        new_superior: Option<&'a str>,
    },
}

/// A value and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttributeValue<'a> {
    /// The line the value begins on, the first line of the file being 1.
    pub line: u64,
    /// The attribute description as written, options included; made of letters, digits and `-._;`.
    pub attribute: &'a str,
    /// The value, decoded from base64.
    pub value: &'a [u8],
}

/// One step of a modify (`mod-spec`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modification<'a> {
    /// The line it begins on, the first line of the file being 1.
    pub line: u64,
    /// What to do with the values.
    pub kind: ModificationKind,
    /// The attribute description, as written after the kind.
    pub attribute: &'a str,
    /// The values, in file order; their attribute is the same but for letter case. None to delete
    /// or replace all.
    pub values: Vec<AttributeValue<'a>>,
}

/// What a modification does (RFC 4511 section 4.6, RFC 4525).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModificationKind {
    /// Add the values.
    Add,
    /// Delete the values, or all of them when none is given.
    Delete,
    /// Put the values in place of all present ones.
    Replace,
    /// Add the given number to each present value.
    Increment,
}

/// A control of a change record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Control<'a> {
    /// The line it stands on, the first line of the file being 1.
    pub line: u64,
    /// Which control, a dotted number.
    pub oid: &'a str,
    /// Whether the change must be refused when the control is not supported; false when the file
    /// does not say.
    pub critical: bool,
    /// Its value, decoded from base64; an absent value and an empty one differ.
    pub value: Option<Vec<u8>>,
}
