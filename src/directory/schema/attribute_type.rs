//! Attribute types as the server works with them (RFC 4512 2.5.1, 4.1.2): every reference resolved, everything a
//! superior type gives filled in.
//!
//! The text they come from is in `definition`, the making of them in `resolve`.

use super::rule::Rule;
use super::syntax::Syntax;

/// Which attribute type, within one [`Schema`](super::Schema).
///
/// An identifier is a position: the same type may have another one in a schema with other definitions loaded, so it is
/// never stored. Those in [`super::well_known`] are the same in every schema.
#[derive(Copy, Clone, Eq, PartialEq, Ord, PartialOrd, Hash, Debug)]
pub struct AttributeTypeId(pub u16);

/// What attributes of a type are for (RFC 4512 4.1.2).
#[derive(Copy, Clone, Eq, PartialEq, Hash, Debug, Default)]
pub enum Usage {
    /// User information.
    #[default]
    UserApplications,
    /// Operational, of the directory as a whole.
    DirectoryOperation,
    /// Operational, shared between servers.
    DistributedOperation,
    /// Operational, of this server.
    DsaOperation,
}

/// One attribute type.
#[derive(Clone, Debug)]
pub struct AttributeType {
    /// Numeric object identifier.
    pub oid: String,
    /// Short names, the canonical one first; may be empty.
    pub names: Vec<String>,
    /// The direct supertype.
    pub superior: Option<AttributeTypeId>,
    /// The equality rule, its own or inherited. Without one, values are equal when their octets are.
    pub equality: Option<Rule>,
    /// The ordering rule, its own or inherited.
    pub ordering: Option<Rule>,
    /// The substrings rule, its own or inherited.
    pub substrings: Option<Rule>,
    /// The syntax of values, its own or inherited.
    pub syntax: Syntax,
    /// The length that a server should at least allow for a value, in characters for text and octets otherwise. It is
    /// advice and never enforced.
    pub syntax_bound: Option<u32>,
    /// Whether an entry may hold one value at most.
    pub single_value: bool,
    /// Whether the type is collective (RFC 3671); such attributes are treated like any other.
    pub collective: bool,
    /// Whether only the server sets values.
    pub no_user_modification: bool,
    /// What attributes of this type are for.
    pub usage: Usage,
    pub(super) secret: bool,
    pub(super) subtypes: Vec<AttributeTypeId>,
    pub(super) text: String,
}

impl AttributeType {
    /// The canonical name: the first short name, or the object identifier where there is none.
    pub fn name(&self) -> &str {
        self.names.first().unwrap_or(&self.oid)
    }

    /// Whether attributes of this type are operational and not user attributes (RFC 4512 3.4).
    pub fn is_operational(&self) -> bool {
        self.usage != Usage::UserApplications
    }

    /// Whether values are passwords, keys or what checks them: never to be shown in a log, an error or a change record.
    pub fn is_secret(&self) -> bool {
        self.secret
    }

    /// What stands for an identifier that the schema did not give out.
    pub(super) fn unknown() -> Self {
        Self {
            oid: String::from("unknown"),
            names: Vec::new(),
            superior: None,
            equality: None,
            ordering: None,
            substrings: None,
            syntax: Syntax::OctetString,
            syntax_bound: None,
            single_value: false,
            collective: false,
            no_user_modification: false,
            usage: Usage::UserApplications,
            secret: true,
            subtypes: Vec::new(),
            text: String::new(),
        }
    }
}

/// The types whose values are secret, by object identifier, so that they stay so in whichever file they are defined.
/// Subtypes of these are secret as well.
const SECRETS: &[&str] = &[
    "2.5.4.35",                       // userPassword
    "1.3.6.1.4.1.4203.1.3.4",         // authPassword
    "1.3.6.1.4.1.42.2.27.8.1.20",     // pwdHistory
    "1.2.840.113556.1.4.90",          // unicodePwd
    "1.2.840.113556.1.4.55",          // dBCSPwd
    "1.2.840.113556.1.4.94",          // ntPwdHistory
    "1.2.840.113556.1.4.160",         // lmPwdHistory
    "1.3.6.1.4.1.7165.2.1.24",        // sambaLMPassword
    "1.3.6.1.4.1.7165.2.1.25",        // sambaNTPassword
    "2.16.840.1.113719.1.301.4.39.1", // krbPrincipalKey
    "1.3.6.1.1.1.1.29",               // nisSecretKey
    // hedgerowSecondFactor, hedgerowOfferedSecondFactor, hedgerowUsedStep, hedgerowRecoveryCode, hedgerowKey,
    // hedgerowTokenHash, hedgerowSealedToken
    "2.25.92646767048158335507028011983555086011.1.20",
    "2.25.92646767048158335507028011983555086011.1.21",
    "2.25.92646767048158335507028011983555086011.1.22",
    "2.25.92646767048158335507028011983555086011.1.23",
    "2.25.92646767048158335507028011983555086011.1.24",
    "2.25.92646767048158335507028011983555086011.1.69",
    "2.25.92646767048158335507028011983555086011.1.73",
];

/// Whether the type with this object identifier is one whose values are secret.
pub(super) fn is_secret(oid: &str) -> bool {
    SECRETS.contains(&oid)
}

/// A set of attribute types.
#[derive(Clone, Debug, Default)]
pub(super) struct AttributeTypeSet {
    words: Vec<u64>,
}

impl AttributeTypeSet {
    pub(super) fn insert(&mut self, id: AttributeTypeId) {
        let (word, bit) = Self::place(id);
        if word >= self.words.len() {
            self.words.resize(word.saturating_add(1), 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= bit;
        }
    }

    pub(super) fn contains(&self, id: AttributeTypeId) -> bool {
        let (word, bit) = Self::place(id);
        self.words.get(word).is_some_and(|word| word & bit != 0)
    }

    fn place(id: AttributeTypeId) -> (usize, u64) {
        (usize::from(id.0 / 64), 1 << (id.0 % 64))
    }
}

impl FromIterator<AttributeTypeId> for AttributeTypeSet {
    fn from_iter<I: IntoIterator<Item = AttributeTypeId>>(ids: I) -> Self {
        let mut set = Self::default();
        ids.into_iter().for_each(|id| set.insert(id));
        set
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set: AttributeTypeSet = [0, 63, 64, u16::MAX]
            .into_iter()
            .map(AttributeTypeId)
            .collect();
        for id in [0, 63, 64, u16::MAX] {
            assert!(set.contains(AttributeTypeId(id)));
        }
        for id in [1, 62, 65, 127, 128, u16::MAX - 1] {
            assert!(!set.contains(AttributeTypeId(id)));
        }
        assert!(!AttributeTypeSet::default().contains(AttributeTypeId(0)));
    }
}
