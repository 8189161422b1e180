//! Which attributes of an entry a request wants (RFC 4511 section 4.5.1.8, RFC 3673, RFC 4529).
//!
//! Owns the selectors and their meaning. It does not own what the asker may see: that is a mask laid over it.

use super::access::AttributeMask;
use super::descriptions::Described;
use super::entry::Block;
use super::filter::resolve::Target;
use super::schema::{AttributeTypeId, Schema};
use super::value_set;
use super::view::{Computed, View};

/// The attributes that are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    user: bool,
    operational: bool,
    named: Vec<Target>,
    computed: Vec<Computed>,
}

impl Selection {
    /// Reads selectors as sent. Names that the schema does not know select nothing; none at all mean `*`, and `1.1`
    /// among others means nothing.
    pub fn new(schema: &Schema, selectors: &[String]) -> Selection {
        let mut selection = Selection {
            user: selectors.is_empty(),
            ..Selection::default()
        };
        for selector in selectors {
            match selector.as_str() {
                "*" => selection.user = true,
                "+" => selection.operational = true,
                "1.1" => {}
                other => match other.strip_prefix('@') {
                    Some(class) => selection.add_class(schema, class),
                    None => selection.named.extend(Target::parse(schema, other)),
                },
            }
        }
        let wants = |computed: &Computed| selection.wants(schema, computed.attribute());
        selection.computed = Computed::ALL.into_iter().filter(wants).collect();
        selection
    }

    /// All attributes of an object class, as if each were named (RFC 4529).
    fn add_class(&mut self, schema: &Schema, class: &str) {
        let Some(id) = schema.class_id(class) else {
            return;
        };
        for class in std::iter::once(&id).chain(schema.superclasses(id)) {
            let class = schema.class(*class);
            for attribute in class.must.iter().chain(&class.may) {
                self.named.push(Target::of_type(schema, *attribute));
            }
        }
    }

    /// Whether values of a type are wanted when they carry no options.
    fn wants(&self, schema: &Schema, id: AttributeTypeId) -> bool {
        let all = if schema.attribute(id).is_operational() {
            self.operational
        } else {
            self.user
        };
        all || self
            .named
            .iter()
            .any(|target| target.is_plain() && target.types().contains(&id))
    }

    fn wants_described(&self, schema: &Schema, described: &Described) -> bool {
        let operational = schema
            .attribute(described.description.attribute)
            .is_operational();
        (if operational {
            self.operational
        } else {
            self.user
        }) || self.named.iter().any(|target| target.covers(described))
    }
}

/// An entry with what of it may be shown: the only form in which a face gets entries.
pub struct VisibleEntry<'a> {
    view: View<'a>,
    selection: &'a Selection,
    readable: &'a AttributeMask,
}

impl<'a> VisibleEntry<'a> {
    pub(super) fn new(
        view: View<'a>,
        selection: &'a Selection,
        readable: &'a AttributeMask,
    ) -> Self {
        Self {
            view,
            selection,
            readable,
        }
    }

    /// Appends the entry's name.
    pub fn write_dn(&self, out: &mut String) {
        self.view.snapshot.write_dn(self.view.id, out);
    }

    /// The selected stored attributes: name with options, and the values as a block.
    pub fn stored(&self) -> impl Iterator<Item = (&'a str, Block<'a>)> + '_ {
        let descriptions = self.view.snapshot.descriptions();
        let schema = self.view.schema();
        self.view.entry.blocks().filter_map(move |block| {
            let described = descriptions.described(block.description)?;
            let shown = self.readable.contains(described.description.attribute)
                && self.selection.wants_described(schema, described);
            shown.then_some((&*described.name, block))
        })
    }

    /// The selected computed attributes that have a value.
    pub fn computed(&self) -> impl Iterator<Item = ComputedAttribute<'a>> + '_ {
        let view = self.view;
        let selected = self.selection.computed.iter().copied();
        selected
            .filter(move |computed| {
                self.readable.contains(computed.attribute()) && computed.is_present(&view)
            })
            .map(move |computed| ComputedAttribute { view, computed })
    }
}

/// What was shown of an entry at one moment, to be kept beyond its snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryCopy {
    /// Its name.
    pub dn: String,
    /// Descriptions, and the values of each in their stored form (see [`value_set`]).
    pub attributes: Vec<(String, Vec<u8>)>,
}

impl VisibleEntry<'_> {
    /// A copy that outlives the snapshot.
    pub fn copy(&self) -> EntryCopy {
        let mut dn = String::new();
        self.write_dn(&mut dn);
        let stored = self.stored().map(|(name, block)| {
            let values = block.value_set.as_bytes().to_vec();
            (name.to_owned(), values)
        });
        let computed = self.computed().filter_map(|attribute| {
            let mut values: Vec<Vec<u8>> = Vec::new();
            attribute.for_each(|value| values.push(value.to_vec()));
            let mut set = Vec::new();
            value_set::encode(values.iter().map(Vec::as_slice), &mut set);
            (!values.is_empty()).then(|| (attribute.name().to_owned(), set))
        });
        EntryCopy {
            attributes: stored.chain(computed).collect(),
            dn,
        }
    }
}

/// An attribute whose values are made when they are asked for.
#[derive(Copy, Clone)]
pub struct ComputedAttribute<'a> {
    view: View<'a>,
    computed: Computed,
}

impl<'a> ComputedAttribute<'a> {
    /// The name.
    pub fn name(&self) -> &'a str {
        self.view
            .schema()
            .attribute(self.computed.attribute())
            .name()
    }

    /// Hands each value to `each`.
    pub fn for_each(&self, mut each: impl FnMut(&[u8])) {
        self.computed.for_each(&self.view, &mut |value| {
            each(value);
            true
        });
    }
}
