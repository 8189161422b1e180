//! The socket for programs of this machine: a file that is there while the server is.
//!
//! Owns the file: that one left behind by a server that died is replaced, and one of a server that lives, or anything that
//! is no socket, is not. What is said on it belongs to `ldap`.

use std::fs::{self, File, Permissions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::net::{UnixListener, UnixSocket, UnixStream};

/// Connections that wait to be accepted.
const BACKLOG: u32 = 128;
/// How often a folder that is locked is tried, and how long in between.
const ATTEMPTS: u32 = 100;
const PAUSE: Duration = Duration::from_millis(20);

/// The file of a socket that is listened on; removed when dropped. Drop it before the listener: while that lives, nobody
/// can have put another file in its place.
#[derive(Debug)]
pub struct SocketFile(PathBuf);

/// Listens at `path`, where only those may connect whom the permission bits `mode` let. Call it within a runtime.
///
/// # Errors
/// In words, without the path: something is there that lives or is no socket, or the system refuses.
pub async fn listen(path: &Path, mode: u32) -> Result<(UnixListener, SocketFile), String> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    // Held until the socket is listened on, so that of two servers that start together none takes the other's for dead.
    let folder = File::open(folder).map_err(|error| format!("its folder: {error}"))?;
    lock(&folder).await?;
    remove_stale(path).await?;
    bind(path, mode).map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => {
            format!("{error}; a socket's path has at most 107 bytes: choose another one")
        }
        _ => error.to_string(),
    })
}

/// Waits for those who hold the folder, who do so for a moment only.
async fn lock(folder: &File) -> Result<(), String> {
    for _ in 0..ATTEMPTS {
        match folder.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(PAUSE).await,
            Err(TryLockError::Error(error)) => return Err(format!("locking its folder: {error}")),
        }
    }
    Err("another program holds a lock on its folder".to_owned())
}

fn bind(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
    let socket = UnixSocket::new_stream()?;
    socket.bind(path)?;
    let file = SocketFile(path.to_owned());
    // Nobody can connect yet, so that nobody can who is not to.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    Ok((socket.listen(BACKLOG)?, file))
}

/// Removes the socket of a server that is gone.
async fn remove_stale(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(found) if !found.file_type().is_socket() => {
            return Err("it exists and is no socket".to_owned());
        }
        Ok(_) => {}
    }
    match UnixStream::connect(path).await {
        Err(error) if error.kind() == ErrorKind::ConnectionRefused => fs::remove_file(path)
            .map_err(|error| format!("removing what a dead server left: {error}")),
        Ok(_) => Err("a server that is running listens there".to_owned()),
        Err(error) => Err(format!(
            "whether a server listens there cannot be told: {error}"
        )),
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.0) {
            tracing::warn!(path = %self.0.display(), %error, "the socket could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener as StdListener;

    use super::*;

    #[tokio::test]
    async fn a_socket_has_its_mode_and_goes_with_its_server() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ldapi");
        let (listener, file) = listen(&path, 0o640).await.unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        UnixStream::connect(&path).await.unwrap();
        drop(file);
        assert!(!path.exists());
        drop(listener);
    }

    #[tokio::test]
    async fn what_a_dead_server_left_is_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ldapi");
        // Closing it leaves the file, as a kill does.
        drop(StdListener::bind(&path).unwrap());
        assert!(path.exists());
        let _listening = listen(&path, 0o600).await.unwrap();
        UnixStream::connect(&path).await.unwrap();
    }

    #[tokio::test]
    async fn the_socket_of_a_living_server_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ldapi");
        let _living = listen(&path, 0o600).await.unwrap();
        let error = listen(&path, 0o600).await.unwrap_err();
        assert!(error.contains("running"), "{error}");
        UnixStream::connect(&path).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ldapi");
        fs::write(&path, "mine").unwrap();
        let error = listen(&path, 0o600).await.unwrap_err();
        assert!(error.contains("no socket"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), b"mine");
    }

    #[tokio::test]
    async fn a_path_that_is_too_long_is_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("l".repeat(120));
        let error = listen(&path, 0o600).await.unwrap_err();
        assert!(error.contains("107 bytes"), "{error}");
    }
}
