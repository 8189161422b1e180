//! The share of the connections that each address may have.
//!
//! Owns the count of each address. How many there may be altogether is the server's.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::rest::limits::neighbourhood;

/// The connections that each address has, of which none may have more than so many. What has none takes no memory.
pub(super) struct Shares {
    most: usize,
    open: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection of an address; it counts until this is dropped.
pub(super) struct Share {
    shares: Arc<Shares>,
    of: IpAddr,
}

impl Shares {
    pub fn new(most: usize) -> Arc<Shares> {
        Arc::new(Shares {
            most,
            open: Mutex::default(),
        })
    }

    /// Counts one more connection of an address, if it may have another.
    pub fn take(self: &Arc<Self>, address: IpAddr) -> Option<Share> {
        let of = neighbourhood(address);
        let mut all = self.lock();
        let open = all.entry(of).or_default();
        if *open >= self.most {
            return None;
        }
        *open = open.saturating_add(1);
        let shares = Arc::clone(self);
        Some(Share { shares, of })
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<IpAddr, usize>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        if let Entry::Occupied(mut open) = self.shares.lock().entry(self.of) {
            *open.get_mut() = open.get().saturating_sub(1);
            if *open.get() == 0 {
                open.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_its_share_and_no_more_until_a_connection_ends() {
        let shares = Shares::new(2);
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        let (first, second) = (shares.take(one), shares.take(one));
        assert!(first.is_some() && second.is_some());
        assert!(shares.take(one).is_none());
        assert!(shares.take(other).is_some());
        drop(first);
        assert!(shares.take(one).is_some());
        drop(second);
        assert!(shares.lock().is_empty());
    }

    #[test]
    fn a_network_of_ipv6_and_an_address_in_either_form_have_one_share() {
        let shares = Shares::new(1);
        let mut open = Vec::new();
        for (address, may) in [
            ("2001:db8::1", true),
            ("2001:db8::2", false),
            ("2001:db8:0:1::1", true),
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", false),
        ] {
            let share = shares.take(address.parse().unwrap());
            assert_eq!(share.is_some(), may, "{address}");
            open.extend(share);
        }
    }
}
