//! Entries in the order of a value: a persistent B+tree of keys and ids.
//!
//! Owns the tree. Keys are normal forms, whose bytes order as the values do; only their beginning is kept, so that
//! what is found between two bounds may hold entries just outside of them and must be checked.

mod backwards;
mod key;
mod leaf;

use std::sync::Arc;

use crate::directory::entry::EntryId;
use key::Key;
use leaf::{Item, Leaf};

/// What is kept of a key, in bytes.
pub const KEY_MAX: usize = 32;
/// A leaf is divided when it is longer than this, in bytes.
const LEAF_MAX: usize = 1024;
/// Neighbours are joined when they are no longer than this together.
const LEAF_JOINED: usize = 512;
/// Children of one branch.
const BRANCH_MAX: usize = 16;

/// A sorted multimap from keys to entry ids.
///
/// Cloning costs one reference count; a change of a shared tree copies one leaf, 1 KiB at most, and a branch of up to
/// 16 children on each of the three to five levels above it.
#[derive(Clone, Default)]
pub struct Ordered(Arc<Node>);

#[derive(Clone)]
enum Node {
    Leaf(Leaf),
    Branch(Vec<Child>),
}

impl Default for Node {
    fn default() -> Self {
        Node::Leaf(Leaf::default())
    }
}

#[derive(Clone)]
struct Child {
    /// No item of this child is before it, and none of the child before is at or behind it. Without meaning for the
    /// first child. Within the branch, so that a change of it touches nothing else of the children.
    first: Key,
    first_id: EntryId,
    len: usize,
    node: Arc<Node>,
}

/// Which keys are looked for.
#[derive(Copy, Clone, Debug)]
pub enum Range<'a> {
    /// This one and those after it.
    From(&'a [u8]),
    /// This one and those before it.
    UpTo(&'a [u8]),
    /// Those that begin with this.
    Beginning(&'a [u8]),
}

impl Range<'_> {
    /// Of as much of its bound as is kept of keys.
    fn kept(self) -> Self {
        match self {
            Range::From(bound) => Range::From(beginning(bound)),
            Range::UpTo(bound) => Range::UpTo(beginning(bound)),
            Range::Beginning(bound) => Range::Beginning(beginning(bound)),
        }
    }

    /// Whether a key lies before all of these.
    fn is_after(self, key: &[u8]) -> bool {
        match self {
            Range::From(bound) | Range::Beginning(bound) => key < bound,
            Range::UpTo(_) => false,
        }
    }

    /// Whether a key lies behind all of these.
    fn is_before(self, key: &[u8]) -> bool {
        match self {
            Range::From(_) => false,
            Range::UpTo(bound) => key > bound,
            Range::Beginning(bound) => key > bound && !key.starts_with(bound),
        }
    }
}

impl Ordered {
    /// The number of keys with their ids.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts an id under a key; nothing happens when it is there.
    pub fn insert(&mut self, key: &[u8], id: EntryId) {
        let item = Item {
            key: beginning(key),
            id,
        };
        if let Some(right) = Arc::make_mut(&mut self.0).insert(item) {
            let left = Child {
                first: Key::default(),
                first_id: 0,
                len: self.0.len(),
                node: std::mem::take(&mut self.0),
            };
            self.0 = Arc::new(Node::Branch(vec![left, right]));
        }
    }

    /// Takes an id from under a key.
    pub fn remove(&mut self, key: &[u8], id: EntryId) {
        let item = Item {
            key: beginning(key),
            id,
        };
        Arc::make_mut(&mut self.0).remove(item);
        while let Node::Branch(children) = &*self.0 {
            match children.as_slice() {
                [] => self.0 = Arc::default(),
                [only] => self.0 = Arc::clone(&only.node),
                _ => break,
            }
        }
    }

    /// How many there are in a range, counted without looking at each.
    pub fn count(&self, range: Range<'_>) -> usize {
        let range = range.kept();
        let before = self.0.rank(&|key| range.is_after(key));
        let up_to = self.0.rank(&|key| !range.is_before(key));
        up_to.saturating_sub(before)
    }

    /// How many items are before this key and id.
    pub fn place(&self, key: &[u8], id: EntryId) -> usize {
        let key = beginning(key);
        self.0.place_of(Item { key, id })
    }

    /// Hands over the keys and ids after so many, in order, until `each` says to stop.
    pub fn for_each_from(&self, skipped: usize, each: &mut dyn FnMut(&[u8], EntryId) -> bool) {
        self.0.for_each_from(skipped, each);
    }

    /// Hands over the ids in a range, in the order of the keys; an id with several such keys comes several times.
    pub fn for_each(&self, range: Range<'_>, each: &mut dyn FnMut(EntryId)) {
        self.0.for_each(range.kept(), each);
    }
}

/// Collects the keys of very many new entries, to be put in at once.
#[derive(Clone, Default)]
pub struct Collector(Leaf);

impl Collector {
    /// Puts an id under a key.
    pub fn insert(&mut self, key: &[u8], id: EntryId) {
        self.0.push(Item {
            key: beginning(key),
            id,
        });
    }

    /// Moves everything collected to where it is found: sorts, and builds the tree from below when it is empty.
    pub fn drain_into(&mut self, ordered: &mut Ordered) {
        let collected = std::mem::take(&mut self.0);
        if !ordered.is_empty() {
            return collected
                .items()
                .for_each(|item| ordered.insert(item.key, item.id));
        }
        let mut sorted: Vec<Item<'_>> = Vec::with_capacity(collected.len);
        sorted.extend(collected.items());
        sorted.sort_unstable();
        sorted.dedup();
        *ordered = built(&sorted);
    }
}

/// Puts very many keys in at once.
impl<K: AsRef<[u8]>> FromIterator<(K, EntryId)> for Ordered {
    fn from_iter<I: IntoIterator<Item = (K, EntryId)>>(items: I) -> Self {
        let (mut collector, mut ordered) = (Collector::default(), Ordered::default());
        for (key, id) in items {
            collector.insert(key.as_ref(), id);
        }
        collector.drain_into(&mut ordered);
        ordered
    }
}

fn built(sorted: &[Item<'_>]) -> Ordered {
    let mut level = leaves(sorted);
    while level.len() > 1 {
        level = level
            .chunks(BRANCH_MAX * 3 / 4)
            .filter_map(|children| branch(children.to_vec()))
            .collect();
    }
    Ordered(level.pop().map(|only| only.node).unwrap_or_default())
}

fn leaves(sorted: &[Item<'_>]) -> Vec<Child> {
    let mut leaves = Vec::new();
    let mut leaf = Leaf::default();
    let mut first: Option<Item<'_>> = None;
    for item in sorted {
        first.get_or_insert(*item);
        leaf.push(*item);
        if leaf.bytes.len() > LEAF_MAX * 3 / 4 {
            leaves.extend(
                first
                    .take()
                    .map(|first| std::mem::take(&mut leaf).into_child(first)),
            );
        }
    }
    leaves.extend(first.map(|first| leaf.into_child(first)));
    leaves
}

/// What is kept of a key.
pub fn beginning(key: &[u8]) -> &[u8] {
    key.get(..KEY_MAX).unwrap_or(key)
}

impl Node {
    fn len(&self) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.len,
            Node::Branch(children) => children.iter().map(|child| child.len).sum(),
        }
    }

    /// Inserts, and gives back the right half when there was not enough room.
    fn insert(&mut self, item: Item<'_>) -> Option<Child> {
        match self {
            Node::Leaf(leaf) => {
                leaf.insert(item);
                (leaf.bytes.len() > LEAF_MAX).then(|| leaf.divide())
            }
            Node::Branch(children) => {
                let at = child_of(children, item);
                let child = children.get_mut(at)?;
                let right = Arc::make_mut(&mut child.node).insert(item);
                child.len = child.node.len();
                children.insert(at + 1, right?);
                (children.len() > BRANCH_MAX)
                    .then(|| children.split_off(children.len() / 2))
                    .and_then(branch)
            }
        }
    }

    fn remove(&mut self, item: Item<'_>) {
        match self {
            Node::Leaf(leaf) => leaf.remove(item),
            Node::Branch(children) => {
                let at = child_of(children, item);
                let Some(child) = children.get_mut(at) else {
                    return;
                };
                Arc::make_mut(&mut child.node).remove(item);
                child.len = child.node.len();
                if child.len == 0 {
                    children.remove(at);
                } else {
                    join_with_next(children, at);
                }
            }
        }
    }

    /// The number of items whose keys are `before`, as those up to some key are.
    fn rank(&self, before: &dyn Fn(&[u8]) -> bool) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.items().take_while(|item| before(item.key)).count(),
            Node::Branch(children) => {
                let at = last_child(children, |child| before(child.first.as_bytes()));
                let left: usize = children.iter().take(at).map(|child| child.len).sum();
                left + children.get(at).map_or(0, |child| child.node.rank(before))
            }
        }
    }

    fn place_of(&self, item: Item<'_>) -> usize {
        match self {
            Node::Leaf(leaf) => leaf.items().take_while(|own| *own < item).count(),
            Node::Branch(children) => {
                let at = child_of(children, item);
                let left: usize = children.iter().take(at).map(|child| child.len).sum();
                left + children
                    .get(at)
                    .map_or(0, |child| child.node.place_of(item))
            }
        }
    }

    /// False once it was stopped.
    fn for_each_from(
        &self,
        mut skipped: usize,
        each: &mut dyn FnMut(&[u8], EntryId) -> bool,
    ) -> bool {
        match self {
            Node::Leaf(leaf) => {
                let mut items = leaf.items().skip(skipped);
                items.all(|item| each(item.key, item.id))
            }
            Node::Branch(children) => children.iter().all(|child| {
                if skipped >= child.len {
                    skipped -= child.len;
                    return true;
                }
                child.node.for_each_from(std::mem::take(&mut skipped), each)
            }),
        }
    }

    /// False once the end is passed.
    fn for_each(&self, range: Range<'_>, each: &mut dyn FnMut(EntryId)) -> bool {
        match self {
            Node::Leaf(leaf) => {
                let mut items = leaf.items().skip_while(|item| range.is_after(item.key));
                items.all(|item| {
                    let within = !range.is_before(item.key);
                    if within {
                        each(item.id);
                    }
                    within
                })
            }
            Node::Branch(children) => {
                let from = last_child(children, |child| range.is_after(child.first.as_bytes()));
                let mut children = children.iter().skip(from);
                children.all(|child| child.node.for_each(range, each))
            }
        }
    }
}

/// The child in which an item is, or would be.
fn child_of(children: &[Child], item: Item<'_>) -> usize {
    last_child(children, |child| {
        Item {
            key: child.first.as_bytes(),
            id: child.first_id,
        } <= item
    })
}

/// The last of the children of which something holds, as it does of those up to some child; the first if of none.
fn last_child(children: &[Child], holds: impl FnMut(&Child) -> bool) -> usize {
    children.partition_point(holds).saturating_sub(1)
}

fn branch(children: Vec<Child>) -> Option<Child> {
    let first = children.first()?;
    Some(Child {
        first: first.first,
        first_id: first.first_id,
        len: children.iter().map(|child| child.len).sum(),
        node: Arc::new(Node::Branch(children)),
    })
}

/// Puts a leaf that has become short together with the one behind it.
fn join_with_next(children: &mut Vec<Child>, at: usize) {
    let [left, right, ..] = children.get(at..).unwrap_or_default() else {
        return;
    };
    let (Node::Leaf(short), Node::Leaf(next)) = (&*left.node, &*right.node) else {
        return;
    };
    if short.bytes.len() + next.bytes.len() > LEAF_JOINED {
        return;
    }
    let joined = Leaf {
        bytes: [short.bytes.as_slice(), next.bytes.as_slice()].concat(),
        len: short.len + next.len,
    };
    if let Some(child) = children.get_mut(at) {
        child.len = joined.len;
        child.node = Arc::new(Node::Leaf(joined));
    }
    children.remove(at + 1);
}

#[cfg(test)]
mod tests;
