//! What the kernel says of a process: the time of its threads, its memory, and what it writes to the disk.

use std::fs;
use std::time::Duration;

use super::Outcome;

/// What a process has used up to a moment.
#[derive(Clone, Copy, Default)]
pub struct Used {
    /// Time on processors of the threads that hash passwords.
    pub hashing: Duration,
    /// That of all others.
    pub others: Duration,
    /// Bytes that go to the disk.
    pub written: u64,
}

impl Used {
    pub fn of(process: u32) -> Outcome<Used> {
        let mut used = Used::default();
        for thread in fs::read_dir(format!("/proc/{process}/task"))? {
            let thread = thread?.path();
            // A thread may end meanwhile.
            let text = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
            let name = fs::read_to_string(thread.join("comm")).unwrap_or_default();
            let nanoseconds = text.split(' ').next().and_then(|word| word.parse().ok());
            let time = Duration::from_nanos(nanoseconds.unwrap_or_default());
            match name.starts_with("password-") {
                true => used.hashing += time,
                false => used.others += time,
            }
        }
        let io = fs::read_to_string(format!("/proc/{process}/io"))?;
        let line = io
            .lines()
            .find_map(|line| line.strip_prefix("write_bytes:"));
        let line = line.ok_or("no write_bytes in /proc/PID/io")?;
        used.written = line.trim().parse()?;
        Ok(used)
    }

    /// What was used since.
    pub fn since(self, before: Used) -> Used {
        Used {
            hashing: self.hashing.saturating_sub(before.hashing),
            others: self.others.saturating_sub(before.others),
            written: self.written.saturating_sub(before.written),
        }
    }
}
