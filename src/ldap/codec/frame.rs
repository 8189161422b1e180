//! Where a message ends: reads no more than its header, so that a message too large is refused
//! before it is buffered.

use crate::ldap::ber::{self, BerFault, SEQUENCE};

/// What the bytes at the start of a connection's buffer are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame {
    /// The beginning of a message that may come.
    Incomplete {
        /// How many more bytes there must be at least before another look is worthwhile; 1 or more,
        /// within the limit.
        needed: usize,
    },
    /// A message of this many bytes, all of them there.
    Message(usize),
    /// A message over the limit.
    TooLarge {
        /// How many bytes it claims to have.
        claimed: usize,
    },
    /// No LDAP message. Nothing after it can be understood either.
    Malformed(BerFault),
}

/// Looks at the header of the message at the start of `buffered`, of which at most `limit` bytes
/// are accepted.
///
/// A message is a SEQUENCE (RFC 4511 section 4.1.1) of definite length (section 5.1). The length
/// may take up to four octets, and more than it needs.
pub fn frame(buffered: &[u8], limit: usize) -> Frame {
    match buffered.first() {
        None => return Frame::Incomplete { needed: 2 },
        Some(&SEQUENCE) => {}
        Some(&tag) => return Frame::Malformed(BerFault::NotASequence(tag)),
    }
    let header = match ber::header(buffered) {
        Ok(Some(header)) => header,
        Ok(None) => return Frame::Incomplete { needed: 1 },
        Err(fault) => return Frame::Malformed(fault),
    };
    let total = header.len.saturating_add(header.content);
    if total > limit {
        return Frame::TooLarge { claimed: total };
    }
    match total.saturating_sub(buffered.len()) {
        0 => Frame::Message(total),
        needed => Frame::Incomplete { needed },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 256 * 1024;

    #[test]
    fn a_message_ends_where_its_header_says() {
        assert_eq!(
            frame(&[0x30, 2, 0x02, 0x01, 0x30], LIMIT),
            Frame::Message(4)
        );
        assert_eq!(frame(&[0x30, 0], LIMIT), Frame::Message(2));
    }

    #[test]
    fn an_incomplete_message_says_how_much_is_missing() {
        for (buffered, needed) in [
            (&[][..], 2),
            (&[0x30], 1),
            (&[0x30, 0x84], 1),
            (&[0x30, 0x84, 0, 0, 0], 1),
            (&[0x30, 0x84, 0, 0, 0, 5], 5),
            (&[0x30, 5, 1, 2], 3),
        ] {
            assert_eq!(
                frame(buffered, LIMIT),
                Frame::Incomplete { needed },
                "{buffered:x?}"
            );
        }
    }

    #[test]
    fn a_length_may_take_up_to_four_octets() {
        for header in [
            &[0x30, 0x81, 3][..],
            &[0x30, 0x82, 0, 3],
            &[0x30, 0x84, 0, 0, 0, 3],
        ] {
            let message = [header, &[2, 1, 1]].concat();
            assert_eq!(frame(&message, LIMIT), Frame::Message(message.len()));
        }
    }

    #[test]
    fn what_is_no_definite_sequence_is_malformed_at_once() {
        for (buffered, fault) in [
            (&[0x16, 3, 1][..], BerFault::NotASequence(0x16)),
            (b"GET /", BerFault::NotASequence(b'G')),
            (&[0x10], BerFault::NotASequence(0x10)),
            (&[0x30, 0x80], BerFault::IndefiniteLength),
            (&[0x30, 0x85], BerFault::LengthOctets(5)),
            (
                &[0x30, 0x89, 0, 0, 0, 0, 0, 0, 0, 0, 1],
                BerFault::LengthOctets(9),
            ),
            (&[0x30, 0xff], BerFault::LengthOctets(127)),
        ] {
            assert_eq!(
                frame(buffered, LIMIT),
                Frame::Malformed(fault),
                "{buffered:x?}"
            );
        }
    }

    #[test]
    fn the_limit_counts_the_whole_message_and_needs_only_its_header() {
        assert_eq!(frame(&[0x30, 8, 0], 10), Frame::Incomplete { needed: 7 });
        assert_eq!(frame(&[0x30, 9], 10), Frame::TooLarge { claimed: 11 });
        assert_eq!(
            frame(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff], LIMIT),
            Frame::TooLarge {
                claimed: 0xffff_ffff + 6
            }
        );
    }
}
