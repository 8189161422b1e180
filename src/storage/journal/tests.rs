//! The journal, of which every byte may be torn or flipped.

use super::*;

impl Journal {
    /// As on a disk that takes no more: from now on the files can be read only.
    pub(in crate::storage) fn refuse_writing(&mut self) {
        for (segment, name) in self.segments.iter_mut().zip(JOURNAL_FILES) {
            segment.file = File::open(self.folder.join(name)).unwrap();
        }
    }
}

fn batch(key: &str, length: usize) -> Batch {
    let mut batch = Batch::default();
    batch.put(key, vec![7; length]);
    batch.delete(format!("not {key}"));
    batch
}

/// Opens a journal of which a segment may grow to three steps.
fn open(folder: &Path) -> Result<Journal, StoreError> {
    Journal::open(folder, 3 * STEP)
}

fn bytes(folder: &Path, segment: usize) -> Vec<u8> {
    std::fs::read(folder.join(JOURNAL_FILES[segment])).unwrap()
}

#[test]
fn what_was_appended_comes_back_in_order_over_both_segments() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(5, &batch("a", 0)).unwrap();
    journal.append(6, &batch("a", 3)).unwrap();
    journal.turn();
    journal.append(7, &batch("b", 1)).unwrap();
    let expect = |commit, last, keys: &[(&str, usize)]| {
        let mut expected = Batch::default();
        for (key, length) in keys {
            expected.merge(batch(key, *length));
        }
        let journal = open(folder.path()).unwrap();
        assert_eq!(journal.after(commit).unwrap(), (expected, last));
    };
    expect(4, 7, &[("a", 3), ("b", 1)]);
    expect(5, 7, &[("a", 3), ("b", 1)]);
    expect(6, 7, &[("b", 1)]);
    expect(7, 7, &[]);
    expect(9, 9, &[]);
}

#[test]
fn a_segment_that_is_used_again_holds_nothing_of_before() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    for number in 1..=10 {
        journal.append(number, &batch("a", 10)).unwrap();
    }
    journal.turn();
    journal.append(11, &batch("b", 1)).unwrap();
    journal.turn();
    // As long as the records before, so that an old one begins where it ends.
    journal.append(12, &batch("c", 10)).unwrap();
    let mut expected = batch("b", 1);
    expected.merge(batch("c", 10));
    assert_eq!(journal.after(10).unwrap(), (expected, 12));
}

#[test]
fn a_record_that_is_cut_anywhere_is_not_there_and_those_before_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(1, &batch("a", 20)).unwrap();
    let whole = journal.end;
    journal.append(2, &batch("b", 30)).unwrap();
    let written = bytes(folder.path(), 0);
    for cut in whole..journal.end {
        let mut torn = written.clone();
        torn[cut..].fill(0);
        assert_eq!(records(&torn).len(), 1, "cut at {cut}");
        torn[cut] = !written[cut];
        assert_eq!(records(&torn).len(), 1, "changed at {cut}");
    }
    assert_eq!(records(&written).len(), 2);
}

#[test]
fn every_flipped_bit_ends_the_run_at_its_record() {
    let mut segment = Vec::new();
    encode(1, &batch("a", 5), &mut segment);
    let first = segment.len();
    let mut second = Vec::new();
    encode(2, &batch("b", 5), &mut second);
    segment.extend_from_slice(&second);
    segment.resize(segment.len() + 40, 0);
    for position in 0..(first + second.len()) * 8 {
        let mut flipped = segment.clone();
        flipped[position / 8] ^= 1 << (position % 8);
        let expected = usize::from(position / 8 >= first);
        assert_eq!(records(&flipped).len(), expected, "bit {position}");
    }
}

#[test]
fn commits_that_are_missing_before_others_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(3, &batch("a", 1)).unwrap();
    match journal.after(1) {
        Err(StoreError::Damaged { what, .. }) => assert!(what.contains("commit 3"), "{what}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_segment_grows_with_what_it_takes_and_stays_as_long() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    assert_eq!(bytes(folder.path(), 0).len(), STEP);
    let large = batch("a", LARGE - 100);
    let (mut number, mut lengths) = (0, Vec::new());
    while journal.has_room_for(&large).unwrap() {
        number += 1;
        journal.append(number, &large).unwrap();
        lengths.push(bytes(folder.path(), 0).len() / STEP);
    }
    assert_eq!(lengths, [1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    assert_eq!(journal.after(0).unwrap(), (large.clone(), 12));
    let mut journal = open(folder.path()).unwrap();
    assert_eq!(bytes(folder.path(), 0).len(), 3 * STEP);
    assert_eq!(journal.after(0).unwrap(), (large.clone(), 12));
    journal.turn();
    assert!(journal.has_room_for(&large).unwrap());
    assert_eq!(bytes(folder.path(), 1).len(), STEP);
}

#[test]
fn a_segment_that_is_longer_than_any_is_refused_and_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let journal = open(folder.path()).unwrap();
    let file = &journal.segments[1].file;
    for length in [3 * STEP as u64 + 1, 1 << 40] {
        file.set_len(length).unwrap();
        let refused = open(folder.path()).err().unwrap().to_string();
        assert!(refused.contains("journal.1"), "{refused}");
    }
    file.set_len(3 * STEP as u64).unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn a_segment_that_is_too_short_keeps_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    journal.append(1, &batch("a", 20)).unwrap();
    let whole = journal.end as u64;
    journal.append(2, &batch("b", 30)).unwrap();
    for length in [journal.end as u64 - 1, whole, whole - 1, 0] {
        journal.segments[0].file.set_len(length).unwrap();
        let opened = open(folder.path()).unwrap();
        let last = u64::from(length >= whole);
        assert_eq!(opened.after(0).unwrap().1, last, "cut to {length}");
        assert_eq!(bytes(folder.path(), 0).len(), STEP);
    }
}

#[test]
fn a_power_cut_leaves_all_commits_but_the_last_and_that_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let mut journal = open(folder.path()).unwrap();
    let mut random = 4711_u64;
    let mut below = |limit: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % limit
    };
    let (mut commits, mut in_sled, mut turned_at) = (Vec::new(), 0, 0);
    let (mut kept, mut lost) = (0, 0);
    for _ in 0..400 {
        let length = below(5) * below(10_000);
        let commit = batch(&format!("key {}", below(9)), length as usize);
        if !journal.has_room_for(&commit).unwrap() || below(16) == 0 {
            (in_sled, turned_at) = (turned_at, commits.len());
            journal.turn();
        }
        let before = bytes(folder.path(), journal.active);
        journal.append(commits.len() as u64 + 1, &commit).unwrap();
        commits.push(commit);

        let written = bytes(folder.path(), journal.active);
        let mut left = before.clone();
        for at in (0..written.len()).step_by(4096) {
            if below(2) == 0 {
                left[at..at + 4096].copy_from_slice(&written[at..at + 4096]);
            }
        }
        let path = folder.path().join(JOURNAL_FILES[journal.active]);
        std::fs::write(&path, &left).unwrap();
        // What was being brought into sled may be there or not.
        for in_sled in [in_sled, turned_at] {
            let (found, last) = journal.after(in_sled as u64).unwrap();
            assert!([commits.len(), commits.len() - 1].contains(&(last as usize)));
            let mut expected = Batch::default();
            for commit in &commits[in_sled..last as usize] {
                expected.merge(commit.clone());
            }
            assert!(found == expected, "{last} commits");
        }
        if below(8) > 0 {
            std::fs::write(&path, &written).unwrap();
            continue;
        }
        // As after recovery; the number of a commit that is lost is used again.
        let last = journal.after(in_sled as u64).unwrap().1 as usize;
        *(if last < commits.len() {
            &mut lost
        } else {
            &mut kept
        }) += 1;
        commits.truncate(last);
        (in_sled, turned_at) = (last, last);
        journal = open(folder.path()).unwrap();
    }
    assert!(kept > 5 && lost > 5, "kept {kept}, lost {lost}");
}

proptest::proptest! {
    #[test]
    fn any_bytes_are_read(bytes: Vec<u8>) {
        let _ = records(&bytes);
    }
}
