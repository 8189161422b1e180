//! Keys: what programs show in the place of a password. The server makes them, an entry may have several, each with a
//! name, for some uses, some sources and some time.
//!
//! Owns the text of a key, its stored form, and whether a key fits a use. Who may make and revoke one is `credentials`'s.

use data_encoding::{BASE32_NOPAD, HEXLOWER};
use zeroize::Zeroizing;

use super::dn::Dn;
use super::password::Secret;
use super::password::policy::Seconds;
use super::schema::{Schema, well_known as known};
use super::source::{Network, Source};
use super::view::View;

/// What every key begins with, so that one that has leaked can be found by searching for it.
pub const PREFIX: &str = "hgrw_";
/// The scope of keys that are shown in the place of a password (RFC 4513 section 5.1.3).
pub const LDAP: &str = "ldap";
/// Keys that one entry may have.
pub const MOST: usize = 32;
/// Scopes, and networks, that one key may have.
const MOST_LIMITS: usize = 16;
/// The most characters of a name and of a scope.
const LONGEST_WORD: usize = 64;
/// Bytes that nobody guesses.
const RANDOM: usize = 16;
/// Bytes of a key: the `entryUUID` of its entry, what nobody guesses, a checksum.
const LENGTH: usize = 16 + RANDOM + 4;
/// Separates the fields of a stored key; the last may hold it.
const SEPARATOR: char = '$';
/// The first field of a stored key.
const VERSION: &str = "1";

/// What stands for a key where it is kept. Its random part is too long to be tried, whatever one try costs, so that a hash
/// which costs nothing is as good as a slow one, and lets programs log in for every page they serve.
pub type Hash = [u8; 32];

/// What tells a key from the others of its entry.
pub type Tag = [u8; 8];

/// A key as its entry keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// What its owner calls it: letters, digits and `-_.@`.
    pub name: String,
    /// When it was made.
    pub created: Seconds,
    /// What it is good for, such as `ldap`, or a part of that behind a colon; at least one.
    pub scopes: Vec<String>,
    /// How it is limited.
    pub limits: Limits,
    hash: Hash,
}

/// When and where from a key is good.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// From when on it is not any more, if ever.
    pub expires: Option<Seconds>,
    /// The networks it may come from; any without one.
    pub networks: Vec<Network>,
    /// The name that the client's certificate must stand for, if it must.
    pub certificate: Option<Dn>,
}

/// What a key is wanted for.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Wanted<'a> {
    /// All of a use: the key has it as a scope.
    Whole(&'a str),
    /// At least a part of it: a scope may also be the use, a colon, and what the use calls the part.
    Part(&'a str),
}

impl Wanted<'_> {
    /// Whether a scope holds it.
    pub fn is_in(self, scope: &str) -> bool {
        match self {
            Self::Whole(wanted) => scope == wanted,
            Self::Part(wanted) => {
                let rest = scope.strip_prefix(wanted);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(':'))
            }
        }
    }
}

/// Why a key cannot be made; the text says what to change.
#[derive(Debug, PartialEq, Eq)]
pub struct Unusable(pub String);

/// Makes the text of a key for an entry, of random bytes that the caller has drawn.
pub fn text(uuid: &[u8; 16], random: &[u8; RANDOM]) -> Secret {
    let mut bytes = Zeroizing::new([uuid.as_slice(), random].concat());
    let sum = crc32fast::hash(&bytes).to_be_bytes();
    bytes.reserve_exact(sum.len());
    bytes.extend(sum);
    let mut encoded = Zeroizing::new(BASE32_NOPAD.encode(&bytes));
    encoded.make_ascii_lowercase();
    Secret::from([PREFIX, &*encoded].concat().into_bytes())
}

/// The `entryUUID` that a text names, if it has the form of a key and its checksum is right.
pub fn entry_of(text: &[u8]) -> Option<[u8; 16]> {
    let encoded = text.strip_prefix(PREFIX.as_bytes())?;
    // Bounds what is decoded; upper case would be another text for the same bytes.
    if encoded.len() != (LENGTH * 8).div_ceil(5) || encoded.iter().any(u8::is_ascii_uppercase) {
        return None;
    }
    let upper = Zeroizing::new(encoded.to_ascii_uppercase());
    let bytes = Zeroizing::new(BASE32_NOPAD.decode(&upper).ok()?);
    let (content, sum) = bytes.split_last_chunk::<4>()?;
    let uuid = content.first_chunk::<16>()?;
    (crc32fast::hash(content) == u32::from_be_bytes(*sum)).then_some(*uuid)
}

/// What a key is kept as.
fn hash(text: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new_derive_key("hedgerow key");
    *hasher.update(text).finalize().as_bytes()
}

/// The keys of an entry. What is stored and cannot be read is none.
pub fn of<'v>(view: &View<'v>) -> impl Iterator<Item = Key> + use<'v> {
    let descriptions = view.snapshot.descriptions();
    let blocks = view
        .entry
        .blocks()
        .filter(|block| descriptions.attribute(block.description) == Some(known::HEDGEROW_KEY));
    blocks.flat_map(|block| block.values().filter_map(Key::decode))
}

impl Key {
    /// A key with this text.
    ///
    /// # Errors
    /// When a name or a scope is none, or there are too many.
    pub fn new(
        text: &Secret,
        name: String,
        scopes: Vec<String>,
        limits: Limits,
        now: Seconds,
    ) -> Result<Key, Unusable> {
        let refuse = |text: &str| Err(Unusable(text.to_owned()));
        if !is_word(&name, b"-_.@") {
            return refuse("the name of a key is 1 to 64 letters, digits and -_.@");
        }
        if scopes.is_empty() || !scopes.iter().all(|scope| is_word(scope, b"-:.")) {
            return refuse(
                "a key has at least one scope, each 1 to 64 letters, digits and -:., such as ldap",
            );
        }
        if scopes.len() > MOST_LIMITS || limits.networks.len() > MOST_LIMITS {
            return refuse("a key has at most 16 scopes and 16 networks");
        }
        if limits.expires.is_some_and(|expires| expires <= now) {
            return refuse("the key would have expired already");
        }
        Ok(Key {
            name,
            created: now,
            scopes,
            limits,
            hash: hash(text.as_bytes()),
        })
    }

    /// Whether this text is the key.
    pub fn is(&self, text: &Secret) -> bool {
        use subtle::ConstantTimeEq;
        hash(text.as_bytes()).ct_eq(&self.hash).into()
    }

    /// What tells it from the others of its entry.
    pub fn tag(&self) -> Tag {
        self.hash.first_chunk().copied().unwrap_or_default()
    }

    /// Whether it has not expired.
    pub fn is_current(&self, now: Seconds) -> bool {
        self.limits.expires.is_none_or(|expires| now < expires)
    }

    /// Whether it is held to a network or a certificate.
    pub fn is_confined(&self) -> bool {
        !self.limits.networks.is_empty() || self.limits.certificate.is_some()
    }

    /// Whether it is good for a use that comes from there at this time.
    pub fn fits(&self, schema: &Schema, wanted: Wanted<'_>, source: &Source, now: Seconds) -> bool {
        let limits = &self.limits;
        let within = limits.networks.is_empty()
            || source.address.is_some_and(|address| {
                limits
                    .networks
                    .iter()
                    .any(|network| network.contains(address))
            });
        let shown = |wanted: &Dn| {
            let shown = source.certificate.as_ref();
            shown.is_some_and(|shown| shown.normalize(schema) == wanted.normalize(schema))
        };
        self.is_current(now)
            && self.scopes.iter().any(|scope| wanted.is_in(scope))
            && within
            && limits.certificate.as_ref().is_none_or(shown)
    }

    /// As its entry keeps it: fields of which none but the last can hold what separates them.
    pub fn encode(&self) -> Vec<u8> {
        let limits = &self.limits;
        let networks: Vec<String> = limits.networks.iter().map(Network::to_string).collect();
        let certificate = limits.certificate.as_ref();
        let fields = [
            VERSION.to_owned(),
            HEXLOWER.encode(&self.hash),
            self.name.clone(),
            self.created.to_string(),
            limits
                .expires
                .map_or_else(String::new, |expires| expires.to_string()),
            self.scopes.join(","),
            networks.join(","),
            certificate.map_or_else(String::new, Dn::to_string),
        ];
        fields.join(&SEPARATOR.to_string()).into_bytes()
    }

    /// Reads what [`Key::encode`] wrote.
    pub fn decode(stored: &[u8]) -> Option<Key> {
        let text = std::str::from_utf8(stored).ok()?.strip_prefix(VERSION)?;
        let mut fields = text.strip_prefix(SEPARATOR)?.splitn(7, SEPARATOR);
        let mut field = || fields.next();
        let hash = HEXLOWER.decode(field()?.as_bytes()).ok()?.try_into().ok()?;
        let name = field()?.to_owned();
        let created = field()?.parse().ok()?;
        let optional = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        let expires = optional(field()?)
            .map(|text| text.parse())
            .transpose()
            .ok()?;
        let scopes = field()?.split(',').map(str::to_owned).collect();
        let networks = optional(field()?);
        let networks: Option<Vec<Network>> = networks
            .iter()
            .flat_map(|text| text.split(','))
            .map(Network::parse)
            .collect();
        let certificate = optional(field()?)
            .map(|text| Dn::parse(&text))
            .transpose()
            .ok()?;
        Some(Key {
            name,
            created,
            scopes,
            limits: Limits {
                expires,
                networks: networks?,
                certificate,
            },
            hash,
        })
    }
}

fn is_word(text: &str, more: &[u8]) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || more.contains(&byte);
    (1..=LONGEST_WORD).contains(&text.len()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::directory::fixture::schema;

    fn made() -> Secret {
        text(&[1; 16], &[2; 16])
    }

    fn key(limits: Limits) -> Key {
        Key::new(
            &made(),
            "backup".to_owned(),
            vec!["ldap".to_owned()],
            limits,
            100,
        )
        .unwrap()
    }

    fn limits() -> Limits {
        Limits {
            expires: Some(200),
            networks: vec![
                Network::parse("192.0.2.0/24").unwrap(),
                Network::parse("2001:db8::/32").unwrap(),
            ],
            certificate: Some(Dn::parse("cn=a$b,dc=c").unwrap()),
        }
    }

    #[test]
    fn a_key_can_be_searched_for_and_names_its_entry() {
        let text = made();
        let shown = std::str::from_utf8(text.as_bytes()).unwrap();
        assert_eq!(shown.len(), PREFIX.len() + 58);
        assert!(shown.starts_with(PREFIX));
        assert!(
            shown[PREFIX.len()..]
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7'))
        );
        assert_eq!(entry_of(text.as_bytes()), Some([1; 16]));
    }

    #[test]
    fn a_text_that_was_mistyped_or_cut_short_is_no_key() {
        let text = made();
        let bytes = text.as_bytes();
        for length in 0..bytes.len() {
            assert_eq!(entry_of(&bytes[..length]), None);
        }
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] = if changed[at] == b'b' { b'c' } else { b'b' };
            assert_eq!(entry_of(&changed), None, "{at}");
        }
        assert_eq!(entry_of(&bytes.to_ascii_uppercase()), None);
        assert_eq!(entry_of(&[bytes, b"a"].concat()), None);
    }

    #[test]
    fn a_key_is_kept_as_a_hash_and_read_back() {
        for limits in [Limits::default(), limits()] {
            let key = key(limits);
            let stored = key.encode();
            assert_eq!(Key::decode(&stored), Some(key.clone()));
            assert!(key.is(&made()));
            assert!(!key.is(&text(&[1; 16], &[3; 16])));
            let shown = String::from_utf8(stored).unwrap() + &format!("{key:?}");
            let secret = String::from_utf8(made().as_bytes().to_vec()).unwrap();
            assert!(!shown.contains(&secret));
        }
        for wrong in ["", "1", "1$", "2$00$a$0$$ldap$$", "1$00$a$0$$ldap$$"] {
            assert_eq!(Key::decode(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_is_good_within_its_limits_only() {
        let schema = schema();
        let source = |address: &str, certificate: &str| Source {
            address: Some(address.parse().unwrap()),
            certificate: Dn::parse(certificate).ok(),
            ..Source::default()
        };
        let key = key(limits());
        let good = source("192.0.2.1", "CN=a$b, DC=c");
        assert!(key.fits(&schema, Wanted::Whole("ldap"), &good, 199));
        assert!(!key.fits(&schema, Wanted::Whole("ldap"), &good, 200));
        assert!(!key.fits(&schema, Wanted::Whole("scim"), &good, 199));
        assert!(!key.fits(
            &schema,
            Wanted::Whole("ldap"),
            &source("192.0.3.1", "cn=a$b,dc=c"),
            199
        ));
        assert!(!key.fits(
            &schema,
            Wanted::Whole("ldap"),
            &source("192.0.2.1", "cn=other,dc=c"),
            199
        ));
        let nowhere = Source {
            address: None,
            ..good.clone()
        };
        assert!(!key.fits(&schema, Wanted::Whole("ldap"), &nowhere, 199));
        let unnamed = Source {
            certificate: None,
            ..good
        };
        assert!(!key.fits(&schema, Wanted::Whole("ldap"), &unnamed, 199));
    }

    #[test]
    fn a_key_for_a_part_of_a_use_is_none_for_all_of_it() {
        let of = |scope: &str| {
            let scopes = vec![scope.to_owned()];
            let key = Key::new(&made(), "a".to_owned(), scopes, Limits::default(), 100).unwrap();
            let fits = |wanted| key.fits(&schema(), wanted, &Source::default(), 100);
            (fits(Wanted::Whole("a-b")), fits(Wanted::Part("a-b")))
        };
        assert_eq!(of("a-b"), (true, true));
        assert_eq!(of("a-b:user:read"), (false, true));
        for other in ["a-bc", "a", "b:a-b", "a-b.user"] {
            assert_eq!(of(other), (false, false), "{other}");
        }
    }

    #[test]
    fn names_and_scopes_that_are_none_are_refused() {
        let make = |name: &str, scopes: &[&str]| {
            let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
            Key::new(&made(), name.to_owned(), scopes, Limits::default(), 100)
        };
        assert!(make("ok-1_2.3@4", &["ldap", "slc-hub:group.member:read"]).is_ok());
        for (name, scopes) in [
            ("", &["ldap"][..]),
            ("a$b", &["ldap"]),
            (&"a".repeat(65), &["ldap"]),
            ("a", &[]),
            ("a", &["l,d"]),
            ("a", &["ldap"; 17]),
        ] {
            assert!(make(name, scopes).is_err(), "{name} {scopes:?}");
        }
        let late = Limits {
            expires: Some(100),
            ..Limits::default()
        };
        assert!(Key::new(&made(), "a".to_owned(), vec!["ldap".to_owned()], late, 100).is_err());
    }
}
