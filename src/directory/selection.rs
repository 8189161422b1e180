//! Which attributes of an entry a request wants (RFC 4511 section 4.5.1.8, RFC 3673, RFC 4529), and how much
//! of each.
//!
//! Owns the selectors and their meaning. It does not own what the asker may see: that is a mask laid over it.

mod range;

use std::borrow::Cow;

use smallvec::SmallVec;

use super::access::AttributeMask;
use super::descriptions::Described;
use super::entry::Block;
use super::filter::evaluate::Evaluator;
use super::filter::resolve::Target;
use super::schema::Schema;
use super::search::values::{Holder, MatchedValues};
use super::value_set;
use super::view::{Computed, View};
use range::ValueRange;

/// The attributes that are wanted.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    user: bool,
    operational: bool,
    /// The types that are named, with their subtypes.
    named: AttributeMask,
    /// What is named with options.
    tagged: Vec<Target>,
    computed: SmallVec<[Computed; 2]>,
    /// Attributes of which a part is wanted; that goes before all of it.
    parts: Vec<(Target, ValueRange)>,
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
                    None => selection.add(schema, other),
                },
            }
        }
        // Most ask for no more than what users may change.
        let from = match selection.user && selectors.iter().all(|selector| selector == "*") {
            true => Computed::USER.as_slice(),
            false => Computed::ALL.as_slice(),
        };
        let wants = |computed: &&Computed| selection.wants(**computed);
        selection.computed = from.iter().filter(wants).copied().collect();
        selection
    }

    /// How many names with options or parts an attribute of an entry is held against at the most.
    pub fn tests(&self) -> usize {
        self.tagged.len().saturating_add(self.parts.len())
    }

    fn add(&mut self, schema: &Schema, selector: &str) {
        let part = ValueRange::split(selector);
        let name = part.as_ref().map_or(selector, |(name, _)| name);
        if let Some(target) = Target::parse(schema, name) {
            let part = part.map(|(_, range)| (target.clone(), range));
            self.parts.extend(part);
            self.add_target(target);
        }
    }

    fn add_target(&mut self, target: Target) {
        match target.is_plain() {
            true => target.types().iter().for_each(|id| self.named.insert(*id)),
            false => self.tagged.push(target),
        }
    }

    fn part_of(&self, described: &Described) -> Option<ValueRange> {
        let mut parts = self.parts.iter();
        let part = parts.find(|(target, _)| target.covers(described));
        part.map(|(_, range)| *range)
    }

    fn part_of_computed(&self, computed: Computed) -> Option<ValueRange> {
        let mut parts = self.parts.iter();
        let part =
            parts.find(|(target, _)| target.is_plain() && target.computed.contains(&computed));
        part.map(|(_, range)| *range)
    }

    /// All attributes of an object class, as if each were named (RFC 4529).
    fn add_class(&mut self, schema: &Schema, class: &str) {
        let Some(id) = schema.class_id(class) else {
            return;
        };
        for class in std::iter::once(&id).chain(schema.superclasses(id)) {
            let class = schema.class(*class);
            for attribute in class.must.iter().chain(&class.may) {
                self.add_target(Target::of_type(schema, *attribute));
            }
        }
    }

    fn wants(&self, computed: Computed) -> bool {
        let all = match computed.is_operational() {
            true => self.operational,
            false => self.user,
        };
        all || self.named.contains(computed.attribute())
    }

    fn wants_described(&self, described: &Described) -> bool {
        let all = match described.is_operational {
            true => self.operational,
            false => self.user,
        };
        all || self.named.contains(described.description.attribute)
            || self.tagged.iter().any(|target| target.covers(described))
    }
}

/// An entry with what of it may be shown: the only form in which a face gets entries.
pub struct VisibleEntry<'a> {
    view: View<'a>,
    selection: &'a Selection,
    readable: &'a AttributeMask,
    values: Option<&'a MatchedValues>,
    /// The name of its parent, where that is known.
    superior: Option<&'a [u8]>,
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
            values: None,
            superior: None,
        }
    }

    /// The same entry, whose parent may be known to have this name; empty when it has no parent.
    pub(super) fn below(self, superior: Option<&'a [u8]>) -> Self {
        Self { superior, ..self }
    }

    /// The same entry, of whose values those alone are shown that match.
    pub(super) fn matching(self, values: Option<&'a MatchedValues>) -> Self {
        Self { values, ..self }
    }

    /// Appends the entry's name.
    pub fn write_dn(&self, out: &mut Vec<u8>) {
        let Some(superior) = self.superior else {
            return self.view.snapshot.write_dn(self.view.id, out);
        };
        out.extend_from_slice(self.view.entry.rdn_bytes());
        if !superior.is_empty() {
            out.push(b',');
            out.extend_from_slice(superior);
        }
    }

    /// The selected attributes whose values are all shown as they are stored: name with options, and the values as a
    /// block.
    pub fn stored(&self) -> impl Iterator<Item = (&'a str, Block<'a>)> + '_ {
        let chooses = self.chooses();
        let whole = self.selected_blocks().filter(move |(described, _)| {
            !chooses || self.values.is_none() && self.selection.part_of(described).is_none()
        });
        whole.map(|(described, block)| (&*described.name, block))
    }

    /// The other selected attributes: the computed ones that have a value, and stored ones of which not every value is
    /// shown.
    pub fn computed(&self) -> impl Iterator<Item = MadeAttribute<'a>> + '_ {
        let view = self.view;
        let blocks = self.chooses().then(|| self.selected_blocks());
        let chosen = blocks
            .into_iter()
            .flatten()
            .filter_map(move |(described, block)| {
                let range = self.selection.part_of(described);
                (self.values.is_some() || range.is_some()).then_some(MadeAttribute {
                    view,
                    source: Source::Stored(described, block),
                    values: self.values,
                    range,
                })
            });
        let selected = self.selection.computed.iter().copied();
        let computed = selected
            .filter(move |computed| {
                self.readable.contains(computed.attribute()) && computed.is_present(&view)
            })
            .map(move |computed| MadeAttribute {
                view,
                source: Source::Computed(computed),
                values: self.values,
                range: self.selection.part_of_computed(computed),
            });
        chosen.chain(computed).filter(MadeAttribute::begins)
    }

    /// Whether there are attributes of which not every value is shown.
    fn chooses(&self) -> bool {
        self.values.is_some() || !self.selection.parts.is_empty()
    }

    fn selected_blocks(&self) -> impl Iterator<Item = (&'a Described, Block<'a>)> + '_ {
        let descriptions = self.view.snapshot.descriptions();
        self.view.entry.blocks().filter_map(move |block| {
            let described = descriptions.described(block.description)?;
            let shown = self.readable.contains(described.description.attribute)
                && self.selection.wants_described(described);
            shown.then_some((described, block))
        })
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
        let mut dn = Vec::new();
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
            (!values.is_empty()).then(|| (attribute.name().into_owned(), set))
        });
        EntryCopy {
            attributes: stored.chain(computed).collect(),
            dn: String::from_utf8(dn).unwrap_or_default(),
        }
    }
}

/// An attribute whose values are made, or chosen, when they are asked for.
#[derive(Copy, Clone)]
pub struct MadeAttribute<'a> {
    view: View<'a>,
    source: Source<'a>,
    values: Option<&'a MatchedValues>,
    range: Option<ValueRange>,
}

#[derive(Copy, Clone)]
enum Source<'a> {
    Stored(&'a Described, Block<'a>),
    Computed(Computed),
}

impl<'a> MadeAttribute<'a> {
    /// The name with options.
    pub fn name(&self) -> Cow<'a, str> {
        let name = match self.source {
            Source::Stored(described, _) => &described.name,
            Source::Computed(computed) => self.view.schema().attribute(computed.attribute()).name(),
        };
        match self.range {
            Some(range) => range.describe(name, self.count()).into(),
            None => name.into(),
        }
    }

    fn count(&self) -> usize {
        match self.source {
            Source::Stored(_, block) => block.values().count(),
            Source::Computed(computed) => computed.count(&self.view),
        }
    }

    /// Whether there are values where the part begins that is wanted.
    fn begins(&self) -> bool {
        self.range
            .is_none_or(|range| range.skipped() < self.count())
    }

    /// Whether it is shown without values too, when none of them matches (RFC 3876 section 2).
    pub fn may_be_empty(&self) -> bool {
        self.values.is_some()
    }

    /// Hands each value to `each`.
    pub fn for_each(&self, mut each: impl FnMut(&[u8])) {
        let mut evaluator = Evaluator::default();
        let holder = match self.source {
            Source::Stored(described, _) => Holder::Stored(described),
            Source::Computed(computed) => Holder::Computed(computed),
        };
        let mut show = |value: &[u8]| {
            let shown = self
                .values
                .is_none_or(|values| values.select(&mut evaluator, holder, value, &self.view));
            if shown {
                each(value);
            }
        };
        let (skipped, most) = match self.range {
            Some(range) => (range.skipped(), range.most()),
            None => (0, usize::MAX),
        };
        match self.source {
            Source::Stored(_, block) => block.values().skip(skipped).take(most).for_each(show),
            Source::Computed(computed) => {
                let mut left = most;
                computed.for_each_from(&self.view, skipped, &mut |value| {
                    show(value);
                    left -= 1;
                    left > 0
                });
            }
        }
    }
}
