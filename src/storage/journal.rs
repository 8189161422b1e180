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
use super::sled_error::{damaged, is_full, os_error};

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
    ///
    /// # Errors
    /// When a segment cannot be opened or made, or is longer than that, and so none of ours.
    pub(super) fn open(folder: &Path, longest: usize) -> Result<Self, StoreError> {
        let [first, second] = JOURNAL_FILES.map(|name| Segment::open(folder, name, longest));
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
        let segments = self.segments.each_ref().map(Segment::read);
        let mut segments = segments
            .into_iter()
            .map(|read| read.map(|bytes| records(&bytes)))
            .collect::<io::Result<Vec<_>>>()
            .map_err(|source| io_error("reading the journal in", &self.folder, source))?;
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
            changes.merge(record.changes);
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
                Err(source) if is_full(&source) => return Ok(false),
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
        let written = match self.segments.get(self.active) {
            Some(segment) => segment.write(&self.buffer, self.end),
            None => Err(io::ErrorKind::NotFound.into()),
        };
        written.map_err(|source| os_error(&self.folder, "writing the journal in", source))?;
        self.end = self.end.saturating_add(self.buffer.len());
        Ok(())
    }

    /// Makes durable what is there after an abrupt stop, the last of which may be in the page cache only. It is written once
    /// more, because the kernel may hold for written what a sync has failed to write.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        let synced = self.segments.iter().try_for_each(|segment| {
            let bytes = segment.read()?;
            segment.write(&bytes, 0)
        });
        synced.map_err(|source| os_error(&self.folder, "writing the journal in", source))
    }

    /// Goes on at the beginning of the other segment. All that is in that one must be durable elsewhere.
    pub(super) fn turn(&mut self) {
        self.active = 1 - self.active;
        self.end = 0;
    }
}

impl Segment {
    /// Opens a segment, or makes one. What a shorter one holds is kept: zeros of an interrupted making, or records.
    fn open(folder: &Path, name: &str, longest: usize) -> Result<Self, StoreError> {
        let path = &folder.join(name);
        let failed = |source| io_error("opening", path, source);
        let file = folder::open_own(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        if length > longest as u64 {
            let what = format!("its file `{name}` has {length} bytes, and none has over {longest}");
            return Err(damaged(folder, what));
        }
        let length = length as usize;
        let mut segment = Self { file, length };
        if length < STEP {
            let made = segment.grow(STEP);
            made.map_err(|source| os_error(path, "making", source))?;
        }
        Ok(segment)
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.length];
        self.file.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    /// Writes bytes and returns when they are durable.
    fn write(&self, bytes: &[u8], at: usize) -> io::Result<()> {
        self.file
            .write_all_at(bytes, at as u64)
            .and_then(|()| self.file.sync_data())
            .inspect_err(|_| folder::forget_unsynced(&self.file))
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
mod tests;
