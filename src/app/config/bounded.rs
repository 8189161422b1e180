//! Reading of values that have a range or a form, so that the message of a
//! wrong one states what is allowed. Knows nothing of single keys.

use std::fmt;
use std::marker::PhantomData;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error, Unexpected, Visitor};

/// A whole number from `MIN` to `MAX`, both included.
pub(super) fn whole<'de, D, T, const MIN: u64, const MAX: u64>(input: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    input.deserialize_u64(Whole::<T, MIN, MAX>(PhantomData))
}

/// As [`whole`], for a key that may be absent.
pub(super) fn optional_whole<'de, D, T, const MIN: u64, const MAX: u64>(
    input: D,
) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<u64>,
{
    whole::<D, T, MIN, MAX>(input).map(Some)
}

/// A duration in whole seconds from `MIN` to `MAX`, both included.
pub(super) fn seconds<'de, D, const MIN: u64, const MAX: u64>(
    input: D,
) -> Result<Duration, D::Error>
where
    D: Deserializer<'de>,
{
    whole::<D, u64, MIN, MAX>(input).map(Duration::from_secs)
}

/// An IP address with a port, as `127.0.0.1:389` or `[::1]:389`.
pub(super) fn socket_address<'de, D>(input: D) -> Result<SocketAddr, D::Error>
where
    D: Deserializer<'de>,
{
    let text = String::deserialize(input)?;
    text.parse().map_err(|_| {
        D::Error::invalid_value(
            Unexpected::Str(&text),
            &"an IP address and a port, such as \"127.0.0.1:389\" or \"[::]:636\"",
        )
    })
}

/// As [`socket_address`], for a key that may be absent.
pub(super) fn optional_socket_address<'de, D>(input: D) -> Result<Option<SocketAddr>, D::Error>
where
    D: Deserializer<'de>,
{
    socket_address(input).map(Some)
}

struct Whole<T, const MIN: u64, const MAX: u64>(PhantomData<T>);

impl<T: TryFrom<u64>, const MIN: u64, const MAX: u64> Visitor<'_> for Whole<T, MIN, MAX> {
    type Value = T;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "a whole number from {MIN} to {MAX}")
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<T, E> {
        match u64::try_from(value) {
            Ok(value) => self.visit_u64(value),
            Err(_) => Err(E::invalid_value(Unexpected::Signed(value), &self)),
        }
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<T, E> {
        let allowed = (MIN..=MAX).contains(&value);
        match T::try_from(value) {
            Ok(number) if allowed => Ok(number),
            _ => Err(E::invalid_value(Unexpected::Unsigned(value), &self)),
        }
    }
}
