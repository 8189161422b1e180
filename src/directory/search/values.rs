//! Which values of an entry a search shows, when it asks for those alone that match (RFC 3876).
//!
//! Owns the judging of a single value. Which attributes are shown is the business of the selection and of access.

use crate::directory::descriptions::Described;
use crate::directory::filter::Filter;
use crate::directory::filter::evaluate::Evaluator;
use crate::directory::filter::resolve::{Resolved, Target};
use crate::directory::schema::{AttributeTypeId, Schema};
use crate::directory::view::{Computed, View};

/// Items of which a value must match one.
#[derive(Clone, Debug)]
pub struct MatchedValues(Vec<Resolved>);

/// The attribute that a value is of.
#[derive(Copy, Clone)]
pub enum Holder<'a> {
    /// A stored one.
    Stored(&'a Described),
    /// A computed one.
    Computed(Computed),
}

impl MatchedValues {
    /// Makes items ready. What is no simple item selects nothing.
    pub fn new(schema: &Schema, items: &[Filter]) -> Self {
        Self(items.iter().map(|item| item.resolve(schema)).collect())
    }

    /// Whether a value is shown.
    pub fn select(
        &self,
        evaluator: &mut Evaluator,
        holder: Holder<'_>,
        value: &[u8],
        view: &View<'_>,
    ) -> bool {
        self.0.iter().any(|item| match item {
            Resolved::Present(target) => holder.is_of(target),
            Resolved::Match(target, test) => {
                holder.is_of(target) && evaluator.value(test, value, view)
            }
            Resolved::AnyAttribute(rule, test) => {
                rule.compares_with(view.schema().attribute(holder.attribute()).syntax)
                    && evaluator.value(test, value, view)
            }
            Resolved::And(_)
            | Resolved::Or(_)
            | Resolved::Not(_)
            | Resolved::WithName(..)
            | Resolved::Undefined => false,
        })
    }
}

impl Holder<'_> {
    fn attribute(self) -> AttributeTypeId {
        match self {
            Self::Stored(described) => described.description.attribute,
            Self::Computed(computed) => computed.attribute(),
        }
    }

    fn is_of(self, target: &Target) -> bool {
        match self {
            Self::Stored(described) => target.covers(described),
            Self::Computed(computed) => target.is_plain() && target.computed.contains(&computed),
        }
    }
}
