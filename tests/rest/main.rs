//! REST of the real server over HTTPS: what all dialects have in common, each dialect, and one directory in four views.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod four_views;
mod harmony;
mod harness;
mod https;
mod interface;
mod netmaker;
mod scenario;
mod schemathesis;
#[path = "../server/mod.rs"]
mod server;
mod service;
mod slc_hub;
mod table;
