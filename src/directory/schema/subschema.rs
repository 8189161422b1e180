//! The schema as the subschema entry shows it (RFC 4512 4.2): every definition as text.

use super::Schema;
use super::attribute_type::{AttributeType, AttributeTypeId};
use super::definition::print;
use super::description::requires_binary;
use super::rule::{Rule, RuleKind};
use super::syntax::Syntax;
use super::well_known::CHAINED;

impl Schema {
    /// The values of attributeTypes.
    pub fn attribute_type_descriptions(&self) -> impl Iterator<Item = &str> {
        self.attribute_types.iter().map(|it| it.text.as_str())
    }

    /// The values of objectClasses.
    pub fn object_class_descriptions(&self) -> impl Iterator<Item = &str> {
        self.object_classes.iter().map(|it| it.text.as_str())
    }

    /// What tells it from schemas of other definitions, and from those of other versions of the server, which may judge
    /// values otherwise.
    pub fn digest(&self) -> [u8; 16] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
        for text in self
            .attribute_type_descriptions()
            .chain(self.object_class_descriptions())
        {
            hasher.update(b"\n").update(text.as_bytes());
        }
        let mut digest = [0; 16];
        hasher.finalize_xof().fill(&mut digest);
        digest
    }

    /// The values of matchingRules.
    pub fn matching_rule_descriptions(&self) -> impl Iterator<Item = String> {
        Rule::ALL.iter().map(|rule| print::matching_rule(*rule))
    }

    /// The values of matchingRuleUse: which attribute types a rule can be asked for by name, in an extensible match
    /// (RFC 4511 4.5.1.7.7).
    pub fn matching_rule_use_descriptions(&self) -> impl Iterator<Item = String> {
        let by_name = |rule: &&Rule| !matches!(rule.kind(), RuleKind::Substrings);
        Rule::ALL.iter().filter(by_name).filter_map(|rule| {
            let fits = |(id, attribute_type): &(AttributeTypeId, &AttributeType)| match rule.kind()
            {
                RuleKind::Chain => CHAINED.contains(id),
                _ => rule.compares_with(attribute_type.syntax),
            };
            let applies = self
                .attribute_types()
                .filter(fits)
                .map(|(_, attribute_type)| attribute_type.name());
            print::matching_rule_use(*rule, applies)
        })
    }

    /// The values of ldapSyntaxes.
    pub fn syntax_descriptions(&self) -> impl Iterator<Item = String> {
        let describe = |syntax: &Syntax| print::syntax(*syntax, requires_binary(*syntax));
        Syntax::ALL.iter().map(describe)
    }
}

#[cfg(test)]
mod tests;
