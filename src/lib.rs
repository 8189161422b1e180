//! Hedgerow, a directory server: one tree of users and nested groups in an embedded store, served over LDAP and REST.
//!
//! # The map
//!
//! Four layers, and an arrow never points back:
//!
//! ```text
//! storage  <-  directory  <-  { ldap, rest }  <-  app
//! ```
//!
//! - [`storage`]: what is kept. Bytes in, bytes out; the only place that knows of the embedded store.
//! - [`directory`]: what it means. Entries, names, schema, filters, access, search, changes, memberships, accounts and what
//!   proves them. No wire.
//! - [`ldap`]: a face. Messages, sessions, connections.
//! - [`rest`]: the other face. HTTP, JSON, and the dialects of four products: [`rest::slc_hub`], [`rest::netmaker`],
//!   [`rest::harness`] and [`rest::harmony`], each a table of operations.
//! - [`app`]: the wiring. Command line, configuration, TLS, logs, the audit log, metrics.
//!
//! # How one search flows
//!
//! Bytes come to [`ldap::connection`], which finds the frame of a message; [`ldap::codec`] checks and decodes it;
//! [`ldap::session`] decides that it may be done now; `ldap::operation::search` turns it into a
//! [`directory::request::SearchRequest`]. [`directory::search`] resolves names and values once, finds the base, asks the
//! indexes of the [`directory::snapshot`] for candidates, and evaluates each on the attributes that
//! [`directory::access`] opens to the asker. What matches comes back as a [`directory::VisibleEntry`], a borrow and a mask,
//! and [`ldap::encoder`] copies its blocks into the answer.
//!
//! # How one change flows
//!
//! The change waits in the directory's one lane. With what else is waiting it is computed on an unpublished snapshot,
//! becomes one batch, is committed and synced, the snapshot is published, and only then the client is answered.
//!
//! # How one request over REST flows
//!
//! [`rest::limits`] admits it, and the row of its path in a dialect's table ([`rest::operation`]) says who may ask, with
//! which parameters and which body. The operation asks the directory by [`rest::list`] and [`rest::change`], which search in
//! slices and wait for changes, and makes JSON of the answer.

pub mod app;
pub mod directory;
pub mod ldap;
pub mod rest;
pub mod storage;
