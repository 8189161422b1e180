//! A callback in two hands, of which the first to use it does.
//!
//! For work that is either taken on, and then answers itself, or refused, and then must be answered by whom it was
//! refused to.

use std::sync::{Arc, Mutex, PoisonError};

type Callback<T> = Box<dyn FnOnce(T) + Send>;

/// One of the hands.
pub(super) struct Once<T>(Arc<Mutex<Option<Callback<T>>>>);

/// Puts a callback into two hands.
pub(super) fn shared<T>(callback: Callback<T>) -> (Once<T>, Once<T>) {
    let shared = Arc::new(Mutex::new(Some(callback)));
    (Once(Arc::clone(&shared)), Once(shared))
}

impl<T> Once<T> {
    /// Calls back, unless the other hand has.
    pub fn call(&self, value: T) {
        let callback = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(callback) = callback {
            callback(value);
        }
    }
}
