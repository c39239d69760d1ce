use std::{
    fs::{self, File},
    io::{self, Read},
    path::Path,
};

use base64::{Engine, prelude::BASE64_STANDARD};
use hitchpost_registry_core::Reference;
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::{MAX_BYTES, ReferenceFailure, only};

/// The content of a file, or with `?encode=base64` the base64 of it. As in vals, a line break at
/// the end belongs to the value.
pub(super) fn read(reference: &Reference, path: &str) -> Result<SecretString, ReferenceFailure> {
    only(reference, &["encode"])?;
    let content = content(Path::new(path))?;
    match reference.parameter("encode").as_deref() {
        None | Some("raw") => Ok(text(&content)?.into()),
        Some("base64") => Ok(BASE64_STANDARD.encode(&content).into()),
        Some(_) => Err(ReferenceFailure::Value {
            parameter: "encode",
            expected: "`raw` or `base64`",
        }),
    }
}

/// The bytes of a regular file of at most [`MAX_BYTES`].
pub(crate) fn content(path: &Path) -> Result<Zeroizing<Vec<u8>>, ReferenceFailure> {
    let failed = |error| ReferenceFailure::File {
        path: path.to_owned(),
        error,
    };
    // Before it is opened, as opening a pipe waits for whoever writes into it.
    if !fs::metadata(path).map_err(failed)?.is_file() {
        return Err(ReferenceFailure::NotAFile {
            path: path.to_owned(),
        });
    }
    bounded(File::open(path).map_err(failed)?)
        .map_err(failed)?
        .ok_or(ReferenceFailure::TooLarge)
}

/// All bytes, unless they are more than [`MAX_BYTES`].
pub(super) fn bounded(source: impl Read) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    // Room for all at once: a buffer that grows leaves copies behind that nobody zeroes.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_BYTES + 1));
    source.take(MAX_BYTES as u64 + 1).read_to_end(&mut bytes)?;
    Ok((bytes.len() <= MAX_BYTES).then_some(bytes))
}

pub(super) fn text(bytes: &[u8]) -> Result<&str, ReferenceFailure> {
    str::from_utf8(bytes).map_err(|_| ReferenceFailure::NotText)
}
