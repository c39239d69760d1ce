//! Where sources come from.

use std::collections::BTreeMap;
use std::sync::Arc;

/// Files by path, as the analyser asks for them. Paths have `/` between their parts and begin with
/// one of the folders that [`Options`](crate::Options) names.
pub trait SourceTree: Sync {
    /// The text of a file; `None` where there is no such file.
    ///
    /// # Errors
    ///
    /// When there is one but it cannot be had: why, in words for the user.
    fn read(&self, path: &str) -> Result<Option<Arc<str>>, String>;

    /// Whether there is such a folder.
    fn is_folder(&self, path: &str) -> bool;

    /// The text of a file that will probably be asked for, to be read while others are worked on:
    /// from another thread, and in an order that differs from one time to the next. A tree that
    /// keeps what was asked for does not count it; [`read`](Self::read) says when it was needed.
    fn peek(&self, path: &str) -> Option<Arc<str>> {
        self.read(path).ok().flatten()
    }
}

/// Files in memory.
///
/// ```
/// use hitchpost_schema_gen::{MemoryTree, SourceTree};
///
/// let tree: MemoryTree = [("app/main.py", "x = 1\n")].into_iter().collect();
/// assert!(tree.is_folder("app"));
/// assert_eq!(tree.read("app/main.py")?.as_deref(), Some("x = 1\n"));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    files: BTreeMap<String, Arc<str>>,
}

impl<'a> FromIterator<(&'a str, &'a str)> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(files: I) -> Self {
        Self {
            files: files
                .into_iter()
                .map(|(path, text)| (path.to_owned(), Arc::from(text)))
                .collect(),
        }
    }
}

impl SourceTree for MemoryTree {
    fn read(&self, path: &str) -> Result<Option<Arc<str>>, String> {
        Ok(self.files.get(path).cloned())
    }

    fn is_folder(&self, path: &str) -> bool {
        let folder = format!("{path}/");
        self.files
            .range(folder.clone()..)
            .next()
            .is_some_and(|(file, _)| file.starts_with(&folder))
    }
}
