//! Owns the stored form of one record: its checksum, its split into pieces, and the keys of both. Touches no disk.
//!
//! A record with key `k` is one head under `[1] k`. Heads carry nothing but the key after the tag, so a scan by prefix
//! meets records only, in key order. The pieces of a long value lie elsewhere, under
//! `[2] length-of-k k piece-number`; the length in front keeps `k` and a longer key that starts with `k` apart.
//!
//! A head is a kind, a CRC-32 and then the value itself (kind 1) or the length of the value (kind 2). The checksum
//! covers the key as well, so a sound value under a wrong key is noticed, and covers the whole value, so pieces that are
//! lost or exchanged are noticed too. CRC-32 and not a cryptographic hash, because the enemy is a failing disk and not a
//! forger (who could rewrite any checksum): it finds every single burst of up to 32 bits, costs 0.03 us for a record of
//! 700 bytes where BLAKE3 takes 1.1 us, and is in the program already, below sled.

/// The longest key in bytes.
pub const MAX_KEY_LEN: usize = 376;

/// The longest value in bytes.
pub const MAX_VALUE_LEN: usize = 32 << 20;

/// The longest stored value in bytes.
///
/// sled moves a leaf that is larger than 131,020 bytes as a whole into a file that it never syncs. A leaf holds up to 20
/// items (it is split when a visit finds more than 16, after an insert or a merge with a sibling of at most 3) and one
/// merge more for each crash at the wrong moment, so no leaf gets there with items of 4,096 bytes and their keys. For
/// the same reason no key may be longer than 384 bytes as stored: an index holds up to 320 of them.
pub(super) const MAX_STORED: usize = 4096;

/// The key of the one record about all others, before all of them.
pub(super) const LEDGER_KEY: &[u8] = &[0];

const HEAD_TAG: u8 = 1;
const PIECE_TAG: u8 = 2;

const WHOLE: u8 = 1;
const SPLIT: u8 = 2;

/// The kind and the checksum in front of the value.
const HEADER_LEN: usize = 5;

/// The value of a record as found in its head, not yet verified.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head<'a> {
    /// The value itself.
    Whole {
        /// The checksum over key and value.
        checksum: u32,
        /// The value.
        value: &'a [u8],
    },
    /// The value is in pieces.
    Split {
        /// The checksum over key and value.
        checksum: u32,
        /// The length of the value.
        length: usize,
    },
}

impl<'a> Head<'a> {
    /// Reads a stored head; the error says what is wrong with it.
    pub(super) fn parse(stored: &'a [u8]) -> Result<Self, &'static str> {
        const SHORT: &str = "the stored record is cut short";
        let (kind, rest) = stored.split_first().ok_or(SHORT)?;
        let (checksum, rest) = rest.split_first_chunk().ok_or(SHORT)?;
        let checksum = u32::from_le_bytes(*checksum);
        match *kind {
            WHOLE => Ok(Self::Whole {
                checksum,
                value: rest,
            }),
            SPLIT => {
                let length: [u8; 4] = rest.try_into().map_err(|_| SHORT)?;
                let length = u32::from_le_bytes(length) as usize;
                if length > MAX_VALUE_LEN {
                    return Err("the stored record claims an impossible length");
                }
                Ok(Self::Split { checksum, length })
            }
            _ => Err("the stored record is of no known kind"),
        }
    }
}

/// The checksum in a stored head, even if the rest of it makes no sense.
pub(super) fn stored_checksum(stored: &[u8]) -> Option<u32> {
    let (_, rest) = stored.split_first()?;
    rest.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// The checksum of a record.
pub(super) fn checksum(key: &[u8], value: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&(key.len() as u64).to_le_bytes());
    hasher.update(key);
    hasher.update(value);
    hasher.finalize()
}

/// The stored form of a record: its checksum, its head, and the pieces of the value if it is split.
pub(super) fn encode<'a>(
    key: &[u8],
    value: &'a [u8],
) -> (u32, Vec<u8>, std::slice::Chunks<'a, u8>) {
    let checksum = checksum(key, value);
    let split = value.len() > MAX_STORED - HEADER_LEN;
    let (kind, in_head, in_pieces) = if split {
        (SPLIT, &[][..], value)
    } else {
        (WHOLE, value, &[][..])
    };
    let mut head = Vec::with_capacity(HEADER_LEN + in_head.len() + 4);
    head.push(kind);
    head.extend_from_slice(&checksum.to_le_bytes());
    head.extend_from_slice(in_head);
    if split {
        head.extend_from_slice(&(value.len() as u32).to_le_bytes());
    }
    (checksum, head, in_pieces.chunks(MAX_STORED))
}

/// The key of a record's head; for a prefix of keys, the prefix of their heads.
pub(super) fn head_key(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(1 + key.len());
    stored.push(HEAD_TAG);
    stored.extend_from_slice(key);
    stored
}

/// The key of the record whose head is stored under `head_key`.
pub(super) fn key_of_head(head_key: &[u8]) -> &[u8] {
    head_key.get(1..).unwrap_or_default()
}

/// What the keys of all pieces of a record start with, and no other key does.
pub(super) fn piece_prefix(key: &[u8]) -> Vec<u8> {
    let mut stored = Vec::with_capacity(7 + key.len());
    stored.push(PIECE_TAG);
    stored.extend_from_slice(&(key.len() as u16).to_be_bytes());
    stored.extend_from_slice(key);
    stored
}

/// The key of the piece with this number, counted from 0.
pub(super) fn piece_key(key: &[u8], number: u32) -> Vec<u8> {
    let mut stored = piece_prefix(key);
    stored.extend_from_slice(&number.to_be_bytes());
    stored
}

/// Bytes as hexadecimal digits, for messages.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn assemble(key: &[u8], value: &[u8]) -> Vec<u8> {
        let (sum, head, pieces) = encode(key, value);
        assert!(head.len() <= MAX_STORED);
        let pieces: Vec<&[u8]> = pieces.collect();
        assert!(pieces.iter().all(|piece| piece.len() <= MAX_STORED));
        match Head::parse(&head) {
            Ok(Head::Whole { checksum, value }) => {
                assert!(pieces.is_empty());
                assert_eq!(checksum, sum);
                value.to_vec()
            }
            Ok(Head::Split { checksum, length }) => {
                let value = pieces.concat();
                assert_eq!((checksum, length), (sum, value.len()));
                value
            }
            Err(what) => panic!("{what}"),
        }
    }

    proptest! {
        #[test]
        fn a_record_comes_back_as_it_was_stored(
            key in proptest::collection::vec(any::<u8>(), 0..40),
            length in 0usize..20_000,
            fill in any::<u8>(),
        ) {
            let value = vec![fill; length];
            prop_assert_eq!(assemble(&key, &value), value);
        }

        #[test]
        fn heads_sort_as_their_keys_do(a: Vec<u8>, b: Vec<u8>) {
            prop_assert_eq!(head_key(&a).cmp(&head_key(&b)), a.cmp(&b));
            prop_assert_eq!(head_key(&a).starts_with(&head_key(&b)), a.starts_with(&b));
            let head = head_key(&a);
            prop_assert_eq!(key_of_head(&head), a.as_slice());
        }

        #[test]
        fn pieces_of_different_keys_are_never_confused(a: Vec<u8>, b: Vec<u8>, n: u32) {
            prop_assume!(a != b);
            prop_assert!(!piece_key(&a, n).starts_with(&piece_prefix(&b)));
            prop_assert!(!head_key(&b).starts_with(&piece_prefix(&a)));
        }

        #[test]
        fn any_stored_bytes_are_read_or_refused(stored: Vec<u8>) {
            let _ = Head::parse(&stored);
            prop_assert_eq!(stored_checksum(&stored).is_some(), stored.len() >= HEADER_LEN);
        }
    }

    #[test]
    fn a_value_is_split_only_when_it_does_not_fit() {
        let fits = vec![7; MAX_STORED - HEADER_LEN];
        assert_eq!(encode(b"k", &fits).1.len(), MAX_STORED);
        assert_eq!(encode(b"k", &fits).2.count(), 0);
        let one_more = vec![7; MAX_STORED - HEADER_LEN + 1];
        assert_eq!(encode(b"k", &one_more).2.count(), 1);
    }

    #[test]
    fn the_longest_key_stays_below_what_an_index_bears() {
        assert!(piece_key(&vec![0; MAX_KEY_LEN], u32::MAX).len() <= 384);
    }

    #[test]
    fn every_flipped_bit_changes_the_checksum() {
        let (key, value) = (b"key".to_vec(), b"some value".to_vec());
        let sound = checksum(&key, &value);
        for position in 0..value.len() * 8 {
            let mut flipped = value.clone();
            flipped[position / 8] ^= 1 << (position % 8);
            assert_ne!(checksum(&key, &flipped), sound);
        }
        assert_ne!(checksum(b"ke", b"ysome value"), sound);
    }

    #[test]
    fn a_claimed_length_beyond_the_limit_is_refused() {
        let mut head = encode(b"k", &vec![0; 5000]).1;
        head.truncate(HEADER_LEN);
        head.extend_from_slice(&u32::MAX.to_le_bytes());
        assert!(Head::parse(&head).is_err());
    }
}
