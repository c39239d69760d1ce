//! Files are read before they are asked for, and that shows in nothing but time.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hitchpost_schema_gen::{Analysis, Entry, MemoryTree, Options, SourceTree, analyse};

const FILES: &[(&str, &str)] = &[
    ("src/app/__init__.py", ""),
    (
        "src/app/main.py",
        "from typing import TYPE_CHECKING\n\
         from fastapi import FastAPI\n\
         from . import many, settings\n\
         from .routers import items, users\n\
         if TYPE_CHECKING:\n    from .types_only import Never\n\
         try:\n    import app.extra.more\nexcept ImportError:\n    import app.fallback\n\
         app = FastAPI(title=settings.TITLE)\n\
         app.include_router(items.router)\n\
         app.include_router(users.router)\n",
    ),
    ("src/app/settings.py", "TITLE = 'Ahead'\n"),
    ("src/app/routers/__init__.py", ""),
    (
        "src/app/routers/items.py",
        "from fastapi import APIRouter\nfrom ..models import Item\nrouter = APIRouter()\n\
         @router.get('/items')\ndef items() -> list[Item]: ...\n",
    ),
    (
        "src/app/routers/users.py",
        "from fastapi import APIRouter\nfrom app.models import User\nrouter = APIRouter()\n\
         @router.get('/users')\ndef users() -> list[User]: ...\n",
    ),
    (
        "src/app/models.py",
        "from pydantic import BaseModel\n\
         class Item(BaseModel):\n    name: str\n\
         class User(BaseModel):\n    items: list[Item]\n",
    ),
    ("src/app/extra/__init__.py", ""),
    ("src/app/extra/more.py", "X = 1\n"),
    (
        "src/app/fallback.py",
        "raise RuntimeError('never imported')\n",
    ),
    ("src/app/types_only.py", "class Never: ...\n"),
];

/// How a tree answers before it is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Peek {
    /// Not at all.
    Never,
    /// Before a file is read that is asked for early.
    First,
    /// With what the file was before.
    Outdated,
}

struct Watched {
    files: MemoryTree,
    peek: Peek,
    read: Mutex<Vec<String>>,
    peeked: Mutex<BTreeSet<String>>,
}

impl SourceTree for Watched {
    fn read(&self, path: &str) -> Result<Option<Arc<str>>, String> {
        if self.peek == Peek::First && path.ends_with("settings.py") {
            // What is imported later, and by what is imported later, is ready by then.
            let is_ahead = || {
                let peeked = self.peeked.lock().unwrap();
                peeked.contains("src/app/models.py")
            };
            let give_up = Instant::now() + Duration::from_secs(30);
            while !is_ahead() && Instant::now() < give_up {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        let mut read = self.read.lock().map_err(|error| error.to_string())?;
        if !read.iter().any(|it| it == path) {
            read.push(path.to_owned());
        }
        self.files.read(path)
    }

    fn is_folder(&self, path: &str) -> bool {
        self.files.is_folder(path)
    }

    fn peek(&self, path: &str) -> Option<Arc<str>> {
        let text = self.files.read(path).ok().flatten()?;
        self.peeked.lock().ok()?.insert(path.to_owned());
        match self.peek {
            Peek::Never => None,
            Peek::First => Some(text),
            Peek::Outdated => Some(Arc::from("raise RuntimeError('outdated')\n")),
        }
    }
}

/// Modules enough that reading ahead begins.
fn many() -> Vec<(String, String)> {
    let numbers = 0..60;
    let imports = numbers
        .clone()
        .map(|number| format!("from . import m{number}\n"));
    let mut files = vec![("src/app/many/__init__.py".to_owned(), imports.collect())];
    files
        .extend(numbers.map(|number| (format!("src/app/many/m{number}.py"), "X = 1\n".to_owned())));
    files
}

fn analysed(peek: Peek) -> (Analysis, Vec<String>, BTreeSet<String>) {
    let many = many();
    let tree = Watched {
        files: FILES
            .iter()
            .copied()
            .chain(
                many.iter()
                    .map(|(path, text)| (path.as_str(), text.as_str())),
            )
            .collect(),
        peek,
        read: Mutex::default(),
        peeked: Mutex::default(),
    };
    let options = Options {
        roots: vec!["src".to_owned()],
        ..Options::default()
    };
    let analysis = analyse(&tree, &Entry::parse("app.main:app"), &options);
    (
        analysis,
        tree.read.into_inner().unwrap(),
        tree.peeked.into_inner().unwrap(),
    )
}

#[test]
fn nothing_depends_on_it() {
    let (expected, read, _) = analysed(Peek::Never);
    let document = expected.document.as_ref().unwrap();
    assert_eq!(document["info"]["title"], "Ahead");
    assert_eq!(document["paths"].as_object().unwrap().len(), 2);
    assert!(
        expected.diagnostics.is_empty(),
        "{:?}",
        expected.diagnostics
    );
    for peek in [Peek::First, Peek::Outdated] {
        let (found, read_too, peeked) = analysed(peek);
        assert_eq!(found.document, expected.document);
        assert_eq!(found.diagnostics, expected.diagnostics);
        assert_eq!(found.stats.files, expected.stats.files);
        assert_eq!(read_too, read, "the same questions, in the same order");
        if peek == Peek::First {
            assert!(peeked.contains("src/app/models.py"), "{peeked:?}");
        }
        assert!(!peeked.contains("src/app/types_only.py"), "{peeked:?}");
    }
}

#[test]
fn imports_are_bounded() {
    let deep = vec!["a"; 3_000].join(".");
    let names: Vec<String> = (0..20_000).map(|number| format!("n{number}")).collect();
    let source = format!(
        "from fastapi import FastAPI\napp = FastAPI()\ntry:\n    import {deep}\nexcept ImportError:\n    pass\n\
         try:\n    from package import {}\nexcept ImportError:\n    pass\n",
        names.join(", ")
    );
    let tree: MemoryTree = [
        ("src/main.py", &*source),
        ("src/package/__init__.py", "X = 1\n"),
    ]
    .into_iter()
    .collect();
    let options = Options {
        roots: vec!["src".to_owned()],
        ..Options::default()
    };
    let analysis = analyse(&tree, &Entry::parse("main:app"), &options);
    assert!(analysis.document.is_some(), "{:?}", analysis.diagnostics);
}

#[test]
fn it_ends_with_the_analysis() {
    let many: String = (0..5_000)
        .map(|number| format!("    import nowhere{number}.module\n"))
        .collect();
    let source = format!(
        "from fastapi import FastAPI\napp = FastAPI()\ntry:\n{many}except ImportError:\n    pass\n"
    );
    let tree: MemoryTree = [("src/main.py", source.as_str())].into_iter().collect();
    let options = Options {
        roots: vec!["src".to_owned()],
        ..Options::default()
    };
    let analysis = analyse(&tree, &Entry::parse("main:app"), &options);
    assert!(analysis.document.is_some(), "{:?}", analysis.diagnostics);
}
