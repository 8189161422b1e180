//! Cursors: where a search goes on, sealed so that a client can keep them and neither read nor make one.
//!
//! Owns the seal, which also names the search and the asker that a cursor belongs to. The server remembers nothing of a
//! search between its pages, so that any number may be under way. What stands at a position is the business of `search`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use super::entry::EntryId;
use super::identity::{Identity, Who};
use super::request::SearchRequest;
use super::schema::Schema;

/// How long a cursor can be used.
pub const LIFETIME: Duration = Duration::from_secs(24 * 60 * 60);

/// Where a search goes on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Position {
    /// In the order of ids: at this one, or the next there is.
    Id(EntryId),
    /// In a sorted list: at this sort key and id, or what comes after them.
    Key(Vec<u8>, EntryId),
    /// Nowhere in particular: the cursor names a list.
    List,
}

/// What is sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    /// Where to go on.
    pub position: Position,
    /// How many entries the pages before have returned.
    pub returned: u32,
}

/// Why a cursor cannot be used.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum InvalidCursor {
    /// It was not made by this server since its start, or for another search or another asker.
    Foreign,
    /// It is older than [`LIFETIME`].
    Expired,
}

impl std::fmt::Display for InvalidCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Foreign => {
                "the cookie was not given for this search to this client since the server started; begin again without it"
            }
            Self::Expired => "the cookie is older than a day; begin again without it",
        })
    }
}

/// The search and the asker that a cursor belongs to, as a hash.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Binding([u8; 32]);

impl Binding {
    /// Binds to everything that decides which entries a search finds, in which order, and what is shown of them; not to
    /// limits and to the part of it that is wanted now.
    pub fn new(schema: &Schema, identity: &Identity, request: &SearchRequest) -> Self {
        let mut hasher = blake3::Hasher::new();
        let mut add = |field: &[u8]| {
            hasher.update(&(field.len() as u64).to_be_bytes());
            hasher.update(field);
        };
        match identity.who() {
            Who::Anonymous => add(b"anonymous"),
            Who::Administrator => add(b"administrator"),
            Who::Entry(id) => add(&id.to_be_bytes()),
            Who::Process { process, .. } => add(process.to_string().as_bytes()),
        }
        add(request.base.normalize(schema).as_bytes());
        let shape = (
            request.scope,
            request.dereference,
            request.subentries,
            request.types_only,
            request.manage_referrals,
            request.omit_references,
            request.sort.as_ref().map(|sort| &sort.keys),
        );
        add(format!("{shape:?}").as_bytes());
        add(request.filter.to_string().as_bytes());
        add(&(request.attributes.len() as u64).to_be_bytes());
        for selector in &request.attributes {
            add(selector.as_bytes());
        }
        for item in request.values.iter().flatten() {
            add(item.to_string().as_bytes());
        }
        Self(*hasher.finalize().as_bytes())
    }
}

/// Seals cursors under a key that lives as long as the process.
pub struct Sealer {
    key: LessSafeKey,
    began: Instant,
    /// How many were sealed: each with a nonce of its own.
    sealed: AtomicU64,
}

/// The kind of a position, its expiry in seconds since the start, the entries returned, and an id.
const HEAD: usize = 1 + 8 + 4 + 4;

impl Sealer {
    /// A sealer with a key drawn by the caller, at the moment `now`; `None` when the key is of no use.
    pub fn new(key: &[u8; 32], now: Instant) -> Option<Self> {
        let key = UnboundKey::new(&CHACHA20_POLY1305, key).ok()?;
        Some(Self {
            key: LessSafeKey::new(key),
            began: now,
            sealed: AtomicU64::new(0),
        })
    }

    /// Seals a cursor; `None` when that cannot be done, which no cursor of sensible size comes to.
    pub fn seal(&self, cursor: &Cursor, binding: &Binding, now: Instant) -> Option<Vec<u8>> {
        let (kind, id, key): (u8, EntryId, &[u8]) = match &cursor.position {
            Position::Id(id) => (0, *id, &[]),
            Position::Key(key, id) => (1, *id, key),
            Position::List => (2, 0, &[]),
        };
        let expires = self.seconds(now).saturating_add(LIFETIME.as_secs());
        let mut text = Vec::with_capacity(HEAD + key.len() + CHACHA20_POLY1305.tag_len());
        text.push(kind);
        text.extend_from_slice(&expires.to_be_bytes());
        text.extend_from_slice(&cursor.returned.to_be_bytes());
        text.extend_from_slice(&id.to_be_bytes());
        text.extend_from_slice(key);
        let mut nonce = [0; NONCE_LEN];
        let number = self.sealed.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        nonce
            .iter_mut()
            .zip(number)
            .for_each(|(at, octet)| *at = octet);
        let once = Nonce::assume_unique_for_key(nonce);
        self.key
            .seal_in_place_append_tag(once, Aad::from(binding.0), &mut text)
            .ok()?;
        Some([nonce.as_slice(), &text].concat())
    }

    /// Opens what [`Sealer::seal`] gave out.
    ///
    /// # Errors
    /// When it is anything else, is bound otherwise, or has expired.
    pub fn open(
        &self,
        sealed: &[u8],
        binding: &Binding,
        now: Instant,
    ) -> Result<Cursor, InvalidCursor> {
        let (nonce, text) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(InvalidCursor::Foreign)?;
        let mut text = text.to_vec();
        let once = Nonce::assume_unique_for_key(*nonce);
        let text = self
            .key
            .open_in_place(once, Aad::from(binding.0), &mut text)
            .map_err(|_| InvalidCursor::Foreign)?;
        let (expires, cursor) = read(text).ok_or(InvalidCursor::Foreign)?;
        if self.seconds(now) > expires {
            return Err(InvalidCursor::Expired);
        }
        Ok(cursor)
    }

    fn seconds(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.began).as_secs()
    }
}

fn read(text: &[u8]) -> Option<(u64, Cursor)> {
    let (kind, rest) = text.split_first()?;
    let (expires, rest) = rest.split_first_chunk()?;
    let (returned, rest) = rest.split_first_chunk()?;
    let (id, key) = rest.split_first_chunk()?;
    let id = EntryId::from_be_bytes(*id);
    let position = match kind {
        0 => Position::Id(id),
        1 => Position::Key(key.to_vec(), id),
        2 => Position::List,
        _ => return None,
    };
    let returned = u32::from_be_bytes(*returned);
    let cursor = Cursor { position, returned };
    Some((u64::from_be_bytes(*expires), cursor))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::dn::Dn;
    use crate::directory::filter::Filter;
    use crate::directory::request::{Dereference, Page, Part, Scope, Sort, SortKey, Subentries};
    use crate::directory::schema::PosixGroup;
    use proptest::prelude::*;

    fn sealer(now: Instant) -> Sealer {
        Sealer::new(&[7; 32], now).unwrap()
    }

    fn cursor() -> Cursor {
        Cursor {
            position: Position::Key(b"adams".to_vec(), 4711),
            returned: 30,
        }
    }

    #[test]
    fn every_position_is_read_back() {
        let now = Instant::now();
        let sealer = sealer(now);
        for position in [
            Position::Id(0),
            Position::Id(u32::MAX),
            Position::Key(Vec::new(), 1),
            Position::Key(vec![0xff; 5_000], 2),
            Position::List,
        ] {
            let cursor = Cursor {
                position,
                returned: 5,
            };
            let sealed = sealer.seal(&cursor, &Binding([1; 32]), now).unwrap();
            assert_eq!(sealer.open(&sealed, &Binding([1; 32]), now), Ok(cursor));
        }
    }

    #[test]
    fn a_cursor_tells_nothing_and_no_two_are_alike() {
        let now = Instant::now();
        let sealer = sealer(now);
        let one = sealer.seal(&cursor(), &Binding([1; 32]), now).unwrap();
        let two = sealer.seal(&cursor(), &Binding([1; 32]), now).unwrap();
        assert_ne!(one[NONCE_LEN..], two[NONCE_LEN..]);
        assert!(!one.windows(5).any(|part| part == b"adams"));
    }

    #[test]
    fn a_cursor_ends_after_its_lifetime_and_with_the_process() {
        let now = Instant::now();
        let sealer = sealer(now);
        let binding = Binding([1; 32]);
        let sealed = sealer.seal(&cursor(), &binding, now).unwrap();
        assert!(sealer.open(&sealed, &binding, now + LIFETIME).is_ok());
        let late = now + LIFETIME + Duration::from_secs(1);
        assert_eq!(
            sealer.open(&sealed, &binding, late),
            Err(InvalidCursor::Expired)
        );
        let next = Sealer::new(&[8; 32], now).unwrap();
        assert_eq!(
            next.open(&sealed, &binding, now),
            Err(InvalidCursor::Foreign)
        );
    }

    fn request() -> SearchRequest {
        SearchRequest {
            base: Dn::parse("ou=people,dc=example,dc=org").unwrap(),
            scope: Scope::Subtree,
            dereference: Dereference::Never,
            filter: Filter::parse("(uid=a*)").unwrap(),
            attributes: vec!["cn".to_owned()],
            types_only: false,
            size_limit: 0,
            time_limit: None,
            assertion: None,
            manage_referrals: false,
            omit_references: false,
            subentries: Subentries::ByScope,
            values: None,
            sort: None,
            part: Part::Whole,
        }
    }

    #[test]
    fn a_cursor_belongs_to_one_search_of_one_asker() {
        let schema = Schema::built_in(PosixGroup::Auxiliary).unwrap();
        let ada = Identity::entry(7);
        let of = |request: &SearchRequest| Binding::new(&schema, &ada, request);
        let own = of(&request());
        let changes: [fn(&mut SearchRequest); 9] = [
            |it| it.base = Dn::parse("dc=example,dc=org").unwrap(),
            |it| it.scope = Scope::Children,
            |it| it.dereference = Dereference::Always,
            |it| it.filter = Filter::parse("(uid=b*)").unwrap(),
            |it| it.attributes = vec!["c".to_owned(), "n".to_owned()],
            |it| it.types_only = true,
            |it| it.subentries = Subentries::Alone,
            |it| it.values = Some(vec![Filter::parse("(cn=*)").unwrap()]),
            |it| {
                let key = SortKey {
                    attribute: "cn".to_owned(),
                    rule: None,
                    reverse: false,
                    otherwise: None,
                };
                let keys = vec![key];
                it.sort = Some(Sort {
                    keys,
                    required: false,
                });
            },
        ];
        for (at, change) in changes.iter().enumerate() {
            let mut other = request();
            change(&mut other);
            assert_ne!(of(&other), own, "change {at}");
        }
        for identity in [
            Identity::anonymous(),
            Identity::administrator(),
            Identity::entry(8),
        ] {
            assert_ne!(Binding::new(&schema, &identity, &request()), own);
        }
        let spelled = SearchRequest {
            base: Dn::parse("OU=People, DC=example,DC=org").unwrap(),
            size_limit: 5,
            part: Part::Page(Page {
                size: 3,
                cookie: vec![1],
            }),
            ..request()
        };
        assert_eq!(of(&spelled), own);
    }

    proptest! {
        #[test]
        fn no_other_octets_open(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            let now = Instant::now();
            let opened = sealer(now).open(&octets, &Binding([1; 32]), now);
            prop_assert_eq!(opened, Err(InvalidCursor::Foreign));
        }

        #[test]
        fn no_changed_octet_goes_unseen(at in any::<prop::sample::Index>(), bit in 0..8_u32, cut in any::<bool>()) {
            let now = Instant::now();
            let sealer = sealer(now);
            let mut sealed = sealer.seal(&cursor(), &Binding([1; 32]), now).unwrap();
            let at = at.index(sealed.len());
            if cut {
                sealed.truncate(at);
            } else {
                sealed[at] ^= 1 << bit;
            }
            prop_assert_eq!(sealer.open(&sealed, &Binding([1; 32]), now), Err(InvalidCursor::Foreign));
        }
    }
}
