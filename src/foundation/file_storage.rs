//! Files of ours below `<data>/media`: pictures, under names nobody chose. No path of anybody leads here, and none of
//! ours leads out (TRUST.md T28).

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use diesel::backend::Backend;
use diesel::deserialize::{FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::serialize::{Output, ToSql};
use diesel::sql_types::Text;

use super::error::{Error, Result};
use super::secret::random_token;

/// Of 128 random bits, as [`random_token`] writes them.
const TOKEN_LENGTH: usize = 22;
/// Of a file that is not whole yet.
const DRAFT: &str = "part";

/// What a stored picture is. Its ending says it, and nothing else does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Jpeg,
    Png,
}

impl Format {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    fn ending(self) -> &'static str {
        match self {
            Self::Jpeg => ".jpg",
            Self::Png => ".png",
        }
    }
}

/// 128 random bits and a fixed ending: `3q2-7wEjRWeJq83vASNFZw.jpg`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub struct FileName(String);

impl FileName {
    fn draw(format: Format) -> Result<Self> {
        Ok(Self(format!("{}{}", random_token()?, format.ending())))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    #[must_use]
    pub fn format(&self) -> Format {
        if self.0.ends_with(Format::Png.ending()) { Format::Png } else { Format::Jpeg }
    }
}

impl FromStr for FileName {
    type Err = Error;

    /// Only what [`FileName::draw`] makes is a name.
    fn from_str(text: &str) -> Result<Self> {
        let token = Format::ALL.iter().find_map(|format| text.strip_suffix(format.ending()));
        let is_drawn = |token: &str| {
            token.len() == TOKEN_LENGTH
                && token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        if token.is_some_and(is_drawn) { Ok(Self(text.to_owned())) } else { Err(Error::NotFound) }
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<DB: Backend> ToSql<Text, DB> for FileName
where
    str: ToSql<Text, DB>,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> diesel::serialize::Result {
        self.0.as_str().to_sql(out)
    }
}

impl<DB: Backend> FromSql<Text, DB> for FileName
where
    String: FromSql<Text, DB>,
{
    fn from_sql(bytes: DB::RawValue<'_>) -> diesel::deserialize::Result<Self> {
        String::from_sql(bytes)?.parse().map_err(Into::into)
    }
}

/// Cheap to clone. Processes that share a database share this folder.
#[derive(Debug, Clone)]
pub struct FileStorage(Arc<Path>);

impl FileStorage {
    #[must_use]
    pub fn in_data(data: &Path) -> Self {
        Self(data.join("media").into())
    }

    /// Under a new name, whole and on disk when this answers.
    pub fn put(&self, bytes: &[u8], format: Format) -> Result<FileName> {
        let name = FileName::draw(format)?;
        self.write(&name, bytes).map_err(|e| self.cannot("write", &e))?;
        Ok(name)
    }

    fn write(&self, name: &FileName, bytes: &[u8]) -> io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.0)?;
        let draft = self.0.join(format!("{name}.{DRAFT}"));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
        let whole = file.write_all(bytes).and_then(|()| file.sync_all());
        let put = whole.and_then(|()| fs::rename(&draft, self.path(name)));
        if put.is_err() {
            // What went wrong is told; that its draft stays is the sweep's to mend.
            let _ = fs::remove_file(&draft);
        }
        put.and_then(|()| File::open(&self.0)?.sync_all())
    }

    /// `None` where there is no such file.
    pub fn get(&self, name: &FileName) -> Result<Option<Vec<u8>>> {
        match fs::read(self.path(name)) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.cannot("read", &e)),
        }
    }

    /// What is not there is gone already.
    pub fn delete(&self, name: &FileName) -> Result<()> {
        self.remove(&self.path(name))
    }

    /// The names of files that were there `age` ago already. Drafts of that age, which nobody finishes, are removed.
    pub fn older_than(&self, age: Duration, now: SystemTime) -> Result<Vec<FileName>> {
        let mut names = Vec::new();
        for path in self.paths().map_err(|e| self.cannot("list", &e))? {
            let written = fs::metadata(&path).and_then(|file| file.modified());
            let is_old = written.is_ok_and(|at| now.duration_since(at).is_ok_and(|it| it >= age));
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            match name.parse() {
                Ok(name) if is_old => names.push(name),
                Err(_) if is_old && path.extension().is_some_and(|it| it == DRAFT) => {
                    self.remove(&path)?;
                }
                _ => {}
            }
        }
        Ok(names)
    }

    fn paths(&self) -> io::Result<Vec<PathBuf>> {
        match fs::read_dir(&self.0) {
            Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(e) => Err(e),
        }
    }

    fn remove(&self, path: &Path) -> Result<()> {
        match fs::remove_file(path) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(self.cannot("delete in", &e)),
            _ => Ok(()),
        }
    }

    fn path(&self, name: &FileName) -> PathBuf {
        self.0.join(name.as_str())
    }

    fn cannot(&self, act: &str, problem: &io::Error) -> Error {
        Error::Unavailable(format!("cannot {act} {}: {problem}", self.0.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_is_got_and_deleted() {
        let data = tempfile::tempdir().unwrap();
        let files = FileStorage::in_data(data.path());
        let name = files.put(b"picture", Format::Png).unwrap();
        assert_eq!(name.format().media_type(), "image/png");
        assert_eq!(files.get(&name).unwrap().unwrap(), b"picture");
        assert_ne!(files.put(b"picture", Format::Png).unwrap(), name);
        files.delete(&name).unwrap();
        files.delete(&name).unwrap();
        assert_eq!(files.get(&name).unwrap(), None);
    }

    #[test]
    fn p16_nothing_else_is_a_name() {
        let name = FileName::draw(Format::Jpeg).unwrap();
        assert_eq!(name.as_str().parse::<FileName>().unwrap(), name);
        for wrong in [
            "",
            ".jpg",
            "../../etc/passwd",
            "..%2f..%2fetc%2fpasswd.jpg",
            "/etc/passwd",
            "aaaaaaaaaaaaaaaaaaaaa.jpg",
            "aaaaaaaaaaaaaaaaaaaaaaa.jpg",
            "aaaaaaaaaaaaaaaaaaa/../.jpg",
            "aaaaaaaaaaaaaaaaaaaaaa.svg",
            "aaaaaaaaaaaaaaaaaaaaaa.JPG",
            "aaaaaaaaaaaaaaaaaaaaaa.jpg.part",
            "aaaaaaaaaaaaaaaaaaaaa\0.jpg",
        ] {
            assert!(wrong.parse::<FileName>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn only_what_is_old_is_listed_and_forgotten_drafts_go() {
        let data = tempfile::tempdir().unwrap();
        let files = FileStorage::in_data(data.path());
        let an_hour = Duration::from_hours(1);
        let later = |hours| fs::metadata(data.path()).unwrap().modified().unwrap() + hours;
        assert!(files.older_than(an_hour, later(an_hour)).unwrap().is_empty());
        let name = files.put(b"picture", Format::Jpeg).unwrap();
        let draft = data.path().join("media").join("x.jpg.part");
        fs::write(&draft, b"half").unwrap();
        assert!(files.older_than(an_hour, later(Duration::ZERO)).unwrap().is_empty());
        assert!(draft.exists());
        assert_eq!(files.older_than(an_hour, later(an_hour * 2)).unwrap(), [name]);
        assert!(!draft.exists());
    }
}
