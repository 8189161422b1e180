//! A persistent vector: items under `u32` indices, cheap to clone, copied on write.
//!
//! A clone shares everything with its original. A change copies the nodes on the path to the
//! changed item, and only those that another clone still shares: a second change near the first
//! finds its path unshared and happens in place. Indices may be sparse; empty nodes are dropped.
//!
//! What the items mean is the caller's business, and so is handing out indices.

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

// Copying a node raises the reference count of each child, a cache miss apiece near the leaves and
// none near the root. So the tree is narrow at the bottom and wide at the top. The spans add up to
// 19 bits, so a million items hang under two or three root slots.
type Page<T> = Leaf<T, 8>;
type Tree<T> = Branch<Branch<Branch<Branch<Page<T>, 8>, 16>, 16>, 32>;

/// A persistent vector of `T` under `u32` indices.
///
/// Cloning costs one reference count. Reading follows six pointers, of which the first four stay
/// in the processor's cache; changing one item of a shared vector copies about 80 pointers and
/// eight items.
#[derive(Clone)]
pub struct Paged<T> {
    roots: Arc<[Option<Arc<Tree<T>>>]>,
    len: usize,
}

impl<T: Clone> Paged<T> {
    /// A vector without items. Allocates nothing.
    pub fn new() -> Self {
        Paged {
            roots: Arc::default(),
            len: 0,
        }
    }

    /// The number of items, counted as they come and go.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no item.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The item at `index`.
    pub fn get(&self, index: u32) -> Option<&T> {
        self.roots.get(root_slot::<T>(index))?.as_ref()?.get(index)
    }

    /// The item at `index` to be changed in this clone alone. Copies nothing when there is no item.
    pub fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.get(index)?;
        let roots = Arc::make_mut(&mut self.roots);
        let root = roots.get_mut(root_slot::<T>(index))?.as_mut()?;
        Arc::make_mut(root).get_mut(index)
    }

    /// Puts `item` at `index` and returns the item that was there.
    ///
    /// Memory follows the highest index as well as the number of items: eight bytes for each
    /// 2^19 indices below it.
    pub fn set(&mut self, index: u32, item: T) -> Option<T> {
        let slot = root_slot::<T>(index);
        if slot >= self.roots.len() {
            let mut roots = self.roots.to_vec();
            roots.resize(slot + 1, None);
            self.roots = roots.into();
        }
        let root = Arc::make_mut(&mut self.roots).get_mut(slot)?;
        let before = Arc::make_mut(root.get_or_insert_default()).set(index, item);
        if before.is_none() {
            self.len += 1;
        }
        before
    }

    /// Takes the item at `index` out. Copies nothing when there is no item.
    pub fn remove(&mut self, index: u32) -> Option<T> {
        self.get(index)?;
        let root = Arc::make_mut(&mut self.roots).get_mut(root_slot::<T>(index))?;
        let item = remove_below(root, index);
        if item.is_some() {
            self.len -= 1;
        }
        item
    }

    /// The items with their indices, in ascending order.
    pub fn iter(&self) -> Iter<'_, T> {
        self.iter_from(0)
    }

    /// The items at `start` and above with their indices, in ascending order.
    pub fn iter_from(&self, start: u32) -> Iter<'_, T> {
        Iter {
            paged: self,
            next: Some(start),
            leaf: [].iter().enumerate(),
            base: 0,
        }
    }

    fn leaf_from(&self, index: u32) -> Option<(u32, &[Option<T>])> {
        let first = root_slot::<T>(index);
        let roots = self.roots.iter().enumerate().skip(first);
        first_leaf(roots, first, index)
    }
}

impl<T: Clone> Default for Paged<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Clone + fmt::Debug> fmt::Debug for Paged<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

impl<'a, T: Clone> IntoIterator for &'a Paged<T> {
    type Item = (u32, &'a T);
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

/// Items with their indices in ascending order; see [`Paged::iter`].
pub struct Iter<'a, T> {
    paged: &'a Paged<T>,
    /// Where to look for the next leaf; `None` after the last index.
    next: Option<u32>,
    leaf: std::iter::Enumerate<std::slice::Iter<'a, Option<T>>>,
    base: u32,
}

impl<'a, T: Clone> Iterator for Iter<'a, T> {
    type Item = (u32, &'a T);

    fn next(&mut self) -> Option<(u32, &'a T)> {
        loop {
            for (offset, item) in self.leaf.by_ref() {
                if let Some(item) = item {
                    return Some((self.base | offset as u32, item));
                }
            }
            let start = self.next?;
            let (base, leaf) = self.paged.leaf_from(start)?;
            self.next = base.checked_add(leaf.len() as u32);
            self.base = base;
            self.leaf = leaf.iter().enumerate();
            if let Some(skipped) = start.checked_sub(base).and_then(|n| n.checked_sub(1)) {
                self.leaf.nth(skipped as usize);
            }
        }
    }
}

fn root_slot<T: Clone>(index: u32) -> usize {
    (index >> Tree::<T>::SPAN_BITS) as usize
}

/// A node that covers 2^`SPAN_BITS` indices. An index is looked at modulo that number, so that it
/// can be handed down as it is.
trait Node: Clone + Default {
    type Item;
    const SPAN_BITS: u32;

    fn get(&self, index: u32) -> Option<&Self::Item>;
    fn get_mut(&mut self, index: u32) -> Option<&mut Self::Item>;
    fn set(&mut self, index: u32, item: Self::Item) -> Option<Self::Item>;
    fn remove(&mut self, index: u32) -> Option<Self::Item>;
    fn is_empty(&self) -> bool;
    /// The first leaf that ends after `index`, and its first index within this node.
    fn leaf_from(&self, index: u32) -> Option<(u32, &[Option<Self::Item>])>;
}

#[derive(Clone)]
struct Leaf<T, const N: usize>([Option<T>; N]);

impl<T, const N: usize> Default for Leaf<T, N> {
    fn default() -> Self {
        Leaf([const { None }; N])
    }
}

impl<T: Clone, const N: usize> Node for Leaf<T, N> {
    type Item = T;
    const SPAN_BITS: u32 = N.ilog2();

    fn get(&self, index: u32) -> Option<&T> {
        self.0.get(index as usize % N)?.as_ref()
    }

    fn get_mut(&mut self, index: u32) -> Option<&mut T> {
        self.0.get_mut(index as usize % N)?.as_mut()
    }

    fn set(&mut self, index: u32, item: T) -> Option<T> {
        self.0.get_mut(index as usize % N)?.replace(item)
    }

    fn remove(&mut self, index: u32) -> Option<T> {
        self.0.get_mut(index as usize % N)?.take()
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    fn leaf_from(&self, _index: u32) -> Option<(u32, &[Option<T>])> {
        Some((0, &self.0))
    }
}

#[derive(Clone)]
struct Branch<C, const N: usize>([Option<Arc<C>>; N]);

impl<C: Node, const N: usize> Branch<C, N> {
    fn slot(index: u32) -> usize {
        (index >> C::SPAN_BITS) as usize % N
    }
}

impl<C, const N: usize> Default for Branch<C, N> {
    fn default() -> Self {
        Branch([const { None }; N])
    }
}

impl<C: Node, const N: usize> Node for Branch<C, N> {
    type Item = C::Item;
    const SPAN_BITS: u32 = C::SPAN_BITS + N.ilog2();

    fn get(&self, index: u32) -> Option<&C::Item> {
        self.0.get(Self::slot(index))?.as_ref()?.get(index)
    }

    fn get_mut(&mut self, index: u32) -> Option<&mut C::Item> {
        let child = self.0.get_mut(Self::slot(index))?.as_mut()?;
        Arc::make_mut(child).get_mut(index)
    }

    fn set(&mut self, index: u32, item: C::Item) -> Option<C::Item> {
        let child = self.0.get_mut(Self::slot(index))?;
        Arc::make_mut(child.get_or_insert_default()).set(index, item)
    }

    fn remove(&mut self, index: u32) -> Option<C::Item> {
        remove_below(self.0.get_mut(Self::slot(index))?, index)
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    fn leaf_from(&self, index: u32) -> Option<(u32, &[Option<C::Item>])> {
        let first = Self::slot(index);
        first_leaf(self.0.iter().enumerate().skip(first), first, index)
    }
}

/// Removes the item at `index` from `child`, and `child` itself when that was its last item.
fn remove_below<C: Node>(child: &mut Option<Arc<C>>, index: u32) -> Option<C::Item> {
    let node = Arc::make_mut(child.as_mut()?);
    let item = node.remove(index);
    if node.is_empty() {
        *child = None;
    }
    item
}

/// The first leaf among `slots` that ends after `index`, which lies in the slot `first`.
fn first_leaf<'a, C: Node + 'a>(
    slots: impl Iterator<Item = (usize, &'a Option<Arc<C>>)>,
    first: usize,
    index: u32,
) -> Option<(u32, &'a [Option<C::Item>])> {
    for (slot, child) in slots {
        let Some(child) = child else { continue };
        let start = if slot == first { index } else { 0 };
        if let Some((base, leaf)) = child.leaf_from(start) {
            return Some((((slot as u32) << C::SPAN_BITS) | base, leaf));
        }
    }
    None
}
