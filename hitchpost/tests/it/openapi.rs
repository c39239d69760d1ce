//! Services in real folders: which files are read, and what the cache keeps.

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use hitchpost::openapi::{Description, Error, Options, openapi};
use serde_json::Value;
use tempfile::TempDir;

/// A folder with a service that takes its title from a module of its own.
struct Project(TempDir);

const APP: &str =
    "from fastapi import FastAPI\nfrom shop.words import TITLE\n\napp = FastAPI(title=TITLE)\n";

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().unwrap());
        project.write("shop/__init__.py", "");
        project.write("shop/main.py", APP);
        project.write("shop/words.py", "TITLE = 'Shop'\n");
        project
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    fn read_with(&self, entry: &str, options: &Options) -> Result<Description, Error> {
        openapi(self.path(entry).to_str().unwrap(), options)
    }

    #[track_caller]
    fn read(&self) -> Description {
        self.read_with("shop/main.py:app", &Options::default())
            .unwrap()
    }

    fn cached(&self) -> Description {
        let cache = Some(self.path("cache"));
        self.read_with(
            "shop/main.py:app",
            &Options {
                cache,
                ..Options::default()
            },
        )
        .unwrap()
    }

    fn entries(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.path("cache/openapi")).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}

fn title(service: &Description) -> &str {
    service.document["info"]["title"]
        .as_str()
        .unwrap_or_else(|| panic!("{:#}", service.document))
}

/// What is said of a file, as one text.
fn said(service: &Description, file: &str) -> String {
    let about = service
        .diagnostics
        .iter()
        .filter(|found| found.file.as_ref().is_some_and(|path| path.ends_with(file)));
    about
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n")
}

#[test]
fn a_service_is_read_from_its_folder() {
    let project = Project::new();
    let service = project.read();
    assert_eq!((title(&service), &*service.diagnostics), ("Shop", &[][..]));
    let sources: Vec<&str> = service
        .sources
        .iter()
        .map(|path| path.rsplit('/').next().unwrap())
        .collect();
    assert!(
        sources.contains(&"main.py") && sources.contains(&"words.py"),
        "{sources:?}"
    );
    let root = Options {
        roots: vec![project.path("")],
        ..Options::default()
    };
    for entry in ["shop.main:app", "shop.main"] {
        assert_eq!(title(&openapi(entry, &root).unwrap()), "Shop", "{entry}");
    }
}

#[test]
fn encodings_are_followed() {
    let project = Project::new();
    project.write(
        "shop/words.py",
        b"# -*- coding: latin-1 -*-\nTITLE = 'Caf\xe9'\n",
    );
    assert_eq!(title(&project.read()), "Café");
    project.write("shop/words.py", b"\xef\xbb\xbfTITLE = 'Caf\xc3\xa9'\n");
    assert_eq!(title(&project.read()), "Café");
    for (bytes, saying) in [
        (
            b"TITLE = 'Caf\xe9'\n".as_slice(),
            "it is not UTF-8 text: byte 12",
        ),
        (
            b"# coding: cp1252\nTITLE = ''\n",
            "its encoding `cp1252` is not read",
        ),
    ] {
        project.write("shop/words.py", bytes);
        let service = project.read();
        assert!(
            said(&service, "main.py").contains(saying)
                || said(&service, "words.py").contains(saying),
            "{service:?}"
        );
        assert!(
            service.document["info"]["title"]
                .get("x-hitchpost-unknown")
                .is_some(),
            "{:#}",
            service.document
        );
    }
}

#[test]
fn links_that_lead_out_are_not_followed() {
    let project = Project::new();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("words.py"), "TITLE = 'Elsewhere'\n").unwrap();
    let words = project.path("shop/words.py");
    // Within the folder they are.
    project.write("shop/others.py", "TITLE = 'Others'\n");
    fs::remove_file(&words).unwrap();
    symlink("others.py", &words).unwrap();
    assert_eq!(title(&project.read()), "Others");
    fs::remove_file(&words).unwrap();
    symlink(elsewhere.path().join("words.py"), &words).unwrap();
    let service = project.read();
    assert!(
        format!("{:?}", service.diagnostics).contains("a link leads out"),
        "{service:?}"
    );
    // Unless it leads to a folder that is read as well.
    let options = Options {
        roots: vec![project.path(""), elsewhere.path().to_owned()],
        ..Options::default()
    };
    assert_eq!(
        title(&project.read_with("shop/main.py:app", &options).unwrap()),
        "Elsewhere"
    );
    // A folder that is a link.
    fs::remove_file(&words).unwrap();
    fs::rename(project.path("shop"), elsewhere.path().join("shop")).unwrap();
    fs::write(elsewhere.path().join("shop/words.py"), "TITLE = 'Whole'\n").unwrap();
    symlink(elsewhere.path().join("shop"), project.path("shop")).unwrap();
    let service = project.read_with(
        "shop/main.py:app",
        &Options {
            roots: vec![project.path("")],
            ..Options::default()
        },
    );
    assert!(
        format!("{service:?}").contains("a link leads out"),
        "{service:?}"
    );
}

#[test]
fn what_cannot_be_read_is_said() {
    let project = Project::new();
    fs::File::create(project.path("shop/words.py"))
        .unwrap()
        .set_len(100 << 20)
        .unwrap();
    let service = project.read();
    assert!(
        format!("{:?}", service.diagnostics).contains("it has 104857600 bytes"),
        "{service:?}"
    );
    fs::remove_file(project.path("shop/words.py")).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(project.path("shop/words.py"))
        .status()
        .unwrap();
    assert!(made.success());
    let service = project.read();
    assert!(
        format!("{:?}", service.diagnostics).contains("it is not a regular file"),
        "{service:?}"
    );

    let code = |error: Error| error.code().to_owned();
    assert_eq!(
        code(
            project
                .read_with("nowhere.py", &Options::default())
                .unwrap_err()
        ),
        "no-file"
    );
    let missing = Options {
        roots: vec![project.path("missing")],
        ..Options::default()
    };
    assert_eq!(
        code(project.read_with("shop/main.py", &missing).unwrap_err()),
        "no-folder"
    );
    fs::create_dir(project.path("closed")).unwrap();
    fs::set_permissions(project.path("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(project.path("closed")).is_err() {
        let closed = Options {
            site_packages: vec![project.path("closed")],
            ..Options::default()
        };
        assert_eq!(
            code(project.read_with("shop/main.py", &closed).unwrap_err()),
            "no-folder"
        );
    }
}

#[test]
fn what_was_read_ahead_in_vain_is_no_source() {
    let project = Project::new();
    project.write(
        "shop/main.py",
        "from fastapi import FastAPI\n\
         try:\n    from .words import TITLE\nexcept ImportError:\n    from .other import TITLE\n\
         app = FastAPI(title=TITLE)\n",
    );
    project.write("shop/other.py", "TITLE = 'Other'\n");
    let service = project.cached();
    assert_eq!(title(&service), "Shop");
    let is_source = |name: &str| service.sources.iter().any(|path| path.ends_with(name));
    assert!(is_source("words.py"), "{:?}", service.sources);
    assert!(!is_source("other.py"), "{:?}", service.sources);
    project.write("shop/other.py", "TITLE = 'Another'\n");
    assert!(project.cached().stats.is_cached);
}

#[test]
fn a_document_is_kept_while_its_files_stay() {
    let project = Project::new();
    let first = project.cached();
    assert!(!first.stats.is_cached);
    let again = project.cached();
    assert!(again.stats.is_cached);
    assert_eq!(
        (&again.document, &again.diagnostics, &again.sources),
        (&first.document, &first.diagnostics, &first.sources)
    );
    assert_eq!(again.stats.files, first.stats.files);

    // Written again with the same content, at another time.
    project.write("shop/words.py", "TITLE = 'Shop'\n");
    assert!(project.cached().stats.is_cached);
    project.write("shop/words.py", "TITLE = 'Stop'\n");
    let edited = project.cached();
    assert_eq!((title(&edited), edited.stats.is_cached), ("Stop", false));
    // The same length, in the same moment.
    project.write("shop/words.py", "TITLE = 'Shop'\n");
    assert_eq!(title(&project.cached()), "Shop");
    // What was not there comes to be.
    project.write("shop/words/__init__.py", "TITLE = 'Package'\n");
    assert_eq!(title(&project.cached()), "Package");
    // Files of old have stamps.
    for file in ["shop/main.py", "shop/words/__init__.py"] {
        let file = fs::File::options()
            .write(true)
            .open(project.path(file))
            .unwrap();
        file.set_modified(SystemTime::now() - Duration::from_secs(60))
            .unwrap();
    }
    fs::remove_dir_all(project.path("cache")).unwrap();
    assert!(!project.cached().stats.is_cached);
    assert!(project.cached().stats.is_cached);
    fs::remove_dir_all(project.path("shop/words")).unwrap();
    assert_eq!(title(&project.cached()), "Shop");
}

#[test]
fn requests_are_kept_apart() {
    let project = Project::new();
    project.write(
        "shop/words.py",
        "import os\nTITLE = os.environ.get('TITLE', 'none')\n",
    );
    let with = |value: &str| {
        let options = Options {
            environment: vec![("TITLE".to_owned(), value.to_owned())],
            cache: Some(project.path("cache")),
            ..Options::default()
        };
        project.read_with("shop/main.py:app", &options).unwrap()
    };
    assert_eq!(
        (title(&with("a")), title(&with("b")), title(&with("a"))),
        ("a", "b", "a")
    );
    assert_eq!(project.entries().len(), 2);
}

#[test]
fn a_cache_that_cannot_be_used_is_none() {
    let project = Project::new();
    let expected = project.cached().document;
    let [entry] = &*project.entries() else {
        panic!("{:?}", project.entries())
    };
    let whole = fs::read(entry).unwrap();
    assert_eq!(
        fs::metadata(entry).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for damaged in [
        b"".to_vec(),
        b"\n\n".to_vec(),
        b"\xff\xfe".to_vec(),
        whole[..whole.len() / 2].to_vec(),
        {
            let mut flipped = whole.clone();
            let last = flipped.len() - 10;
            flipped[last] ^= 1;
            flipped
        },
    ] {
        fs::write(entry, damaged).unwrap();
        let service = project.cached();
        assert_eq!(
            (service.stats.is_cached, &service.document),
            (false, &expected)
        );
        assert!(project.cached().stats.is_cached, "it is written anew");
    }
    fs::remove_dir_all(project.path("cache")).unwrap();
    fs::write(project.path("cache"), "a file in its place").unwrap();
    let service = project.cached();
    assert_eq!(
        (service.stats.is_cached, &service.document),
        (false, &expected)
    );
}

#[test]
fn the_cache_has_a_bound() {
    let project = Project::new();
    project.cached();
    let [entry] = &*project.entries() else {
        panic!()
    };
    let old = SystemTime::now() - Duration::from_secs(3600);
    for name in ["a", "b"] {
        let file = fs::File::create(entry.with_file_name(name)).unwrap();
        file.set_len(40 << 20).unwrap();
        file.set_modified(old).unwrap();
    }
    project.write("shop/words.py", "TITLE = 'New'\n");
    project.cached();
    let left: u64 = project
        .entries()
        .iter()
        .map(|entry| fs::metadata(entry).unwrap().len())
        .sum();
    assert!(
        left <= 64 << 20 && entry.exists(),
        "{:?}",
        project.entries()
    );
}

#[test]
fn a_syntax_error_has_its_place() {
    let project = Project::new();
    project.write("shop/main.py", "import os\n\napp = (\n");
    let Err(error) = project.read_with("shop/main.py:app", &Options::default()) else {
        panic!()
    };
    assert_eq!(error.code(), "syntax", "{error:?}");
    assert!(error.path().unwrap().contains("shop/main.py:"), "{error:?}");
    assert!(error.diagnostics().last().unwrap().is_error);
}

#[test]
fn as_openapi_3_0() {
    let project = Project::new();
    let down = hitchpost::openapi::openapi_v30(&project.read().document).unwrap();
    let document: Value = serde_json::to_value(&down.document).unwrap();
    assert_eq!(
        (&document["openapi"], &document["info"]["title"]),
        (&"3.0.3".into(), &"Shop".into())
    );
}

/// Python that was not written for this: no file ends the analysis, and none takes long.
///
/// `HITCHPOST_TEST_SITE_PACKAGES` names a folder all of whose files are read; without it, some
/// files of the Python that runs here are.
#[test]
fn no_file_ends_the_analysis() {
    let (folder, most) = match std::env::var_os("HITCHPOST_TEST_SITE_PACKAGES") {
        Some(folder) => (PathBuf::from(folder), usize::MAX),
        None => (standard_library(), 15),
    };
    let mut files = Vec::new();
    python_files(&folder, &mut files);
    // What is installed beside the standard library differs from machine to machine.
    files.retain(|file| most == usize::MAX || !file.to_string_lossy().contains("site-packages"));
    files.sort_unstable();
    assert!(
        !files.is_empty(),
        "there is no Python in {}",
        folder.display()
    );
    let step = files.len().div_ceil(most).max(1);
    let options = Options {
        site_packages: vec![folder],
        ..Options::default()
    };
    for file in files.iter().step_by(step) {
        let start = Instant::now();
        match openapi(file.to_str().unwrap(), &options) {
            Ok(service) => assert!(hitchpost::openapi::openapi_v30(&service.document).is_ok()),
            Err(error) => {
                let codes: Vec<&str> = error
                    .diagnostics()
                    .iter()
                    .map(|found| &*found.code)
                    .collect();
                assert!(
                    !codes.contains(&"internal"),
                    "{}: {error:?}",
                    file.display()
                );
            }
        }
        // A bound of steps ends what would not end; unoptimised, they take a while.
        assert!(
            start.elapsed() < Duration::from_secs(300),
            "{}",
            file.display()
        );
    }
}

fn standard_library() -> PathBuf {
    let script = "import sysconfig; print(sysconfig.get_path('stdlib'))";
    let ran = Command::new("python3")
        .args(["-c", script])
        .output()
        .unwrap();
    String::from_utf8(ran.stdout).unwrap().trim().into()
}

fn python_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let kind = entry.file_type().unwrap();
        if kind.is_dir() {
            python_files(&path, files);
        } else if kind.is_file() && path.extension().is_some_and(|ending| ending == "py") {
            files.push(path);
        }
    }
}
