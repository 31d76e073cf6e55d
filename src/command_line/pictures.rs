//! `--image FILE --alt TEXT`: a file of the writer's becomes a picture of ours.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use likejewijk::foundation::app::App;
use likejewijk::foundation::error::{Error, Result};
use likejewijk::foundation::images::{self, Stored};
use likejewijk::foundation::text::plain_line;
use likejewijk::neighbourhood::posts::Attachment;

use super::values::within;

/// More are not shown by Mastodon (FEDERATION-PROFILE §4.2).
const MOST: usize = 4;

/// Pictures as a post carries them, and their files.
#[derive(Debug, Clone, Default)]
pub(super) struct Taken {
    pub(super) attachments: Vec<Attachment>,
    pub(super) stored: Vec<Stored>,
}

pub(super) async fn take(app: &App, files: &[PathBuf], alts: &[String]) -> Result<Taken> {
    if files.len() != alts.len() {
        let problem = "every --image has an --alt: what is to be seen, for who cannot see it";
        return Err(Error::invalid("alt", problem));
    }
    if files.len() > MOST {
        return Err(Error::invalid("image", format!("{MOST} is the most for one post")));
    }
    let most = app.config.limits.alt_text_characters;
    let mut taken = Taken::default();
    for (file, alt) in files.iter().zip(alts) {
        let alt = plain_line(&within("alt", alt, most)?, most);
        let bytes = read(file, app.config.limits.image_bytes)?;
        let stored = images::store(&app.files, bytes.clone()).await.map_err(|e| of(file, e))?;
        let media_type = stored.large.format().media_type();
        taken.attachments.push(Attachment::own(&bytes, media_type, &alt));
        taken.stored.push(stored);
    }
    Ok(taken)
}

fn read(path: &Path, most: usize) -> Result<Bytes> {
    let unreadable =
        |e| Error::invalid("image", format!("«{}» cannot be read: {e}", path.display()));
    let mut bytes = Vec::new();
    let one_more = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    let file = File::open(path).map_err(unreadable)?;
    file.take(one_more).read_to_end(&mut bytes).map_err(unreadable)?;
    if bytes.len() > most {
        let problem = format!("«{}» is larger than {} MB", path.display(), most / 1_048_576);
        return Err(Error::invalid("image", problem));
    }
    Ok(bytes.into())
}

/// With the name of the file that it is about.
fn of(path: &Path, error: Error) -> Error {
    match error {
        Error::Invalid { field, problem } => {
            Error::invalid(field, format!("«{}» {problem}", path.display()))
        }
        error => error,
    }
}
