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
        let target = || Target::new(schema, &description);
        let open = &access.masks(&view).compare;
        let mut evaluator = Evaluator::default();
        let mut holds = |item: &Resolved| evaluator.evaluate(item, &view, open) == Truth::True;
        let test = resolve::equality(schema, description.attribute, value);
        let asked = test.map(|test| Resolved::Match(target(), test));
        if asked.as_ref().is_some_and(&mut holds) {
            return Ok(true);
        }
        if !holds(&Resolved::Present(target())) {
            return Err(Error::NoSuchAttribute(format!(
                "the entry has no \"{attribute}\""
            )));
        }
        if schema.attribute(description.attribute).equality.is_none() {
            return Err(Error::InappropriateMatching(format!(
                "\"{attribute}\" has no equality rule"
            )));
        }
        let answer = asked.map(|_| false);
        answer.ok_or_else(|| {
            Error::InvalidAttributeSyntax(format!("the value is not one of \"{attribute}\""))
        })
    }
}
