//! Whether an entry has a value (RFC 4511 section 4.10).

use super::Directory;
use super::dn::Dn;
use super::error::Error;
use super::filter::evaluate::{Evaluator, Truth};
use super::filter::resolve::{self, Resolved, Target};
use super::identity::Identity;
use super::request::Terms;
use super::schema::AttributeDescription;
use super::target;

impl Directory {
    /// Compares a value. What the asker may not compare is not there.
    pub fn compare(
        &self,
        identity: &Identity,
        dn: &Dn,
        attribute: &str,
        value: &[u8],
        terms: &Terms,
    ) -> Result<bool, Error> {
        let snapshot = self.snapshot();
        let schema = snapshot.schema();
        let mut access = self.rules().access(&snapshot, identity);
        let view = target::find(&snapshot, &mut access, dn, terms.manage_referrals)?;
        target::assert(&mut access, &view, terms.assertion.as_ref())?;
        let description = AttributeDescription::parse(schema, attribute)
            .map_err(|error| Error::UndefinedAttributeType(format!("\"{attribute}\": {error}")))?;
        let target = Target::new(schema, &description);
        let open = &access.masks(&view).compare;
        let mut evaluator = Evaluator::default();
        if evaluator.evaluate(&Resolved::Present(target.clone()), &view, open) != Truth::True {
            return Err(Error::NoSuchAttribute(format!(
                "the entry has no \"{attribute}\""
            )));
        }
        if schema.attribute(description.attribute).equality.is_none() {
            return Err(Error::InappropriateMatching(format!(
                "\"{attribute}\" has no equality rule"
            )));
        }
        let test = resolve::equality(schema, description.attribute, value).ok_or_else(|| {
            Error::InvalidAttributeSyntax(format!("the value is not one of \"{attribute}\""))
        })?;
        Ok(evaluator.evaluate(&Resolved::Match(target, test), &view, open) == Truth::True)
    }
}
