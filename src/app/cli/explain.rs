//! The command line of `explain`.

use clap::{Args, Subcommand};

use super::ConfigFile;

/// Arguments of `explain`.
#[derive(Args, Debug)]
pub struct Explain {
    /// What to explain.
    #[command(subcommand)]
    pub what: Explained,
}

/// What can be explained.
#[derive(Debug, Subcommand)]
pub enum Explained {
    /// A search, done as the administrator sees the tree
    Search(ExplainSearch),
    /// Why an entry is in a group, or why it is not
    Membership(ExplainMembership),
    /// Whether a name can log in: its entry, state, lock, policy and password
    Bind(ExplainBind),
    /// What somebody may do with an entry or an attribute, and which rule decides
    Access(ExplainAccess),
}

/// Arguments of `explain bind`.
#[derive(Args, Debug)]
#[command(after_help = "\
A running server is asked over its local socket; otherwise the store is read. The hash\n\
of the password is not shown.")]
pub struct ExplainBind {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The DN or the uid of the account
    #[arg(value_name = "NAME")]
    pub name: String,
}

/// Arguments of `explain access`.
#[derive(Args, Debug)]
#[command(after_help = "\
A running server is asked over its local socket; otherwise the store and the configuration\n\
are read. What the schema or a password policy forbids plays no part.")]
pub struct ExplainAccess {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The DN or the uid of who asks, or anonymous
    #[arg(value_name = "WHO")]
    pub who: String,
    /// The DN or the uid of the entry
    #[arg(value_name = "ENTRY")]
    pub entry: String,
    /// One attribute of it [default: the entry as a whole]
    #[arg(value_name = "ATTR")]
    pub attribute: Option<String>,
}

/// Arguments of `explain membership`.
#[derive(Args, Debug)]
#[command(after_help = "\
Prints the shortest chain of groups, or where the groups of the entry end. A running\n\
server is asked over its local socket; otherwise the store is read.")]
pub struct ExplainMembership {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The DN or the uid of the user, or the DN of a group that may be in the other
    #[arg(value_name = "USER")]
    pub member: String,
    /// The DN or the cn of the group
    #[arg(value_name = "GROUP")]
    pub group: String,
    /// Draw the groups around both for Graphviz
    #[arg(long)]
    pub dot: bool,
}

/// Arguments of `explain search`.
#[derive(Args, Debug)]
#[command(after_help = "\
A running server is asked over its local socket; otherwise the store is read. Access\n\
rules, aliases and referrals play no part. \"at most\" is what an index knows of a\n\
step without looking at entries.")]
pub struct ExplainSearch {
    /// The configuration file.
    #[command(flatten)]
    pub config: ConfigFile,
    /// The DN where the search begins
    #[arg(value_name = "BASE")]
    pub base: String,
    /// What it looks for, such as (&(objectClass=person)(cn=a*))
    #[arg(value_name = "FILTER")]
    pub filter: String,
    /// How far below the base it goes
    #[arg(long, value_enum, default_value = "sub")]
    pub scope: Scope,
}

/// How far below its base a search goes, in the words of ldapsearch.
#[derive(Clone, Copy, Debug, Eq, PartialEq, clap::ValueEnum)]
pub enum Scope {
    /// The base alone
    Base,
    /// What is directly below it
    One,
    /// The base and all below it
    Sub,
    /// All below it
    Children,
}
