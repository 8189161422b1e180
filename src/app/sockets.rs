//! The TCP sockets that the configuration names.
//!
//! Owns what is said of one that cannot be had. What is spoken on them, and who accepts, is others'.

use std::io::{Error, ErrorKind};
use std::net::SocketAddr;

use tokio::net::TcpListener;

use super::Failure;
use super::config::Config;

/// Listens at an address of the configuration.
///
/// # Errors
/// Names the key, and what to do where that is known.
pub async fn listen(
    config: &Config,
    key: &str,
    address: SocketAddr,
) -> Result<TcpListener, Failure> {
    let bound = TcpListener::bind(address).await;
    Ok(bound.map_err(|error| config.problem(key, refusal(address, &error)))?)
}

fn refusal(address: SocketAddr, error: &Error) -> String {
    let next = match error.kind() {
        ErrorKind::AddrInUse => {
            "; end the program that does, or choose another port (serve --demo --free-ports takes any)"
        }
        ErrorKind::AddrNotAvailable => "; this machine has no such address",
        ErrorKind::PermissionDenied => "; a port below 1024 takes CAP_NET_BIND_SERVICE or root",
        _ => "",
    };
    format!("cannot listen on {address}: {error}{next}")
}
