//! The directory in this process against plain models of it: whatever is changed or searched for, in whatever order.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod arranged_search;
mod changes;
#[path = "../in_memory/mod.rs"]
mod in_memory;
mod search;
