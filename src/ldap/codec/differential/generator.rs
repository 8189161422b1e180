//! Requests made at random from a seed, in the types of the other decoder.

use rasn_ldap::*;

/// Random numbers that depend on the seed alone (the splitmix64 sequence).
pub struct Generator(u64);

impl Generator {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    pub fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    fn flag(&mut self) -> bool {
        self.below(2) == 1
    }

    fn number(&mut self) -> u32 {
        let bits = self.below(32) as u32;
        (self.next() as u32 & 0x7fff_ffff) >> bits.min(30)
    }

    fn octets(&mut self) -> Vec<u8> {
        let len = self.one_of(&[0, 1, 2, 3, 5, 8, 13, 127, 128, 300]);
        (0..len).map(|_| self.next() as u8).collect()
    }

    fn text(&mut self) -> String {
        const CHARACTERS: [char; 9] = ['a', 'b', '=', ',', '\0', '*', 'ü', '語', '\u{1f333}'];
        (0..self.below(12))
            .map(|_| self.one_of(&CHARACTERS))
            .collect()
    }

    fn description(&mut self) -> LdapString {
        self.one_of(&[
            "cn",
            "objectClass",
            "userCertificate;binary",
            "2.5.4.3",
            "ü",
        ])
        .into()
    }

    fn optional<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.flag() { Some(make(self)) } else { None }
    }

    fn list<T>(&mut self, least: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..least + self.below(4)).map(|_| make(self)).collect()
    }
}

/// Any request that a client may send.
pub fn request(generator: &mut Generator) -> LdapMessage {
    let id = generator.number().max(1);
    let operation = operation(generator);
    let mut message = LdapMessage::new(id, operation);
    message.controls = generator.optional(|generator| generator.list(0, control));
    message
}

fn control(generator: &mut Generator) -> Control {
    let oid = generator.one_of(&["1.2.840.113556.1.4.319", "1.2.3", "2.16.840.1.113730.3.4.2"]);
    let value = generator.optional(Generator::octets).map(Into::into);
    Control::new(oid.as_bytes().to_vec().into(), generator.flag(), value)
}

fn operation(generator: &mut Generator) -> ProtocolOp {
    match generator.below(16) {
        0 => ProtocolOp::BindRequest(bind(generator)),
        1 => ProtocolOp::UnbindRequest(UnbindRequest),
        2 | 3 => ProtocolOp::ModifyRequest(ModifyRequest {
            object: generator.text().into(),
            changes: generator.list(0, change),
        }),
        4 => ProtocolOp::AddRequest(AddRequest {
            entry: generator.text().into(),
            attributes: generator.list(0, |generator| {
                let description = generator.description();
                Attribute::new(description, values(generator, 1).into())
            }),
        }),
        5 => ProtocolOp::DelRequest(DelRequest(generator.text().into())),
        6 => ProtocolOp::ModDnRequest(ModifyDnRequest {
            entry: generator.text().into(),
            new_rdn: generator.text().into(),
            delete_old_rdn: generator.flag(),
            new_superior: generator.optional(|generator| generator.text().into()),
        }),
        7 => ProtocolOp::CompareRequest(CompareRequest {
            entry: generator.text().into(),
            ava: assertion(generator),
        }),
        8 => ProtocolOp::AbandonRequest(AbandonRequest(generator.number())),
        9 => ProtocolOp::ExtendedReq(ExtendedRequest {
            request_name: b"1.3.6.1.4.1.1466.20037".to_vec().into(),
            request_value: generator.optional(|generator| generator.octets().into()),
        }),
        _ => ProtocolOp::SearchRequest(search(generator)),
    }
}

fn bind(generator: &mut Generator) -> BindRequest {
    let authentication = if generator.flag() {
        AuthenticationChoice::Simple(generator.octets().into())
    } else {
        let credentials = generator.optional(|generator| generator.octets().into());
        AuthenticationChoice::Sasl(SaslCredentials::new("PLAIN".into(), credentials))
    };
    let version = 1 + generator.below(127) as u8;
    BindRequest::new(version, generator.text().into(), authentication)
}

fn values(generator: &mut Generator, least: usize) -> Vec<AttributeValue> {
    generator.list(least, |generator| generator.octets().into())
}

fn change(generator: &mut Generator) -> ModifyRequestChanges {
    use ChangeOperation::{Add, Delete, Replace};
    let description = generator.description();
    let operation = generator.one_of(&[Add, Delete, Replace]);
    let least = usize::from(operation == Add);
    ModifyRequestChanges {
        operation,
        modification: PartialAttribute::new(description, values(generator, least).into()),
    }
}

fn search(generator: &mut Generator) -> SearchRequest {
    use SearchRequestDerefAliases::{
        DerefAlways, DerefFindingBaseObj, DerefInSearching, NeverDerefAliases,
    };
    use SearchRequestScope::{BaseObject, SingleLevel, WholeSubtree};
    SearchRequest::new(
        generator.text().into(),
        generator.one_of(&[BaseObject, SingleLevel, WholeSubtree]),
        generator.one_of(&[
            NeverDerefAliases,
            DerefInSearching,
            DerefFindingBaseObj,
            DerefAlways,
        ]),
        generator.number(),
        generator.number(),
        generator.flag(),
        filter(generator, 4),
        generator.list(0, |generator| generator.text().into()),
    )
}

fn assertion(generator: &mut Generator) -> AttributeValueAssertion {
    AttributeValueAssertion::new(generator.description(), generator.octets().into())
}

fn filter(generator: &mut Generator, depth: usize) -> Filter {
    // The first three kinds nest.
    let first = if depth > 1 { 0 } else { 3 };
    match first + generator.below(10 - first) {
        0 => Filter::And(
            generator
                .list(0, |generator| filter(generator, depth - 1))
                .into(),
        ),
        1 => Filter::Or(
            generator
                .list(0, |generator| filter(generator, depth - 1))
                .into(),
        ),
        2 => Filter::Not(Box::new(filter(generator, depth - 1))),
        3 => Filter::EqualityMatch(assertion(generator)),
        4 => Filter::Substrings(substrings(generator)),
        5 => Filter::GreaterOrEqual(assertion(generator)),
        6 => Filter::LessOrEqual(assertion(generator)),
        7 => Filter::Present(generator.description()),
        8 => Filter::ApproxMatch(assertion(generator)),
        _ => {
            let rule = generator.optional(|generator| generator.text().into());
            let attribute = match rule {
                Some(_) => generator.optional(Generator::description),
                None => Some(generator.description()),
            };
            let value = generator.octets().into();
            Filter::ExtensibleMatch(MatchingRuleAssertion::new(
                rule,
                attribute,
                value,
                generator.flag(),
            ))
        }
    }
}

fn substrings(generator: &mut Generator) -> SubstringFilter {
    let mut pieces: Vec<_> = generator
        .optional(|generator| SubstringChoice::Initial(generator.octets().into()))
        .into_iter()
        .collect();
    pieces.extend(generator.list(0, |generator| {
        SubstringChoice::Any(generator.octets().into())
    }));
    if pieces.is_empty() || generator.flag() {
        pieces.push(SubstringChoice::Final(generator.octets().into()));
    }
    SubstringFilter::new(generator.description(), pieces)
}
