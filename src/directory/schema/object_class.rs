//! Object classes as the server works with them (RFC 4512 2.4, 4.1.1): every reference resolved, what superclasses
//! require and allow included.
//!
//! The text they come from is in `definition`, the making of them in `resolve`.

use super::attribute_type::{AttributeTypeId, AttributeTypeSet};

/// Which object class, within one [`Schema`](super::Schema); a position, never stored, as with [`AttributeTypeId`].
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct ClassId(pub u16);

/// The three kinds of object class (RFC 4512 2.4.1 to 2.4.3).
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum ClassKind {
    /// Only there for others to derive from.
    Abstract,
    /// What an entry is; every entry has exactly one chain of these.
    #[default]
    Structural,
    /// What an entry has beside.
    Auxiliary,
}

/// One object class.
#[derive(Clone, Debug)]
pub struct ObjectClass {
    /// Numeric object identifier.
    pub oid: String,
    /// Short names, the canonical one first; may be empty.
    pub names: Vec<String>,
    /// The direct superclasses.
    pub superiors: Vec<ClassId>,
    /// Abstract, structural or auxiliary.
    pub kind: ClassKind,
    /// The attribute types an entry of the class must have, those of superclasses included, in ascending order.
    pub must: Vec<AttributeTypeId>,
    /// The attribute types an entry of the class may have beside, those of superclasses included, in ascending order.
    pub may: Vec<AttributeTypeId>,
    pub(super) superclasses: Vec<ClassId>,
    pub(super) allowed: AttributeTypeSet,
    pub(super) text: String,
}

impl ObjectClass {
    /// The canonical name: the first short name, or the object identifier where there is none.
    pub fn name(&self) -> &str {
        self.names.first().unwrap_or(&self.oid)
    }

    /// Whether the class requires or allows attributes of this type.
    pub fn allows(&self, id: AttributeTypeId) -> bool {
        self.allowed.contains(id)
    }

    /// What stands for an identifier that the schema did not give out.
    pub(super) fn unknown() -> Self {
        Self {
            oid: String::from("unknown"),
            names: Vec::new(),
            superiors: Vec::new(),
            kind: ClassKind::Abstract,
            must: Vec::new(),
            may: Vec::new(),
            superclasses: Vec::new(),
            allowed: AttributeTypeSet::default(),
            text: String::new(),
        }
    }
}
