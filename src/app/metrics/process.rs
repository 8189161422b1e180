//! What the operating system says about this process. Where it does not say
//! (no `/proc`), the value is left out.

use std::fs;
use std::time::{SystemTime, UNIX_EPOCH};

use super::exposition::{Exposition, Kind};

pub(super) fn render(started: SystemTime, page: &mut Exposition) {
    if let Ok(since) = started.duration_since(UNIX_EPOCH) {
        page.family(
            "process_start_time_seconds",
            Kind::Gauge,
            "When the process began, in seconds since 1970.",
        );
        page.sample("", &[], since.as_secs());
    }
    if let Some(bytes) = resident_bytes() {
        page.family(
            "process_resident_memory_bytes",
            Kind::Gauge,
            "Memory of the process that is in RAM.",
        );
        page.sample("", &[], bytes);
    }
    if let Ok(descriptors) = fs::read_dir("/proc/self/fd") {
        page.family(
            "process_open_fds",
            Kind::Gauge,
            "Open file descriptors, connections included.",
        );
        // The listing itself holds one.
        page.sample("", &[], descriptors.count().saturating_sub(1));
    }
}

fn resident_bytes() -> Option<u64> {
    resident_bytes_in(&fs::read_to_string("/proc/self/status").ok()?)
}

fn resident_bytes_in(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kib.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_read_from_the_status() {
        let status = "Name:\thedgerow\nVmHWM:\t 9000 kB\nVmRSS:\t    5120 kB\nThreads:\t3\n";
        assert_eq!(resident_bytes_in(status), Some(5_242_880));
        assert_eq!(resident_bytes_in("Name:\tkthread\n"), None);
        assert_eq!(resident_bytes_in("VmRSS:\t99999999999999999999 kB\n"), None);
    }
}
