//! Who may have a group find its members by a search.
//!
//! A membership tells whether a filter matches: whoever may write a `memberURL` could ask by it for what the access rules
//! keep from them, and name entries that they may not see. So only they may write one who may read and search the
//! filter's attributes of all entries that it can ever meet: everywhere at and below its base, which must exist for that.
//! Only the administrator, who may anyway, names a base that is still to come.

use super::Draft;
use crate::directory::attributes::{Attributes, Difference};
use crate::directory::dynamic::{MOST_GROUPS, MOST_URLS, Selector, report};
use crate::directory::entry::EntryId;
use crate::directory::error::Error;
use crate::directory::identity::Identity;
use crate::directory::schema::well_known;

impl Draft<'_> {
    /// Whether an entry may get the URLs that it is to get. Those it has stay as they are, good or bad.
    pub(super) fn may_select(
        &mut self,
        identity: &Identity,
        id: EntryId,
        difference: &Difference<'_>,
        (before, after): (&Attributes, &Attributes),
    ) -> Result<(), Error> {
        if !difference.sets(well_known::MEMBER_URL) {
            return Ok(());
        }
        let urls = values(after);
        let known = values(before);
        let is_new = |(_, url): &(usize, &&Vec<u8>)| !known.contains(url);
        let mut new = urls.iter().enumerate().filter(is_new).peekable();
        if new.peek().is_none() {
            return Ok(());
        }
        let groups = self.snapshot.dynamic_groups();
        if urls.len() > MOST_URLS {
            let text = format!("a group has {MOST_URLS} values of \"memberURL\" at the most");
            return Err(Error::AdminLimitExceeded(text));
        }
        if groups.get(id).is_none() && groups.len() >= MOST_GROUPS {
            let text = format!(
                "there are {MOST_GROUPS} groups with a \"memberURL\" already, which is the most"
            );
            return Err(Error::AdminLimitExceeded(text));
        }
        for (at, url) in new {
            let selector = Selector::parse(&self.snapshot, url).map_err(|fault| {
                Error::InvalidAttributeSyntax(format!("value {} of \"memberURL\": {fault}", at + 1))
            })?;
            self.may_search(identity, &selector)?;
        }
        self.selecting.insert(id);
        Ok(())
    }

    fn may_search(&self, identity: &Identity, selector: &Selector) -> Result<(), Error> {
        if identity.is_administrator() {
            return Ok(());
        }
        let access = self.rules.access(&self.snapshot, identity);
        // A filter without attributes finds all entries there are.
        let all = [well_known::OBJECT_CLASS];
        let attributes = match &*selector.attributes {
            [] => all.as_slice(),
            some => some,
        };
        let base = selector.base.find(&self.snapshot);
        if base.is_some_and(|base| access.may_find_all_below(&self.snapshot, base, attributes)) {
            Ok(())
        } else {
            Err(Error::InsufficientAccess)
        }
    }

    /// Logs where groups that were written leave to ordinary users who their members are.
    pub(super) fn warn_of_selections(&self) {
        for id in &self.selecting {
            if let Some(group) = self.snapshot.dynamic_groups().get(*id) {
                for warning in report::self_made(&self.snapshot, self.rules, *id, group) {
                    tracing::warn!("{warning}");
                }
            }
        }
    }
}

fn values(attributes: &Attributes) -> Vec<&Vec<u8>> {
    let urls = attributes
        .iter()
        .filter(|attribute| attribute.description.attribute == well_known::MEMBER_URL);
    urls.flat_map(|attribute| &attribute.values).collect()
}
