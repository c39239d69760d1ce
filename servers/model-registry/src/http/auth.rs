use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Mutex,
    time::{Duration, Instant, SystemTime},
};

use axum::http::{HeaderMap, header::AUTHORIZATION};
use subtle::ConstantTimeEq;

/// How long what is known of the token file holds before it is looked at again.
const FRESH: Duration = Duration::from_secs(1);

/// The bearer tokens that are accepted: the lines of a file, which is read anew when it changes.
pub(crate) struct Tokens {
    path: PathBuf,
    known: Mutex<Known>,
}

struct Known {
    tokens: Vec<Box<[u8]>>,
    stamp: Option<Stamp>,
    looked: Instant,
}

/// What tells that a file has changed. A mounted Kubernetes secret is a link to another file then.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Stamp {
    modified: Option<SystemTime>,
    length: u64,
}

impl Tokens {
    /// Reads the file.
    ///
    /// # Errors
    /// What the system answered; `InvalidData` when there is no token in it.
    pub(crate) fn read(path: PathBuf) -> io::Result<Self> {
        let (tokens, stamp) = load(&path)?;
        if tokens.is_empty() {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "there is no token in it",
            ));
        }
        let known = Known {
            tokens,
            stamp: Some(stamp),
            looked: Instant::now(),
        };
        Ok(Self {
            path,
            known: Mutex::new(known),
        })
    }

    /// Whether a request has one of the tokens.
    ///
    /// Each is compared in a time that depends on its length alone.
    pub(crate) fn accept(&self, headers: &HeaderMap) -> bool {
        let given = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.as_bytes().split_at_checked("Bearer ".len()))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"Bearer "))
            .map_or(&b""[..], |(_, token)| token.trim_ascii());
        let mut known = self
            .known
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        known.refresh(&self.path);
        known
            .tokens
            .iter()
            .fold(false, |found, token| found | bool::from(token.ct_eq(given)))
    }
}

impl Known {
    /// A file that cannot be read accepts nothing: a token that was taken away must not work on.
    fn refresh(&mut self, path: &Path) {
        if self.looked.elapsed() < FRESH {
            return;
        }
        self.looked = Instant::now();
        if self.stamp.is_some() && self.stamp == stamp(path).ok() {
            return;
        }
        match load(path) {
            Ok((tokens, stamp)) => {
                self.tokens = tokens;
                self.stamp = Some(stamp);
            }
            Err(error) => {
                if self.stamp.take().is_some() {
                    super::log::line(format_args!(
                        "the token file `{}` cannot be read, no token is accepted: {error}",
                        path.display()
                    ));
                }
                self.tokens.clear();
            }
        }
    }
}

fn stamp(path: &Path) -> io::Result<Stamp> {
    let metadata = fs::metadata(path)?;
    Ok(Stamp {
        modified: metadata.modified().ok(),
        length: metadata.len(),
    })
}

fn load(path: &Path) -> io::Result<(Vec<Box<[u8]>>, Stamp)> {
    // Before the text: a change between the two is seen the next time.
    let stamp = stamp(path)?;
    let text = fs::read(path)?;
    let tokens = text
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty())
        .map(Into::into)
        .collect();
    Ok((tokens, stamp))
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}
