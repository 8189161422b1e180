//! Files that hold a secret, for their owner alone.
//!
//! Owns that nothing is read from one that others can read. What is in it is the caller's.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use zeroize::Zeroizing;

use super::Failure;

/// Reads so many bytes of a file at the most.
///
/// # Errors
/// When it cannot be read, or others than its owner can read it; the text does not name the file.
pub fn read(path: &Path, most: u16) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode();
    if mode & 0o077 != 0 {
        let mode = mode & 0o777;
        return Err(
            format!("others than its owner can read it (mode {mode:03o}): chmod 600").into(),
        );
    }
    // Room from the start: growing would leave copies of the secret behind.
    let mut text = Zeroizing::new(Vec::with_capacity(usize::from(most) + 32));
    file.take(most.into()).read_to_end(&mut text)?;
    Ok(text)
}
