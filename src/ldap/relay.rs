//! What other threads have done for the sessions of one thread, brought there together.
//!
//! Owns the way from the write lane to the sessions. Each message from another thread to a task wakes the thread of that
//! task by a call of the system; here only the first of several does, and the thread hands all of them over itself.

use std::fmt;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::session::Completion;

/// The entrance, for other threads.
#[derive(Clone)]
pub struct Relay(UnboundedSender<Sent>);

/// The exit, at the thread of the sessions.
pub struct Relayed(UnboundedReceiver<Sent>);

struct Sent {
    to: UnboundedSender<Completion>,
    completion: Completion,
}

/// A way to the sessions of one thread.
pub fn new() -> (Relay, Relayed) {
    let (entrance, exit) = unbounded_channel();
    (Relay(entrance), Relayed(exit))
}

impl Relay {
    /// Sends something to a session; what was sent before gets there before. Nothing happens when the session has ended.
    pub fn send(&self, to: UnboundedSender<Completion>, completion: Completion) {
        let _ = self.0.send(Sent { to, completion });
    }
}

impl Relayed {
    /// Hands over what comes, as long as anybody may send something.
    pub async fn hand_over(mut self) {
        while let Some(Sent { to, completion }) = self.0.recv().await {
            let _ = to.send(completion);
        }
    }
}

impl fmt::Debug for Relay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relay").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Wake};

    use super::*;
    use crate::ldap::operation::administration::Progress;

    #[derive(Default)]
    struct Wakings(AtomicUsize);

    impl Wake for Wakings {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn told(session: &mut UnboundedReceiver<Completion>) -> Vec<u64> {
        let told = std::iter::from_fn(|| session.try_recv().ok());
        told.map(|completion| match completion {
            Completion::Task(Progress::End(_, Ok(count))) => count,
            _ => panic!("nobody sent that"),
        })
        .collect()
    }

    #[test]
    fn what_is_sent_together_wakes_the_thread_once_and_gets_to_each_session_in_order() {
        let (relay, relayed) = new();
        let ((one, mut at_one), (other, mut at_other)) = (unbounded_channel(), unbounded_channel());
        let wakings = Arc::new(Wakings::default());
        let waker = Arc::clone(&wakings).into();
        let mut thread = (pin!(relayed.hand_over()), Context::from_waker(&waker));
        let mut run = || assert!(thread.0.as_mut().poll(&mut thread.1).is_pending());
        run();
        for woken in 1..=2 {
            for (count, to) in [(1, &one), (2, &other), (3, &one)] {
                relay.send(to.clone(), Completion::Task(Progress::End(0, Ok(count))));
            }
            assert_eq!(wakings.0.load(Ordering::SeqCst), woken);
            run();
            assert_eq!(
                (told(&mut at_one), told(&mut at_other)),
                (vec![1, 3], vec![2])
            );
        }
    }

    #[test]
    fn a_session_that_has_ended_keeps_no_other_from_what_is_sent_to_it() {
        let (relay, relayed) = new();
        let ((gone, ended), (there, mut at_there)) = (unbounded_channel(), unbounded_channel());
        drop(ended);
        for to in [gone, there] {
            relay.send(to, Completion::Task(Progress::End(0, Ok(7))));
        }
        drop(relay);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        runtime.unwrap().block_on(relayed.hand_over());
        assert_eq!(told(&mut at_there), [7]);
    }
}
