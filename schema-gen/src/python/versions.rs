//! The versions that a service runs with, and where older ones write something else.
//!
//! A version is the one that the caller gives; else that of the installed package; else that of a
//! lock file in a root or above it; else the newest that is known here.

use std::fmt;
use std::ops::Range;

use serde_json::Value as Json;

use crate::analysis::{Diagnostic, Options};
use crate::tree::SourceTree;

/// The numbers of a release.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32, pub u32, pub u32);

impl Version {
    /// Reads `0.115.12`, `2.14` or `2.12.0a1`; what follows the numbers of the release is dropped.
    ///
    /// ```
    /// use hitchpost_schema_gen::Version;
    ///
    /// assert_eq!(Version::parse("2.12.0a1"), Some(Version(2, 12, 0)));
    /// assert_eq!(Version::parse("newest"), None);
    /// ```
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut numbers = [0; 3];
        for (number, part) in numbers.iter_mut().zip(text.trim().split('.')) {
            let end = part
                .find(|character: char| !character.is_ascii_digit())
                .unwrap_or(part.len());
            let (digits, rest) = part.split_at(end);
            *number = digits.parse().ok()?;
            if !rest.is_empty() {
                break;
            }
        }
        let [major, minor, patch] = numbers;
        Some(Self(major, minor, patch))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The versions that are given; the others are looked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions {
    /// Of FastAPI.
    pub fastapi: Option<Version>,
    /// Of pydantic.
    pub pydantic: Option<Version>,
    /// Of Python.
    pub python: Option<Version>,
}

/// A version that an analysis went by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// `fastapi`, `pydantic` or `python`.
    pub name: &'static str,
    /// The version.
    pub version: Version,
    /// From where: the file or folder that says so, `given`, or `newest known`.
    pub from: String,
}

/// The versions whose documents are reproduced.
const NEWEST: [(&str, Version); 3] = [
    ("fastapi", Version(0, 165, 0)),
    ("pydantic", Version(2, 14, 3)),
    ("python", Version(3, 13, 0)),
];

/// The oldest whose rules are known. FastAPI 0.100 is the first for pydantic 2.
const OLDEST: [Version; 3] = [Version(0, 100, 0), Version(2, 7, 0), Version(3, 8, 0)];

/// Something that not every version writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// `bytes` and files are `contentMediaType`, not `format: binary` (fastapi/fastapi#14953).
    BytesAsContentMediaType,
    /// `ValidationError` has `input` and `ctx` (fastapi/fastapi#14791).
    ErrorsWithInput,
    /// A security scheme stands once, with all its scopes (fastapi/fastapi#14455).
    MergedScopes,
    /// A model that is the only form parameter is the body (`_should_embed_body_fields` of
    /// FastAPI 0.112.4 and 0.113.0).
    FormModels,
    /// The form of OAuth2 matches the whole of `grant_type` (fastapi/fastapi#9783).
    WholeGrantType,
    /// Passwords in the form of OAuth2 have a format (fastapi/fastapi#11032).
    PasswordFormat,
    /// A `dict` of anything says `additionalProperties: true` (pydantic/pydantic#11392).
    AnyAdditionalProperties,
    /// The keys of a `dict` are described by `propertyNames` (pydantic/pydantic#10478).
    PropertyNames,
    /// The text of a `Decimal` has a pattern (pydantic/pydantic#11987, ended by #13672).
    DecimalPattern,
    /// A `Literal` or an enumeration of one value has an `enum` as well (pydantic/pydantic#8944,
    /// ended by #10692).
    ConstWithEnum,
    /// A `$ref` may have siblings; before, it was wrapped in `allOf` (pydantic/pydantic#10029).
    SiblingsOfReferences,
    /// The names of RFC 9110 for 413, 414, 416 and 422 (`http.HTTPStatus`, "What's new in Python
    /// 3.13").
    NewPhrases,
}

const EVER: Version = Version(u32::MAX, 0, 0);

/// What differs, in which package, in which versions.
const TABLE: [(Change, usize, Range<Version>); 12] = [
    (
        Change::BytesAsContentMediaType,
        FASTAPI,
        Version(0, 129, 1)..EVER,
    ),
    (Change::ErrorsWithInput, FASTAPI, Version(0, 128, 1)..EVER),
    (Change::MergedScopes, FASTAPI, Version(0, 123, 8)..EVER),
    (Change::FormModels, FASTAPI, Version(0, 113, 0)..EVER),
    (Change::WholeGrantType, FASTAPI, Version(0, 115, 8)..EVER),
    (Change::PasswordFormat, FASTAPI, Version(0, 115, 13)..EVER),
    (
        Change::AnyAdditionalProperties,
        PYDANTIC,
        Version(2, 11, 0)..EVER,
    ),
    (Change::PropertyNames, PYDANTIC, Version(2, 10, 0)..EVER),
    (
        Change::DecimalPattern,
        PYDANTIC,
        Version(2, 12, 0)..Version(2, 14, 0),
    ),
    (
        Change::ConstWithEnum,
        PYDANTIC,
        Version(2, 7, 0)..Version(2, 10, 0),
    ),
    (
        Change::SiblingsOfReferences,
        PYDANTIC,
        Version(2, 9, 0)..EVER,
    ),
    (Change::NewPhrases, PYTHON, Version(3, 13, 0)..EVER),
];

const FASTAPI: usize = 0;
const PYDANTIC: usize = 1;
const PYTHON: usize = 2;

/// The rules of some versions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rules([Version; 3]);

impl Default for Rules {
    fn default() -> Self {
        Self(NEWEST.map(|(_, version)| version))
    }
}

impl Rules {
    /// The rules of the versions that an analysis with these options goes by, and those versions.
    pub(crate) fn of(
        tree: &dyn SourceTree,
        options: &Options,
    ) -> (Self, Vec<Assumed>, Vec<Diagnostic>) {
        let mut rules = Self::default();
        let mut diagnostics = Vec::new();
        let given = [
            options.versions.fastapi,
            options.versions.pydantic,
            options.versions.python,
        ];
        let locks = if options.versions.fastapi.is_some() && options.versions.pydantic.is_some() {
            Vec::new()
        } else {
            folders_of_locks(tree, options)
        };
        let mut assumed = Vec::new();
        let all = rules.0.iter_mut().zip(NEWEST).zip(OLDEST).zip(given);
        for (((rule, (name, newest)), oldest), given) in all {
            let found = given
                .map(|version| (version, "given".to_owned()))
                .or_else(|| installed(tree, options, name))
                .or_else(|| locks.iter().find_map(|folder| locked(tree, folder, name)));
            let mut from = "newest known".to_owned();
            match found {
                Some((version, file)) if version >= oldest => {
                    *rule = version;
                    from = file;
                }
                Some((version, file)) => {
                    let message = format!(
                        "the rules of {name} {version} ({file}) are not known: those of {newest} are followed"
                    );
                    diagnostics.push(Diagnostic {
                        code: "old-version",
                        message,
                        file: None,
                        line: None,
                    });
                }
                None => {}
            }
            assumed.push(Assumed {
                name,
                version: *rule,
                from,
            });
        }
        (rules, assumed, diagnostics)
    }

    /// Whether these versions write that.
    pub(crate) fn has(&self, change: Change) -> bool {
        TABLE.iter().any(|(row, package, versions)| {
            *row == change
                && self
                    .0
                    .get(*package)
                    .is_some_and(|version| versions.contains(version))
        })
    }

    /// The same by the change's name.
    pub(crate) fn has_named(&self, name: &str) -> bool {
        TABLE
            .iter()
            .any(|(row, ..)| format!("{row:?}") == name && self.has(*row))
    }

    /// The version of Python.
    pub(crate) fn python(&self) -> Version {
        self.0.get(PYTHON).copied().unwrap_or(EVER)
    }
}

/// The version of an installed package, as its source says it: `fastapi.__version__`,
/// `pydantic.VERSION`. The folder of packages names the Python: `lib/python3.12/site-packages`.
fn installed(tree: &dyn SourceTree, options: &Options, name: &str) -> Option<(Version, String)> {
    let (file, variable) = match name {
        "fastapi" => ("fastapi/__init__.py", "__version__"),
        "pydantic" => ("pydantic/version.py", "VERSION"),
        _ => {
            return options.site_packages.iter().find_map(|folder| {
                let named = folder
                    .split('/')
                    .find_map(|part| part.strip_prefix("python3."))?;
                Some((Version(3, named.parse().ok()?, 0), folder.clone()))
            });
        }
    };
    options.site_packages.iter().find_map(|folder| {
        let path = format!("{}/{file}", folder.trim_end_matches('/'));
        let text = tree.read(&path).ok()??;
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(variable)?.trim_start().strip_prefix('='))?;
        let version = Version::parse(line.trim().trim_matches(['"', '\'']))?;
        Some((version, path))
    })
}

/// How far above a root lock files are looked for.
const MAX_ABOVE: usize = 3;

/// The roots and the folders above them, up to that of the repository.
fn folders_of_locks(tree: &dyn SourceTree, options: &Options) -> Vec<String> {
    let mut folders: Vec<String> = Vec::new();
    for root in &options.roots {
        let mut folder = root.trim_end_matches('/').to_owned();
        for _ in 0..=MAX_ABOVE {
            if !folders.contains(&folder) {
                folders.push(folder.clone());
            }
            if tree.is_folder(&format!("{folder}/.git")) {
                break;
            }
            folder = match folder.rsplit_once('/') {
                _ if folder == "." || folder.ends_with("..") => format!("{folder}/.."),
                Some((above, _)) if !above.is_empty() => above.to_owned(),
                None if !folder.is_empty() => ".".to_owned(),
                _ => break,
            };
        }
    }
    folders
}

/// The files that say which versions are locked, as far as they are read, in this order.
pub const LOCK_FILES: [&str; 7] = [
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "pylock.toml",
    "Pipfile.lock",
    "requirements.lock",
    "requirements.txt",
];

/// The version of a package that a lock file of the folder names.
fn locked(tree: &dyn SourceTree, folder: &str, name: &str) -> Option<(Version, String)> {
    LOCK_FILES.iter().find_map(|file| {
        let path = format!("{folder}/{file}");
        let text = tree.read(&path).ok()??;
        let version = match *file {
            "Pipfile.lock" => {
                let json: Json = serde_json::from_str(&text).ok()?;
                Version::parse(
                    json.get("default")?
                        .get(name)?
                        .get("version")?
                        .as_str()?
                        .trim_start_matches('='),
                )
            }
            "requirements.lock" | "requirements.txt" => required(&text, name),
            _ => in_tables(&text, name),
        };
        version.map(|version| (version, path))
    })
}

/// `fastapi==0.115.0` or `fastapi[standard]==0.115.0 ; marker`, on a line of its own.
fn required(text: &str, name: &str) -> Option<Version> {
    text.lines().find_map(|line| {
        let rest = line.trim().strip_prefix(name)?;
        let rest = match rest.strip_prefix('[') {
            Some(extras) => extras.split_once(']')?.1,
            None => rest,
        };
        Version::parse(rest.trim_start().strip_prefix("==")?)
    })
}

/// The newest `version = "…"` in a table of TOML with `name = "fastapi"`, in lines of their own:
/// that is how the tools write them.
fn in_tables(text: &str, name: &str) -> Option<Version> {
    let quoted = |line: &str, key: &str| {
        let value = line
            .strip_prefix(key)?
            .trim_start()
            .strip_prefix('=')?
            .trim();
        Some(value.trim_matches('"').to_owned())
    };
    let mut is_package = false;
    let mut found = None;
    for line in text.lines() {
        if line.starts_with('[') {
            is_package = false;
        } else if let Some(value) = quoted(line, "name") {
            is_package = value == name;
        } else if is_package && let Some(value) = quoted(line, "version") {
            found = found.max(Version::parse(&value));
        }
    }
    found
}

#[cfg(test)]
mod tests;
