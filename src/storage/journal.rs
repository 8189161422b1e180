//! Owns the journal: two files in which every small commit is made durable before sled has it. Knows the form of what is in
//! them, and nothing of sled.
//!
//! A commit costs sled several writes and waits, and a journal one of each: so commits are appended to a segment of the
//! journal, and sled is given all of a segment at once, while the other segment is filled. A file grows by a mebibyte of
//! zeros at a time and stays as long as it is, so that most commits change no metadata of the file system.
//!
//! A segment is a run of records from its beginning, one for each commit, with numbers that follow one another. It ends
//! where no such record is: with zeros, with what was left of an earlier use of the segment, whose numbers are lower, or
//! with a record that a power cut tore, which was not acknowledged then. Each record is a CRC-32 of all that follows, its
//! length, its number, and the changes: the lengths of key and value, [`DELETED`] for the latter in a removal, then both.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use super::Batch;
use super::error::StoreError;
use super::folder::{self, JOURNAL_FILES, io_error};
use super::sled_error::{damaged, os_error};

/// Bytes by which a segment grows; of a new one, all its bytes.
const STEP: usize = 1 << 20;
/// Bytes of a record above which a commit is better made durable by sled itself: it would only be written twice.
const LARGE: usize = STEP / 4;

const CHECKSUM_LEN: usize = 4;
/// The checksum, the length of the changes, the number.
const HEADER_LEN: usize = CHECKSUM_LEN + 4 + 8;
/// The lengths of a key and a value.
const CHANGE_LEN: usize = 2 + 4;
/// The length of the value of a change that removes its key.
const DELETED: u32 = u32::MAX;

/// Both segments; one is being filled.
pub(super) struct Journal {
    folder: PathBuf,
    segments: [Segment; 2],
    active: usize,
    /// Where the next record goes.
    end: usize,
    /// Bytes to which a segment may grow.
    longest: usize,
    buffer: Vec<u8>,
}

/// One file.
struct Segment {
    file: File,
    length: usize,
}

/// A commit as it was found in a segment.
struct Record {
    number: u64,
    changes: Batch,
}

impl Journal {
    /// Opens the journal of a folder; segments that are not there are made, of zeros. Each may grow to `longest` bytes.
    pub(super) fn open(folder: &Path, longest: usize) -> Result<Self, StoreError> {
        let [first, second] = JOURNAL_FILES.map(|name| Segment::open(&folder.join(name)));
        let journal = Self {
            folder: folder.to_owned(),
            segments: [first?, second?],
            active: 0,
            end: 0,
            longest,
            buffer: Vec::new(),
        };
        folder::sync_folder(folder)?;
        Ok(journal)
    }

    /// All changes of the commits after number `commit`, and the number of the last.
    ///
    /// # Errors
    /// When commits are missing between that one and some that are there.
    pub(super) fn after(&self, commit: u64) -> Result<(Batch, u64), StoreError> {
        let mut segments = Vec::new();
        for segment in &self.segments {
            let mut bytes = vec![0; segment.length];
            let read = segment.file.read_exact_at(&mut bytes, 0);
            read.map_err(|source| io_error("reading the journal in", &self.folder, source))?;
            segments.push(records(&bytes));
        }
        segments.sort_by_key(|records| records.first().map(|record| record.number));
        let (mut changes, mut last) = (Batch::default(), commit);
        for record in segments.into_iter().flatten() {
            if record.number <= last {
                continue;
            }
            if record.number != last.saturating_add(1) {
                let what = format!(
                    "its journal has commit {}, but none between that and commit {last}",
                    record.number
                );
                return Err(damaged(&self.folder, what));
            }
            last = record.number;
            changes.merge(&record.changes);
        }
        Ok((changes, last))
    }

    /// Whether the segment that is being filled takes a batch. It grows for it, while it may and the disk is not full.
    ///
    /// # Errors
    /// When it cannot be written. What it holds is as it was.
    pub(super) fn has_room_for(&mut self, batch: &Batch) -> Result<bool, StoreError> {
        let end = self.end.saturating_add(length(batch));
        let Some(segment) = self.segments.get_mut(self.active) else {
            return Ok(false);
        };
        while segment.length < end {
            let grown = segment.length.saturating_add(STEP);
            if grown > self.longest {
                return Ok(false);
            }
            match segment.grow(grown) {
                Ok(()) => {}
                Err(source) if source.kind() == io::ErrorKind::StorageFull => return Ok(false),
                Err(source) => {
                    return Err(os_error(&self.folder, "lengthening the journal in", source));
                }
            }
        }
        Ok(true)
    }

    /// Appends a commit and returns when it is durable. After an error it is not known whether it is.
    pub(super) fn append(&mut self, number: u64, batch: &Batch) -> Result<(), StoreError> {
        self.buffer.clear();
        encode(number, batch, &mut self.buffer);
        let written = self.write();
        written.map_err(|source| os_error(&self.folder, "writing the journal in", source))?;
        self.end = self.end.saturating_add(self.buffer.len());
        Ok(())
    }

    fn write(&self) -> io::Result<()> {
        let Some(segment) = self.segments.get(self.active) else {
            return Err(io::ErrorKind::NotFound.into());
        };
        let file = &segment.file;
        file.write_all_at(&self.buffer, self.end as u64)
            .and_then(|()| file.sync_data())
            .inspect_err(|_| folder::forget_unsynced(file))
    }

    /// Goes on at the beginning of the other segment. All that is in that one must be durable elsewhere.
    pub(super) fn turn(&mut self) {
        self.active = 1 - self.active;
        self.end = 0;
    }
}

impl Segment {
    /// Opens a segment, or makes one. What a shorter one holds is kept: zeros of an interrupted making, or records.
    fn open(path: &Path) -> Result<Self, StoreError> {
        let failed = |source| io_error("opening", path, source);
        let file = folder::open_own(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len() as usize;
        let mut segment = Self { file, length };
        if length < STEP {
            let made = segment.grow(STEP);
            made.map_err(|source| os_error(path, "making", source))?;
        }
        Ok(segment)
    }

    /// Makes the file longer, with zeros.
    fn grow(&mut self, length: usize) -> io::Result<()> {
        let zeros = vec![0; length.saturating_sub(self.length)];
        self.file
            .write_all_at(&zeros, self.length as u64)
            .and_then(|()| self.file.sync_all())
            .inspect_err(|_| folder::forget_unsynced(&self.file))?;
        self.length = length;
        Ok(())
    }
}

/// Whether a batch is better made durable without the journal.
pub(super) fn is_large(batch: &Batch) -> bool {
    length(batch) > LARGE
}

/// The bytes of a record.
fn length(batch: &Batch) -> usize {
    let changes = batch.changes();
    let bytes = changes.map(|(key, value)| CHANGE_LEN + key.len() + value.map_or(0, <[u8]>::len));
    HEADER_LEN + bytes.sum::<usize>()
}

fn encode(number: u64, batch: &Batch, record: &mut Vec<u8>) {
    record.extend_from_slice(&[0; CHECKSUM_LEN]);
    let length = length(batch) - HEADER_LEN;
    record.extend_from_slice(&(length as u32).to_le_bytes());
    record.extend_from_slice(&number.to_le_bytes());
    for (key, value) in batch.changes() {
        record.extend_from_slice(&(key.len() as u16).to_le_bytes());
        let length = value.map_or(DELETED, |value| value.len() as u32);
        record.extend_from_slice(&length.to_le_bytes());
        record.extend_from_slice(key);
        record.extend_from_slice(value.unwrap_or_default());
    }
    if let Some((checksum, rest)) = record.split_first_chunk_mut() {
        *checksum = crc32fast::hash(rest).to_le_bytes();
    }
}

/// The run of records at the beginning of a segment.
fn records(mut segment: &[u8]) -> Vec<Record> {
    let mut records: Vec<Record> = Vec::new();
    while let Some((record, rest)) = decode(segment) {
        let follows = |last: &Record| last.number.checked_add(1) == Some(record.number);
        if !records.last().is_none_or(follows) {
            break;
        }
        records.push(record);
        segment = rest;
    }
    records
}

/// The record at the beginning, and what is behind it; none if it is not whole.
fn decode(bytes: &[u8]) -> Option<(Record, &[u8])> {
    let (checksum, covered) = bytes.split_first_chunk()?;
    let (length, rest) = covered.split_first_chunk()?;
    let (number, rest) = rest.split_first_chunk()?;
    let (mut left, behind) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    let covered = covered.get(..covered.len() - behind.len())?;
    if crc32fast::hash(covered) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let mut changes = Batch::default();
    while !left.is_empty() {
        left = decode_change(left, &mut changes)?;
    }
    let number = u64::from_le_bytes(*number);
    Some((Record { number, changes }, behind))
}

fn decode_change<'a>(bytes: &'a [u8], changes: &mut Batch) -> Option<&'a [u8]> {
    let (key_length, rest) = bytes.split_first_chunk()?;
    let (value_length, rest) = rest.split_first_chunk()?;
    let (key, rest) = rest.split_at_checked(usize::from(u16::from_le_bytes(*key_length)))?;
    match u32::from_le_bytes(*value_length) {
        DELETED => {
            changes.delete(key);
            Some(rest)
        }
        length => {
            let (value, rest) = rest.split_at_checked(length as usize)?;
            changes.put(key, value);
            Some(rest)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
                expected.merge(&batch(key, *length));
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
        expected.merge(&batch("c", 10));
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
                    expected.merge(commit);
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
}
