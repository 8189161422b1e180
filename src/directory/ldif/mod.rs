//! LDIF in and out (RFC 2849), streaming: a file of any length goes through one record at a time.
//!
//! [`Reader`] gives records that borrow its buffer; [`write_header`] and [`write_entry`] produce
//! files that it, and other servers' tools, read back. The text format is owned here. What a record
//! means for the directory is not: names and values are not looked up in a schema, and DNs stay
//! strings.
//!
//! `lines` unfolds the lines of one record, `line` parts one into its name and its decoded value,
//! `read` gives them their meaning as a record.

mod error;
mod line;
mod lines;
mod read;
mod record;
#[cfg(test)]
mod tests;
mod write;

pub use error::{LdifError, LdifFault};
pub use read::Reader;
pub use record::{AttributeValue, Change, Control, Modification, ModificationKind, Record};
pub use write::{write_entry, write_header};

/// The longest line that is read, in bytes, counted after joining the lines it is folded into.
/// Comments may be longer.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// The largest record that is read, in bytes of text without comments and line ends.
pub const MAX_RECORD_BYTES: usize = 1 << 30;

/// The most lines a record may have, a folded line counted once and the DN included. Each value is
/// one line.
pub const MAX_RECORD_LINES: usize = 5_000_000;
