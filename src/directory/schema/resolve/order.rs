//! The order in which definitions can be made: superiors first.

#[derive(Copy, Clone, PartialEq)]
enum State {
    Untouched,
    Waiting,
    Done,
}

/// Puts items into an order in which each comes after its superiors, which `superiors` gives as positions in `items`.
/// The error is an item that is its own superior.
pub(super) fn superiors_first<T>(
    items: &[T],
    superiors: impl Fn(&T) -> Vec<usize>,
) -> Result<Vec<&T>, &T> {
    let mut states = vec![State::Untouched; items.len()];
    let mut order = Vec::with_capacity(items.len());
    for start in 0..items.len() {
        // A stack of its own: chains in a text may be longer than the call stack is deep.
        let mut path = vec![start];
        while let Some(&current) = path.last() {
            let (Some(item), Some(&state)) = (items.get(current), states.get(current)) else {
                path.pop();
                continue;
            };
            let is_missing = |position: &usize| {
                let state = states.get(*position);
                state.is_some_and(|state| *state != State::Done)
            };
            let missing = match state {
                State::Done => None,
                _ => superiors(item).into_iter().find(is_missing),
            };
            let is_waiting = |position| states.get(position) == Some(&State::Waiting);
            let new_state = match missing {
                Some(superior) if superior == current || is_waiting(superior) => return Err(item),
                Some(superior) => {
                    path.push(superior);
                    State::Waiting
                }
                None => {
                    path.pop();
                    if state != State::Done {
                        order.push(item);
                    }
                    State::Done
                }
            };
            if let Some(slot) = states.get_mut(current) {
                *slot = new_state;
            }
        }
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn superiors_come_first_and_each_item_once() {
        // 0 -> 2 -> {3, 1}
        let items = [vec![2], vec![], vec![3, 1], vec![], vec![]];
        let order = superiors_first(&items, Clone::clone).unwrap();
        let at = |number: usize| {
            let item: *const Vec<usize> = &items[number];
            order.iter().position(|i| std::ptr::eq(*i, item)).unwrap()
        };
        assert_eq!(order.len(), 5);
        assert!(at(3) < at(2) && at(1) < at(2) && at(2) < at(0));
    }

    #[test]
    fn cycles_are_found_however_long() {
        let ring = |length: usize| (0..length).map(|n| (n + 1) % length).collect::<Vec<_>>();
        for length in [1, 2, 3, 60_000] {
            assert!(superiors_first(&ring(length), |next| vec![*next]).is_err());
        }
    }

    #[test]
    fn a_long_chain_and_a_diamond_are_no_cycles() {
        let chain: Vec<usize> = (1..60_000).collect();
        let order = superiors_first(&chain, |next| vec![*next]).unwrap();
        assert_eq!(order.first(), Some(&&59_999));
        let diamond = [vec![1, 2], vec![3], vec![3], vec![]];
        assert_eq!(superiors_first(&diamond, Clone::clone).unwrap().len(), 4);
    }
}
