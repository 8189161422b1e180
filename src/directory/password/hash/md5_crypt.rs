//! The digest behind `$1$` of crypt(5), Poul-Henning Kamp's MD5-based function of FreeBSD 2.0. No maintained crate
//! offers it on top of the MD5 used elsewhere. Only the bytes are computed here; their encoding is `crypt`'s.

use md5::{Digest, Md5};

/// Computes the 16 digest bytes, before crypt's reordering. The salt is used whole; callers bound it to 8 bytes.
pub(super) fn md5_crypt(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let mut digest: [u8; 16] = first_digest(password, salt);
    for round in 0..1000 {
        let mut next = Md5::new();
        if round % 2 == 0 {
            next.update(digest);
        } else {
            next.update(password);
        }
        if round % 3 != 0 {
            next.update(salt);
        }
        if round % 7 != 0 {
            next.update(password);
        }
        if round % 2 == 0 {
            next.update(password);
        } else {
            next.update(digest);
        }
        digest = next.finalize().into();
    }
    digest
}

fn first_digest(password: &[u8], salt: &[u8]) -> [u8; 16] {
    let inner = Md5::new()
        .chain_update(password)
        .chain_update(salt)
        .chain_update(password)
        .finalize();
    let mut first = Md5::new()
        .chain_update(password)
        .chain_update(b"$1$")
        .chain_update(salt);
    for piece in password.chunks(inner.len()) {
        first.update(inner.get(..piece.len()).unwrap_or(&inner));
    }
    // One byte for each bit of the length: zero for a set bit, the first character for a clear one. The original
    // meant to use the inner digest, which it had just erased; every implementation since repeats that.
    let mut bits = password.len();
    while bits > 0 {
        let clear = password.get(..1).unwrap_or_default();
        first.update(if bits & 1 == 1 { &[0] } else { clear });
        bits >>= 1;
    }
    first.finalize().into()
}
