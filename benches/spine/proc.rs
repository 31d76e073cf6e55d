//! What Linux tells of processes and of the machine.

use std::fs;
use std::path::Path;
use std::time::Instant;

use crate::figures::digits;

/// `/proc` counts processor time in hundredths of a second, on every architecture.
const TICKS_PER_SECOND: f64 = 100.0;

/// Resident memory of a process, in MB.
pub(crate) fn resident_mb(pid: u32) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1024.0 / 1_000_000.0)
}

pub(crate) fn open_files(pid: u32) -> Option<usize> {
    Some(fs::read_dir(format!("/proc/{pid}/fd")).ok()?.count())
}

/// Which cores' worth of time the server, this process and everybody else took since `begin`.
pub(crate) struct Usage {
    pid: u32,
    begun: Instant,
    server: f64,
    own: f64,
    machine: f64,
}

impl Usage {
    pub(crate) fn begin(pid: u32) -> Self {
        let (server, own, machine) = (spent(pid), spent(std::process::id()), machine_spent());
        Self { pid, begun: Instant::now(), server, own, machine }
    }

    /// For the report.
    pub(crate) fn end(&self) -> String {
        let seconds = self.begun.elapsed().as_secs_f64();
        let server = (spent(self.pid) - self.server) / seconds;
        let own = (spent(std::process::id()) - self.own) / seconds;
        let others = ((machine_spent() - self.machine) / seconds - server - own).max(0.0);
        format!(
            "cores: server {}, driver {}, others {}",
            digits(server),
            digits(own),
            digits(others)
        )
    }
}

/// Seconds of processor time, all threads.
fn spent(pid: u32) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // A name may hold anything but ends with the last parenthesis; behind it utime and stime are
    // 12th and 13th.
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    ticks(behind.split_whitespace().skip(11).take(2))
}

/// Seconds of processor time of the whole machine that were not idle.
fn machine_spent() -> f64 {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = stat.lines().next().unwrap_or_default();
    let is_idle = |place: &usize| matches!(place, 3 | 4);
    // user nice system idle iowait irq softirq steal; guests are counted among the first two.
    let fields = line.split_whitespace().skip(1).take(8).enumerate();
    ticks(fields.filter(|(place, _)| !is_idle(place)).map(|(_, field)| field))
}

fn ticks<'a>(fields: impl Iterator<Item = &'a str>) -> f64 {
    fields.filter_map(|field| field.parse::<f64>().ok()).sum::<f64>() / TICKS_PER_SECOND
}

/// One line about the machine.
pub(crate) fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let info = read("/proc/cpuinfo");
    let model = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let memory = read("/proc/meminfo");
    let memory =
        memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
    format!(
        "{cores} cores ({}), {} GB, Linux {}, {} under the databases' folder, load {}",
        model.map_or("unknown", |(_, model)| model),
        digits(memory.unwrap_or(0.0) * 1024.0 / 1e9),
        read("/proc/sys/kernel/osrelease").trim(),
        filesystem(Path::new(env!("CARGO_TARGET_TMPDIR"))),
        read("/proc/loadavg").split(' ').next().unwrap_or_default(),
    )
}

fn filesystem(folder: &Path) -> String {
    let mounts = fs::read_to_string("/proc/mounts").unwrap_or_default();
    let holding = mounts
        .lines()
        .filter_map(|line| {
            let mut fields = line.split(' ').skip(1);
            Some((fields.next()?, fields.next()?))
        })
        .filter(|(mounted, _)| folder.starts_with(mounted))
        .max_by_key(|(mounted, _)| mounted.len());
    holding.map_or_else(|| "an unknown filesystem".to_owned(), |(_, kind)| kind.to_owned())
}
