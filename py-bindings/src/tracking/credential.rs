//! The bearer token (RFC 6750), and the file that it may be in.

use std::{
    fs::{self, File},
    io::{self, Read},
    os::unix::fs::MetadataExt,
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use hitchpost::http::secret_header;
use secrecy::{ExposeSecret, SecretString};
use ureq::http::HeaderValue;

use super::answer::Fault;

/// How the client says who it is.
pub(super) enum Credential {
    None,
    Token(HeaderValue),
    File(TokenFile),
}

pub(super) struct TokenFile {
    path: PathBuf,
    seen: Mutex<Option<(Stamp, HeaderValue)>>,
}

/// By what a file is known to be the same: device, inode, time of change, length.
type Stamp = (u64, u64, i64, i64, u64);

impl Credential {
    pub(super) fn header(&self) -> Result<Option<HeaderValue>, Fault> {
        match self {
            Self::None => Ok(None),
            Self::Token(header) => Ok(Some(header.clone())),
            Self::File(file) => match file.header(false) {
                Ok(header) => Ok(Some(header)),
                Err(error) => Err(Fault::Token(file.path.clone(), error)),
            },
        }
    }

    /// Whether the file has another token by now.
    pub(super) fn is_changed(&self) -> bool {
        let Self::File(file) = self else {
            return false;
        };
        let before = file.header(false).ok();
        let now = file.header(true).ok();
        now.is_some() && before != now
    }
}

impl TokenFile {
    pub(super) const fn new(path: PathBuf) -> Self {
        Self {
            path,
            seen: Mutex::new(None),
        }
    }

    fn header(&self, is_read_again: bool) -> io::Result<HeaderValue> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let current = stamp(&fs::metadata(&self.path)?);
        if !is_read_again
            && let Some((before, header)) = &*seen
            && *before == current
        {
            return Ok(header.clone());
        }
        let mut file = File::open(&self.path)?;
        let opened = stamp(&file.metadata()?);
        let mut text = String::new();
        file.read_to_string(&mut text)?;
        let invalid = |what| io::Error::new(io::ErrorKind::InvalidData, what);
        if text.trim().is_empty() {
            return Err(invalid("it is empty"));
        }
        let header = bearer(text.into()).ok_or_else(|| invalid("it has no token in it"))?;
        *seen = Some((opened, header.clone()));
        Ok(header)
    }
}

fn stamp(file: &fs::Metadata) -> Stamp {
    (
        file.dev(),
        file.ino(),
        file.mtime(),
        file.mtime_nsec(),
        file.size(),
    )
}

pub(super) fn bearer(token: SecretString) -> Option<HeaderValue> {
    let header = SecretString::from(format!("Bearer {}", token.expose_secret().trim()));
    secret_header(header.expose_secret())
}
