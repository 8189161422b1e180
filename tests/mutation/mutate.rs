//! Bytes damaged at random, the same way every time: octets, lengths, pieces of others, and elements within a structure
//! that stays in order otherwise.

/// Octets that begin an element or a length, or end a range.
const TELLING: [u8; 16] = [
    0x00, 0x01, 0x02, 0x04, 0x0a, 0x30, 0x31, 0x7f, 0x80, 0x81, 0x84, 0xa0, 0xa2, 0xa9, 0xfe, 0xff,
];
/// Contents that mean something somewhere.
const CONTENTS: [&[u8]; 22] = [
    b"",
    b"objectClass",
    b"dc=example,dc=org",
    b"ou=t,dc=example,dc=org",
    b"cn=admin,dc=example,dc=org",
    b"cn=Subschema",
    b"*",
    b"+",
    b"1.1",
    b"@person",
    b"cn;lang-en",
    b"memberOf",
    b"userPassword",
    b"{SSHA}x",
    b"1.3.6.1.4.1.1466.20037",
    b"1.3.6.1.4.1.4203.1.11.3",
    b"\xff\xfe",
    b"\x7f\xff\xff\xff",
    b"\x80",
    b"\x00",
    b"-99999999999999999999999999999999999999999",
    b"cn=a+cn=b,ou=\\00\\,\\#,uid=#0401ff",
];

/// Numbers at random (SplitMix64, public domain).
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(limit).unwrap()).unwrap()
    }

    pub fn one_of<T: Clone>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())].clone()
    }
}

/// `bytes` with some things changed; `other` is where spliced pieces come from.
pub fn mutated(bytes: &[u8], other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        bytes = match random.below(8) {
            0..4 => with_element_changed(&bytes, random),
            4 => with_piece_of(bytes, other, random),
            _ => with_octet_changed(bytes, random),
        };
    }
    bytes
}

/// One octet, or one run of them.
pub fn with_octet_changed(mut bytes: Vec<u8>, random: &mut Random) -> Vec<u8> {
    if bytes.is_empty() {
        return vec![random.one_of(&TELLING)];
    }
    let at = random.below(bytes.len());
    match random.below(8) {
        0 => bytes[at] ^= 1 << random.below(8),
        1 => bytes[at] = random.one_of(&TELLING),
        2 => bytes[at] = random.next().to_le_bytes()[0],
        3 => bytes[at] = bytes[at].wrapping_add(random.one_of(&[1, 0xff])),
        4 => bytes.insert(at, random.one_of(&TELLING)),
        5 => drop(bytes.remove(at)),
        6 => bytes.truncate(at),
        _ => {
            let end = at + random.below(bytes.len() - at);
            let run = bytes[at..end].to_vec();
            bytes.splice(at..at, run);
        }
    }
    bytes
}

/// A run of octets replaced by one from elsewhere.
pub fn with_piece_of(mut bytes: Vec<u8>, other: &[u8], random: &mut Random) -> Vec<u8> {
    let mut range = |length: usize| {
        let start = random.below(length + 1);
        start..start + random.below(length - start + 1)
    };
    let (here, there) = (range(bytes.len()), range(other.len()));
    bytes.splice(here, other[there].iter().copied());
    bytes
}

struct Element {
    tag: u8,
    content: Vec<u8>,
}

/// The elements side by side in some bytes; none when they are no such thing.
fn elements(mut bytes: &[u8]) -> Option<Vec<Element>> {
    let mut list = Vec::new();
    while let [tag, length, rest @ ..] = bytes {
        let (length, rest) = match *length {
            short @ 0..0x80 => (usize::from(short), rest),
            long @ 0x80..=0x84 => {
                let (octets, rest) = rest.split_at_checked(usize::from(long & 0x7f))?;
                let digits = octets.iter().map(|octet| usize::from(*octet));
                (digits.fold(0, |length, octet| length << 8 | octet), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        list.push(Element {
            tag: *tag,
            content: content.to_vec(),
        });
        bytes = rest;
    }
    bytes.is_empty().then_some(list)
}

fn encoded(list: &[Element]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for element in list {
        let length = u32::try_from(element.content.len()).unwrap();
        bytes.extend([element.tag, 0x84]);
        bytes.extend(length.to_be_bytes());
        bytes.extend(&element.content);
    }
    bytes
}

/// Goes down to some element and changes it, so that all lengths around it stay right.
fn with_element_changed(bytes: &[u8], random: &mut Random) -> Vec<u8> {
    let Some(mut list) = elements(bytes).filter(|list| !list.is_empty()) else {
        return with_octet_changed(bytes.to_vec(), random);
    };
    let at = random.below(list.len());
    let constructed = list[at].tag & 0x20 != 0;
    if constructed && random.below(6) != 0 {
        list[at].content = with_element_changed(&list[at].content, random);
        return encoded(&list);
    }
    match random.below(8) {
        0 => drop(list.remove(at)),
        1 => {
            let copy = elements(&encoded(&list[at..=at])).unwrap();
            list.splice(at..at, copy);
        }
        2 => {
            let other = random.below(list.len());
            list.swap(at, other);
        }
        3 => list[at].tag = random.one_of(&TELLING),
        4 => list[at].tag ^= 1 << random.below(6),
        5 => list[at].content = list[at].content.repeat(1 + random.below(40)),
        6 => list[at].content = random.one_of(&CONTENTS).to_vec(),
        _ => {
            let content = std::mem::take(&mut list[at].content);
            list[at].content = with_octet_changed(content, random);
        }
    }
    encoded(&list)
}
