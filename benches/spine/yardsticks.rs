//! What the machine gives bare, on which every other figure depends: the disk and the processor.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::figures::{Spread, per_second};
use crate::keys::Key;
use crate::report::Report;
use crate::scene::Scene;

const TIME: Duration = Duration::from_millis(500);

pub(crate) fn measure(scene: &Scene, report: &mut Report) -> Outcome<()> {
    let (mut fsyncs, mut signs, mut verifies) =
        (Spread::default(), Spread::default(), Spread::default());
    for _ in 0..3 {
        fsyncs.add(fsyncs_per_second(scene.server.database().folder())?);
        signs.add(signatures_per_second(scene.writer.key())?);
        verifies.add(verifications_per_second(scene.writer.key())?);
    }
    report.scale("write 4 kB and fdatasync, one after the other", fsyncs.written("/s"), "");
    report.scale("RSA-2048 signatures of one core", signs.written("/s"), "aws-lc-rs");
    report.scale("RSA-2048 verifications of one core", verifies.written("/s"), "aws-lc-rs");
    Ok(())
}

fn fsyncs_per_second(folder: &Path) -> Outcome<f64> {
    let (mut file, block) = (File::create(folder.join("fsyncs"))?, [7; 4096]);
    repeat(|| {
        file.write_all(&block)?;
        Ok(file.sync_data()?)
    })
}

pub(crate) fn signatures_per_second(key: &Key) -> Outcome<f64> {
    repeat(|| key.sign(b"(request-target): post /inbox").map(drop))
}

fn verifications_per_second(key: &Key) -> Outcome<f64> {
    let (text, verifier) = (b"(request-target): post /inbox", key.verifier()?);
    let signature = key.sign(text)?;
    repeat(|| {
        Ok(verifier.verify_sig(text, &signature).map_err(|_| "the signature does not hold")?)
    })
}

fn repeat(mut once: impl FnMut() -> Outcome<()>) -> Outcome<f64> {
    let (begun, mut count) = (Instant::now(), 0);
    while begun.elapsed() < TIME {
        once()?;
        count += 1;
    }
    Ok(per_second(count, begun.elapsed()))
}
