//! How connections wait for time to pass.
//!
//! Owns which runtime wakes them: another than the one that serves them. A thread that has timers to wait for asks the
//! system for one whenever it waits for its clients, and looks at the clock whenever it is woken.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::time::{self, Instant, Sleep, Timeout};

/// The timers of one runtime, which is to outlast what waits for them.
#[derive(Clone, Debug)]
pub struct Timers(Handle);

impl Timers {
    /// The timers of a runtime that has some.
    pub fn of(runtime: Handle) -> Self {
        Self(runtime)
    }

    /// Waits until a time.
    pub fn sleep_until(&self, end: Instant) -> Sleep {
        let _there = self.0.enter();
        time::sleep_until(end)
    }

    /// Waits for a future for so long and no longer.
    pub fn timeout<F: Future>(&self, longest: Duration, future: F) -> Timeout<F> {
        let _there = self.0.enter();
        time::timeout(longest, future)
    }
}
