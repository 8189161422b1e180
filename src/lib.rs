//! Hedgerow, an LDAP directory server.

pub mod storage;
