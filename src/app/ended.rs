//! The hours at which what has ended is removed from the directory. What that is is the directory's.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::directory::Directory;
use crate::directory::ended::MOST;

/// Removes what has ended, now and every so often from then on.
pub async fn keep_removing(directory: Directory, every: Duration) {
    loop {
        while remove(&directory).await {}
        tokio::time::sleep(every).await;
    }
}

/// Removes a part of it; whether there may be more.
async fn remove(directory: &Directory) -> bool {
    let (send, receive) = oneshot::channel();
    directory.remove_ended(|outcome| {
        // The server may be stopping.
        let _ = send.send(outcome);
    });
    match receive.await {
        Ok(Ok(0)) | Err(_) => false,
        Ok(Ok(removed)) => {
            tracing::info!(
                removed,
                "access tokens and invitations removed that ended a day ago"
            );
            removed == MOST
        }
        Ok(Err(error)) => {
            tracing::warn!(%error, "access tokens and invitations that have ended could not be removed; it is tried again");
            false
        }
    }
}
