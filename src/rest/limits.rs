//! What requests may cost: how many at once, for how long, and how many a minute without a login or with a wrong password;
//! and what every answer carries.
//!
//! Owns the guard around all requests. It does not own what a search may cost, which is the directory's.

use std::cell::Cell;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Rest;
use super::fault::{Fault, Kind};
use super::operation;

/// The header that names a request in the log, of both.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
tokio::task_local! {
    /// The id of the request that the task works on.
    static CURRENT: Arc<str>;
    /// Its place among those that are worked on.
    static PLACE: Cell<Option<OwnedSemaphorePermit>>;
}
/// What is said when there is no place.
const FULL: &str = "too many requests are worked on; try again";
/// Addresses that are remembered.
const ADDRESSES: usize = 65_536;

/// How many requests there may be at once, and how long each.
pub struct Gate {
    places: Arc<Semaphore>,
    time: Duration,
}

impl Gate {
    /// A gate for so many.
    pub fn new(requests: usize, time: Duration) -> Self {
        Self {
            places: Arc::new(Semaphore::new(requests.min(Semaphore::MAX_PERMITS))),
            time,
        }
    }
}

/// Where a request comes from, as the connection knows it.
#[derive(Copy, Clone, Debug)]
pub struct Source(pub IpAddr);

/// Lets a request through to its operation, and sees to what every answer carries.
pub async fn guard(State(rest): State<Arc<Rest>>, request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let begun = Instant::now();
    let (method, path) = (request.method().clone(), request.uri().path().to_owned());
    let refusal = |text| operation::refuse_at(&path, &Fault::new(Kind::Unavailable, text), &id);
    let mut response = match Arc::clone(&rest.gate.places).try_acquire_owned() {
        Ok(place) => {
            let work = PLACE.scope(Cell::new(Some(place)), next.run(request));
            let work = CURRENT.scope(Arc::clone(&id), work);
            match tokio::time::timeout(rest.gate.time, work).await {
                Ok(response) => response,
                Err(_) => refusal("the request took longer than it may; ask for less"),
            }
        }
        Err(_) => refusal(FULL),
    };
    let headers = response.headers_mut();
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    let cache = HeaderValue::from_static("no-store");
    headers.entry(header::CACHE_CONTROL).or_insert(cache);
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    let (status, micros) = (response.status().as_u16(), begun.elapsed().as_micros());
    tracing::debug!(%id, %method, path, status, micros, "request");
    response
}

/// What names the request that the current task works on: in the log, in its answer and to other programs.
pub fn current_request() -> Option<Arc<str>> {
    CURRENT.try_with(Arc::clone).ok()
}

/// Gives up the place of the request that the current task works on, of which nothing is left that is work.
pub fn give_up_place() {
    let _ = PLACE.try_with(Cell::take);
}

/// Takes a place for the request that the current task works on, if it has given up its own.
///
/// # Errors
/// When there is none.
pub fn take_place(rest: &Rest) -> Result<(), Fault> {
    let place = match PLACE.try_with(Cell::take) {
        Ok(Some(own)) => own,
        _ => Arc::clone(&rest.gate.places)
            .try_acquire_owned()
            .map_err(|_| Fault::new(Kind::Unavailable, FULL))?,
    };
    let _ = PLACE.try_with(|own| own.set(Some(place)));
    Ok(())
}

/// The id that the client gave, if it may stand in a log, or a new one.
fn request_id(request: &Request) -> Arc<str> {
    let given = request.headers().get(REQUEST_ID);
    let given = given.and_then(|value| value.to_str().ok());
    let sound = |text: &&str| {
        !text.is_empty()
            && text.len() <= 64
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match given.filter(sound) {
        Some(id) => id.into(),
        None => {
            let mut bytes = [0; 16];
            // An id is no secret: without random bytes it only tells less.
            let _ = getrandom::fill(&mut bytes);
            uuid::Builder::from_random_bytes(bytes)
                .into_uuid()
                .to_string()
                .into()
        }
    }
}

/// What counts as one address: of IPv6 a network of 64 bits, as whoever has one of its addresses has all of them.
pub fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((address.to_bits() >> 64 << 64).into()),
        other => other,
    }
}

/// How many requests without a login, or how many wrong passwords, each address has left.
pub struct Rates {
    per_minute: u32,
    left: Mutex<HashMap<IpAddr, (f64, Instant)>>,
}

impl Rates {
    /// So many a minute for each address.
    pub fn new(per_minute: u32) -> Self {
        Self {
            per_minute,
            left: Mutex::default(),
        }
    }

    /// Whether one more may come from an address at this moment; it is counted.
    pub fn admit(&self, source: IpAddr, now: Instant) -> bool {
        self.take(source, now, 1.0)
    }

    /// The same without counting it.
    pub fn would_admit(&self, source: IpAddr, now: Instant) -> bool {
        self.take(source, now, 0.0)
    }

    /// Takes so much of what an address has left, if there is room for one.
    fn take(&self, source: IpAddr, now: Instant, cost: f64) -> bool {
        let source = neighbourhood(source);
        let most = f64::from(self.per_minute);
        let filled = |left: f64, since: Instant| {
            let minutes = now.saturating_duration_since(since).as_secs_f64() / 60.0;
            most.min(left + minutes * most)
        };
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        if left.len() >= ADDRESSES && !left.contains_key(&source) {
            left.retain(|_, (left, since)| filled(*left, *since) < most);
            if left.len() >= ADDRESSES {
                return false;
            }
        }
        let (has, since) = left.entry(source).or_insert((most, now));
        *has = filled(*has, *since);
        *since = now;
        let admitted = *has >= 1.0;
        if admitted {
            *has -= cost;
        }
        admitted
    }
}

impl Rest {
    /// Whether one more request without a login may come from an address.
    pub fn admits(&self, source: Option<IpAddr>) -> bool {
        source.is_none_or(|source| self.rates.admit(source, Instant::now()))
    }

    /// Whether a password may be tried from an address, which has had some that were wrong.
    pub fn admits_password(&self, source: Option<IpAddr>) -> bool {
        source.is_none_or(|source| self.wrong.would_admit(source, Instant::now()))
    }

    /// Counts a password that was wrong.
    pub fn count_wrong_password(&self, source: Option<IpAddr>) {
        source.map(|source| self.wrong.admit(source, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_gets_its_share_back_with_time_and_others_are_not_touched() {
        let (rates, begun) = (Rates::new(2), Instant::now());
        let one: IpAddr = "192.0.2.1".parse().unwrap();
        let other: IpAddr = "192.0.2.2".parse().unwrap();
        assert!(rates.admit(one, begun) && rates.admit(one, begun));
        assert!(!rates.admit(one, begun));
        assert!(rates.admit(other, begun));
        assert!(rates.admit(one, begun + Duration::from_secs(31)));
        assert!(!rates.admit(one, begun + Duration::from_secs(31)));
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let (rates, begun) = (Rates::new(1), Instant::now());
        assert!(rates.admit("2001:db8::1".parse().unwrap(), begun));
        assert!(!rates.admit("2001:db8::2".parse().unwrap(), begun));
        assert!(rates.admit("2001:db8:0:1::1".parse().unwrap(), begun));
    }
}
